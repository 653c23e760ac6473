"""Things that a user names by where they are written: ``module:name`` or ``model.py:name``."""

import importlib
import importlib.util
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def imported(reference: str, folder: Path = Path()) -> Any:
    """What ``model.py:name``, a file in ``folder``, or ``module:name`` stands for.

    Raises
    ------
    ValueError
        If there is no such file or module, or no such name in it.
    """
    path, colon, name = reference.partition(":")
    if not colon or not path or not name:
        raise ValueError(f"{reference!r} is no name in a file, such as model.py:loss.")
    found = getattr(_file(folder / path) if path.endswith(".py") else _module(path), name, None)
    if found is None:
        raise ValueError(f"{path} defines no {name!r}.")
    return found


def _file(place: Path):
    if not place.is_file():
        raise ValueError(f"There is no file {place}; name it as model.py:loss.")
    spec = importlib.util.spec_from_file_location(place.stem, place.resolve())
    assert spec is not None and spec.loader is not None  # a file that is there has both
    module = importlib.util.module_from_spec(spec)
    _run(partial(spec.loader.exec_module, module), str(place))
    return module


def _module(name: str):
    return _run(partial(importlib.import_module, name), f"Module {name!r}")


def _run(load: Callable[[], Any], what: str) -> Any:
    """What ``load`` returns; whatever a user's code raises is said of the place it stands at."""
    try:
        return load()
    except (Exception, SystemExit) as error:
        log.info("%s fails", what, exc_info=True)
        said = f"{type(error).__name__}: {error}".rstrip(":. ")
        raise ValueError(f"{what} cannot be imported ({said}).") from None
