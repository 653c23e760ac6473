"""Biases: one more column of W, and the neuron that is always 1.

The bias of a row is its weight on an input that is always 1, so it stands in
W as one more column, which inner products leave out and kernels get by
itself. The bias of the output is the weight of a neuron that is always 1, the
entry in this column of one more row. With M(p, b) = E[phi(X)], X ~ N(b, p), it adds

    beta²/2 + beta T,   T = sum over all rows of signs M

to the loss. The other neurons feel it as they feel each other: signs f_p and
signs f_b, summed over the rows, have beta M_p and beta M_b on top.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, eq=False)
class Biases:
    """The biases of all rows at a batch of points.

    Parameters
    ----------
    b : shape (..., rows)
        That of the output stands at its own row.
    kernel : object
        Of five arguments, with ``mean(p, b)``.
    norms, sizes, signs : shape (..., rows)
    frame : Frame
    """

    b: Any
    kernel: Any
    norms: Any
    sizes: Any
    signs: Any
    frame: Any

    @cached_property
    def beta(self):
        """The bias of the output, (..., 1); 0 if there is none."""
        output = self.frame.output
        return 0.0 if output is None else self.b[..., output : output + 1]

    @cached_property
    def means(self):
        """(M, M_p, M_b, M_pp, M_pb), each (..., rows); M_bb = 2 M_p."""
        return self.kernel.mean(self.norms, self.b)

    @cached_property
    def total(self):
        """T, (...)."""
        return (self.signs * self.sizes * self.means[0]).sum(-1)

    @property
    def energies(self) -> list:
        """What the output's bias adds to the loss, each (...)."""
        if self.frame.output is None:
            return []
        beta = self.beta[..., 0]
        return [0.5 * beta * beta, beta * self.total]

    @cached_property
    def pull(self):
        """beta M_p of the student's rows, (..., students, 1)."""
        return 0.0 if self.frame.output is None else self.of_students(self.beta * self.means[1])

    def of_students(self, rows):
        """The student's part of something of all rows, as a column."""
        return rows[..., : self.frame.students, None]

    def force(self, summed):
        """The gradient in the biases of neurons, output weights apart; (..., students, 2 columns).

        ``summed`` is the sum of f_b over the rows.
        """
        if self.frame.output is not None:
            summed = summed + self.of_students(self.beta * self.means[2])
        return summed * (1.0 * self.frame.at_bias)

    @property
    def output_force(self):
        """The gradient in the output's bias, (..., students, 2 columns)."""
        return (self.beta[..., 0] + self.total)[..., None, None] * self.frame.at_output

    @property
    def response(self):
        """What the output's bias adds to the gradient in the output weights, beta M."""
        return 0.0 if self.frame.output is None else self.of_students(self.beta * self.means[0])

    def mean_changes(self, norms, b):
        """Changes of (M, M_p, M_b) when the norms and biases of rows change."""
        _, M_p, M_b, M_pp, M_pb = self.means
        return M_p * norms + M_b * b, M_pp * norms + M_pb * b, M_pb * norms + 2.0 * M_p * b

    def change(self, turn, norms, moves):
        """Changes along directions that go with the weights of each row, and into its bias.

        Parameters
        ----------
        turn : shape (..., directions, students, 1)
            Change of the sum of f_b over the rows.
        norms : shape (..., directions, rows)
            Change of the norms.
        moves : Moves
        """
        pulled = 0.0
        if self.frame.output is not None:
            b = moves.biases
            d_beta = b[..., self.frame.output, None]
            _, M_p, M_b, _, _ = self.means
            _, d_p, d_b = self.mean_changes(norms, b)
            pulled = self.of_students(d_beta * M_p + self.beta * d_p)
            turn = turn + self.of_students(d_beta * M_b + self.beta * d_b)
        return pulled, turn * (1.0 * self.frame.at_bias)

    def output_change(self, norms, moves):
        """Change of the gradient in the output's bias, (..., directions, students, 2 columns)."""
        frame, b, share = self.frame, moves.biases, moves.share[:, None]
        change, _, _ = self.mean_changes(norms, b)
        counted = self.sizes * change + share * moves.sizes * self.means[0]
        total = self.signs * counted
        if moves.outer is not None:
            total = total + moves.outer[..., 0] * self.sizes * self.means[0]
        own = b[..., frame.output] + total.sum(-1)
        return own[..., None, None] * frame.at_output

    def response_change(self, norms, moves):
        """Change of :attr:`response` along directions."""
        if self.frame.output is None:
            return 0.0
        d_beta = moves.biases[..., self.frame.output, None]
        change, _, _ = self.mean_changes(norms, moves.biases)
        return self.of_students(d_beta * self.means[0] + self.beta * change)

    def turned(self, norms, b) -> tuple:
        """What beta adds to sums of changes of (f, f_p, f_b) in the irrep s, where it is fixed."""
        if self.frame.output is None:
            return 0.0, 0.0, 0.0
        changes = self.mean_changes(norms, b)
        return tuple(self.of_students(self.beta * change) for change in changes)
