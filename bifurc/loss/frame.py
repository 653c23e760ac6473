"""What a structure has to say to sums over points: who sees whom, and how often."""

import numpy as np

from bifurc.loss.shapes import ELSEWHERE, SAME, regrouped

# Which parts (beta, sigma) of a row k a row i sees, at another point and at the
# same one: reach_k = (n beta + sigma, beta), (n beta + sigma, beta + sigma).
# What it gets from all of block k through h(i, k): the row's parts with h at
# other points, with h at the same one, and with what that one has more:
# pull_k = ((n_k - 1) beta + sigma, 0), (beta, 0), (0, sigma).
REACH = np.array([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 1.0]])
REACH_BY_SIZE = np.array([[1.0, 0.0, 1.0, 0.0]])
PULL = np.array([[0.0, 0.0, 1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]])
PULL_BY_SIZE = np.array([[1.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])


class Frame:
    """What sums over points need to know of a structure, whatever its sizes.

    Parameters
    ----------
    signs : ndarray, shape (rows,)
        Second-layer weights, the teacher's negated.
    columns : int
        Number of column blocks.
    students : int
        Number of row blocks of the student: derivatives are theirs alone.
    many : ndarray of bool, shape (rows,)
        Whether a row is one of a set that may be more than a point.
    bias, output, alpha : int, optional
        The column of biases, the row that holds the output's, and the column of
        output weights that are trained; see :mod:`bifurc.loss.bias` and
        :class:`Outer`.
    """

    def __init__(
        self, signs: np.ndarray, columns: int, students: int, many, bias=None, output=None,
        alpha=None,
    ):  # fmt: skip
        self.signs, self.columns, self.many = signs, columns, many
        self.students, self.bias, self.output, self.alpha = students, bias, output, alpha
        self.at_bias = np.arange(2 * columns) == bias  # beta of the column of biases
        self.at_alpha = 1.0 * (np.arange(2 * columns) == alpha)
        self.beside = np.isin(np.arange(2 * columns), [c for c in (bias, alpha) if c is not None])
        self._whole = bias is None and alpha is None
        self.each = np.ones((len(signs), 2))  # of pairs of a row with all others
        self.at_output = np.outer(np.arange(students) == output, self.at_bias) * 1.0
        self.idle = (np.arange(len(signs)) == output) * 1.0  # no weights: any length will do
        self._forms = np.kron(np.hstack([REACH, PULL, PULL_BY_SIZE]), np.eye(columns))
        self._reach_by_size = np.kron(REACH_BY_SIZE, np.eye(columns))
        self._cuts = np.s_[..., : 4 * columns], np.s_[..., 4 * columns :]
        self._halves = np.s_[..., : 6 * columns], np.s_[..., 6 * columns :]

    def weights(self, entries):
        """Rows without their biases and output weights."""
        return entries if self._whole else entries * ~self.beside

    def drawn(self, entries):
        """What decay draws to its centre: rows of the student without their biases."""
        own = entries[..., : self.students, :]
        return own if self.bias is None else own * ~self.at_bias

    def forms(self, entries):
        """What is linear in the entries of rows: their reach, and their pull, sizes apart."""
        reach, pull = self._cuts
        forms = entries @ self._forms
        return forms[reach], forms[pull]

    def reach(self, fixed, beta, columns):
        """Rows as others see them; shape (..., 2 rows, 2 columns)."""
        return regrouped(fixed + (beta * columns[..., None, :]) @ self._reach_by_size, 2)

    def pull(self, forms, sizes):
        """Rows as they enter sums over rows; shape (..., 3 rows, 2 columns)."""
        fixed, by_size = self._halves
        return regrouped(forms[fixed] + (sizes - 1.0)[..., None] * forms[by_size], 3)

    def pull_of_more(self, forms, more):
        """Change of :meth:`pull` with the sizes."""
        return regrouped(more[..., None] * forms[self._halves[1]], 3)

    def count(self, outer, sizes):
        """Signed numbers of rows at both places; shape (..., 2 rows, 1)."""
        return self.count_of_more(outer, sizes - 1.0) + regrouped(outer * SAME, 2)

    def count_of_more(self, outer, more):
        """Change of :meth:`count` with the sizes."""
        return regrouped(outer * (more[..., None] * ELSEWHERE), 2)
