"""A group as plain data: by its name or its generators, as case files write it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bifurc import groups

MAKERS = ("symmetric", "cyclic", "dihedral", "permutations", "matrices")


def group_from(spec: Mapping[str, Any]):
    """A group as a case file names it, such as ``{dihedral = 6}``.

    Raises
    ------
    ValueError
        If there is no such kind of group.
    """
    if len(spec) != 1 or next(iter(spec)) not in MAKERS:
        raise ValueError(f"A group is one of {', '.join(MAKERS)}, such as {{ dihedral = 6 }}.")
    ((name, value),) = spec.items()
    arrays = [np.array(one) for one in value] if isinstance(value, list) else value
    return getattr(groups, name)(arrays)


def group_spec(group: Any) -> dict[str, Any]:
    """The group by its generators, as :func:`group_from` takes it."""
    listed = [np.asarray(one).tolist() for one in group.generators] or [list(range(group.n))]
    permuting = all(np.ndim(one) == 1 for one in listed)
    return {"permutations" if permuting else "matrices": listed}
