"""Terms that pull weights to where they are to be."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bifurc.loss.reduced import Moves, Rows


@dataclass(frozen=True, eq=False)
class Spring:
    """The term mu/2 |W - c|²: decay of weights, a multiplier, a distance from a point.

    In (beta, sigma) its gradient is mu times what the rows are off, as they are.

    Parameters
    ----------
    stiffness : shape (..., 1, 1, 1)
        mu, with the axis of directions.
    rest : shape (..., 1, students, 2 columns)
        beta and sigma of c.
    more, moved : shape (), (students, 2 columns)
        How both change with ``lam``.
    """

    stiffness: Any
    rest: Any
    more: Any
    moved: Any

    def energy(self, rows: "Rows"):
        """The term itself, (...): the squares of all entries behind the blocks."""
        off, n = rows.drawn - self.rest, rows.frame.columns
        beta, sigma = off[..., :n], off[..., n:]
        columns = (rows.columns + rows.frame.at_alpha[:n])[..., None, :]
        squares = columns * beta * beta + (2.0 * beta + sigma) * sigma
        weighed = squares.sum(-1) * rows.sizes[..., : rows.frame.students]
        return 0.5 * self.stiffness[..., 0, 0] * weighed.sum(-1)

    def force(self, rows: "Rows"):
        """Its gradient, (..., students, 2 columns)."""
        return self.stiffness * (rows.drawn - self.rest)

    def change(self, rows: "Rows", moves: "Moves"):
        """Change of :meth:`force` along directions."""
        own, share = rows.frame.drawn(moves.entries), moves.share[:, None, None]
        along = self.stiffness * (own - share * self.moved)
        return along + share * self.more * (rows.drawn - self.rest)
