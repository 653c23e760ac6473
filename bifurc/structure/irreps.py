"""The irreps that can carry the kernel of a Hessian, at real sizes.

For P = t + s, the permutation representation of S_n, the space of weight
matrices is a sum of products P ⊗ P = 2t + 3s + x + y and
P_a ⊗ P_b = t + s_a + s_b + s_a⊗s_b. No other irrep occurs, and each dimension
is a polynomial in the sizes: at real sizes a multiplicity is a real number.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bifurc.structure.polynomial import Polynomial

# dimension of each irrep that lives on one set of n points
_DIMENSIONS = {
    "t": lambda *n: Polynomial.of(1),
    "k": lambda *n: Polynomial.of(1),
    "s": lambda n: n - 1,
    "x": lambda n: (n - 1) * (n - 2) / 2,
    "y": lambda n: n * (n - 3) / 2,
}


class Component(NamedTuple):
    """All copies of one irrep of a product of symmetric groups, at real sizes.

    The Hessian acts here as a copies × copies block; each of its eigenvalues
    counts ``dimension`` times in the full Hessian.

    >>> n = Polynomial.parse("d - 1")
    >>> s, x = Component.on("s", 5, {"bulk": n}), Component.on("x", 1, {"bulk": n})
    >>> print(s, x, sep=" ⊕ ")
    5·s[bulk] ⊕ 1·x[bulk]
    >>> print(s.dimension, x.dimension, sep="; ")
    d - 2; (d² - 5·d + 6)/2
    """

    irrep: str  # t, s, x, y, sxs; k: breaks a finite group of ties alone
    sets: tuple[str, ...]  # the point set; two for sxs; none for t, k
    copies: int
    dimension: Polynomial
    least: float = 0.0  # smallest dimension at which all copies are independent

    @classmethod
    def on(
        cls,
        irrep: str,
        copies: int,
        sizes: Mapping[str, Polynomial] | None = None,
        least: float = 0.0,
    ) -> "Component":
        """The component of ``irrep`` on the point sets with these sizes."""
        sizes = sizes or {}
        if irrep == "sxs":
            one, other = sizes.values()
            dimension = (one - 1) * (other - 1)
        else:
            dimension = _DIMENSIONS[irrep](*sizes.values())
        return cls(irrep, tuple(sizes), copies, dimension, least)

    def __hash__(self) -> int:
        return hash((self.irrep, self.sets, self.copies))

    def exists(self, parameters: Mapping[str, float]) -> bool:
        """Whether the irrep has a positive dimension there.

        On P ⊗ P of a set of fewer than two points the copies of s are not
        independent (dimension below ``least``); then they are formal too.
        """
        dimension = self.dimension(**parameters)
        return dimension > 1e-9 and dimension >= self.least - 1e-9

    @property
    def points(self) -> str:
        """The point sets as they are written: two joined by a comma for sxs."""
        return ",".join(self.sets)

    @property
    def label(self) -> str:
        """The irrep with its sets, as in ``s[bulk]``."""
        return f"{self.irrep}[{self.points}]" if self.points else self.irrep

    def __repr__(self) -> str:
        return f"{self.copies}·{self.label}"

    def __str__(self) -> str:
        return repr(self)
