"""``python -m bifurc``."""

from bifurc.cli.main import main

raise SystemExit(main())
