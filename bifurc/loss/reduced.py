"""The loss on a fixed-point subspace, its gradient and its Hessian.

Every row of W and of V is beta, and sigma more at its own point. Both parts
stand side by side in one small matrix, (rows, 2 columns) over *blocks*, and
what a row k is to a row i is known for the two places where it can be: at
another point (0) and at the same one (1). Then all inner products are

    <w_i, w_k> = (beta, sigma)_i . reach_k,

and sums over all rows, the sizes of the blocks being their weights, are

    sum over k of h(i, k) = h_i . count,    sum over k of h(i, k) w_k = h_i . pull,

each a product of small matrices, so the cost does not depend on d, and
nothing is divided by a size. What cancels is subtracted before it is
multiplied, so that these formulas serve interval arithmetic too.

Every function takes leading batch axes, and arrays or
:class:`~bifurc.loss.series.Series`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.loss.bias import Biases
from bifurc.loss.frame import Frame
from bifurc.loss.series import leading
from bifurc.loss.shapes import across, exchanged, joined, transpose, two_places, with_excess

REAL = 1 + 1e-9  # of |w|²|v|², what <w, v>² does not exceed: above it the angle is not real


class Rows:
    """All rows of student and teacher, students first, at a batch of points.

    Parameters
    ----------
    kernel : see :mod:`bifurc.loss.kernels`
    entries : shape (..., rows, 2 columns)
        beta of each row over the columns, then sigma.
    sizes, columns : shape (..., rows), (..., columns)
        Sizes of the row and column blocks.
    frame : Frame
    spring : Spring, optional
        The term mu/2 |W - c|².
    signs : shape (..., rows), optional
        Second-layer weights that are given, where they are not those of the frame.

    Attributes
    ----------
    reach : the rows as others see them, shape (..., 2 rows, 2 columns)
    inner : <w_i, w_k> for rows at different and at the same point; (..., rows, rows, 2)
    norms : |w_i|², shape (..., rows)
    """

    def __init__(self, kernel, entries, sizes, columns, frame: Frame, spring=None, signs=None):
        self.kernel, self.entries, self.frame = kernel, entries, frame
        self.spring = spring
        self.sizes, self.columns = sizes, columns
        self.weights = frame.weights(entries)
        # second-layer weights, the teacher's negated
        self.signs = frame.signs if signs is None else signs
        if frame.alpha is not None:
            self.signs = entries[..., frame.alpha] + self.signs
        self.outer = self.signs[..., None]
        fixed, forms = frame.forms(self.weights)
        self.forms = self.outer * forms
        self.reach = frame.reach(fixed, self.weights[..., : frame.columns], columns)
        self.inner = two_places(self.weights @ transpose(self.reach))
        # no rounding may part |w|² from <w, w>
        self.norms = self.inner[..., 1].diagonal(0, -2, -1)
        self.biases: Any = None
        if frame.bias is not None:
            self.norms = self.norms + frame.idle
            b = entries[..., frame.bias]
            self.biases = Biases(b, kernel, self.norms, sizes, self.signs, frame)

    @property
    def beta(self):
        """The constant part of each row; shape (..., rows, columns)."""
        return self.entries[..., : self.frame.columns]

    @property
    def sigma(self):
        """What each row has on top at its own point; shape (..., rows, columns)."""
        return self.entries[..., self.frame.columns :]

    @cached_property
    def arguments(self):
        """(p, q, c), and both biases, as the kernel takes them.

        Where a set is one point no row stands at another one. Such a row counts no
        times, and must be finite for that: its angle to others need not be real, and
        is taken as none then.
        """
        each = self.frame.each
        p = self.norms[..., :, None, None] * each
        q, c = exchanged(p), self.inner
        if self.alone.any():
            unreal = leading(c) ** 2 > REAL * leading(p) * leading(q)
            nowhere = self.alone[..., None, :, None] * [True, False] & unreal
            c = c * ~nowhere + np.sqrt(p * q) * nowhere
        if self.biases is None:
            return p, q, c
        b = self.biases.b[..., :, None, None] * each
        return p, q, c, b, exchanged(b)

    @cached_property
    def alone(self) -> np.ndarray:
        """Which rows are the only one of a set that may be larger, in doubles; (..., rows)."""
        sizes = leading(self.sizes)
        doubles = isinstance(sizes, np.ndarray) and sizes.dtype == float
        return self.frame.many & (sizes == 1.0) if doubles else np.zeros(1, bool)

    @cached_property
    def first(self):
        """(f_p, f_c), and f_b with biases, each (..., students, rows, 2)."""
        return [self.of_students(value) for value in self.kernel.gradient(*self.arguments)]

    @cached_property
    def second(self):
        """(f_pp, f_pq, f_pc, f_qc, f_cc), each (..., students, rows, 2).

        With biases also (f_pb, f_pb', f_qb, f_cb, f_cb'); f_bb = 2 f_p and f_bb' = f_c.
        Ask for it before :attr:`first` where both are needed: a kernel may
        share the work.
        """
        if hasattr(self.kernel, "derivatives"):
            first, second = self.kernel.derivatives(*self.arguments)
            self.first = [self.of_students(value) for value in first]
        else:
            second = self.kernel.hessian(*self.arguments)
        f_pp, f_pq, f_pc, f_cc, *of_bias = second
        found = [f_pp, f_pq, f_pc, exchanged(f_pc), f_cc]
        if of_bias:
            f_pb, f_po, f_cb = of_bias
            found += [f_pb, f_po, exchanged(f_po), f_cb, exchanged(f_cb)]
        return [self.of_students(value) for value in found]

    def of_students(self, pairs):
        """The part of pairs of rows whose first one is the student's."""
        return pairs[..., : self.frame.students, :, :]

    @cached_property
    def own(self):
        """beta and sigma of the student's weights."""
        return self.weights[..., : self.frame.students, :]

    @cached_property
    def drawn(self):
        """beta and sigma of what decay draws to its centre."""
        return self.frame.drawn(self.entries)

    @cached_property
    def count(self):
        """Signed numbers of rows, see :class:`Frame`."""
        return self.frame.count(self.outer, self.sizes)

    @cached_property
    def pull(self):
        """Rows as they enter sums over rows, see :class:`Frame`."""
        return self.frame.pull(self.forms, self.sizes)

    @property
    def energies(self) -> list:
        """The terms of the loss that are not of pairs of rows, each (...)."""
        terms = [] if self.spring is None else [self.spring.energy(self)]
        return terms if self.biases is None else terms + self.biases.energies

    @property
    def energy(self):
        """Their sum."""
        return sum(self.energies)

    @cached_property
    def self_coupling(self):
        """2 sum_k signs_k f_p(i, k) over all rows k; shape (..., students, 1)."""
        coupling = 2.0 * self.summed(self.first[0])
        return coupling if self.biases is None else coupling + 2.0 * self.biases.pull

    def summed(self, pairs):
        """sum_k signs_k h(i, k) over all rows k; shape (..., students, 1)."""
        weighed = pairs * two_places(transpose(self.count))
        # block by block, so that equal rows of student and teacher cancel to the last bit
        return (weighed[..., 0] + weighed[..., 1]).sum(-1)[..., None]

    @cached_property
    def coupling(self):
        """f_c as it goes with :attr:`pull`; shape (..., students, 3 rows)."""
        return with_excess(self.first[1])

    @cached_property
    def apart(self):
        """f_c of a row at another point; shape (..., students, rows)."""
        return self.first[1][..., 0]

    @cached_property
    def excess(self):
        """What f_c of the row at the same point has over the others."""
        return self.first[1][..., 1] - self.apart

    @property
    def outer_weight(self):
        """The weight in front of each row's gradient, (..., students, 1)."""
        return self.outer[..., : self.frame.students, :]

    @cached_property
    def pulled(self):
        """The gradient of each row, its output weight apart; (..., students, 2 columns)."""
        force = self.self_coupling * self.own + self.coupling @ self.pull
        return (
            force if self.biases is None else force + self.biases.force(self.summed(self.first[2]))
        )

    @cached_property
    def values(self):
        """f, (..., students, rows, 2)."""
        return self.of_students(self.kernel.value(*self.arguments))

    @cached_property
    def response(self):
        """The gradient in the output weights: sum_k signs_k f(i, k), and what biases add."""
        found = self.summed(self.values)
        return found if self.biases is None else found + self.biases.response

    def value_change(self, p, q, c, *biases):
        """Change of :attr:`values`, as :meth:`first_change` is of :attr:`first`."""
        f_p, f_c, *f_b = self.kernel.gradient(*self.arguments)
        f_p, f_q, f_c = map(self.of_students, (f_p, exchanged(f_p), f_c))
        change = f_p * p + f_q * q + f_c * c
        for b, f_b_or_o in zip(biases, (f_b[0], exchanged(f_b[0])) if f_b else (), strict=True):
            change = change + self.of_students(f_b_or_o) * b
        return change

    def first_change(self, p, q, c, *biases):
        """Change of :attr:`first` when p, q, c and both biases change by these amounts."""
        f_pp, f_pq, f_pc, f_qc, f_cc, *of_bias = self.second
        f_p, f_c = f_pp * p + f_pq * q + f_pc * c, f_pc * p + f_qc * q + f_cc * c
        if not biases:
            return f_p, f_c
        (b, o), (f_pb, f_po, f_qb, f_cb, f_co) = biases, of_bias
        f_b = f_pb * p + f_qb * q + f_cb * c + 2.0 * self.first[0] * b + self.first[1] * o
        return f_p + f_pb * b + f_po * o, f_c + f_cb * b + f_co * o, f_b


def loss(rows: Rows):
    """L = 1/2 sum over all pairs of rows of signs times f; shape (...)."""
    pairs = (joined(rows.kernel.value(*rows.arguments)) @ rows.count)[..., 0]
    return 0.5 * (pairs * rows.signs * rows.sizes).sum(-1) + rows.energy


def loss_terms(rows: Rows) -> np.ndarray:
    """The terms that :func:`loss` sums up, by blocks and places; shape (..., terms)."""
    pairs = joined(rows.kernel.value(*rows.arguments)) * transpose(rows.count)
    terms = 0.5 * (rows.signs * rows.sizes)[..., None] * pairs
    terms = terms.reshape(*terms.shape[:-2], -1)
    extra = [value[..., None] for value in rows.energies]
    return np.concatenate([terms, *extra], axis=-1) if extra else terms


def gradient(rows: Rows):
    """(beta, sigma) of the full gradient, shape (..., students, 2 columns).

    With G = dL/dW one has G_i = signs_i sum_k signs_k (2 f_p w_i + f_c w_k).
    """
    force = rows.outer_weight * rows.pulled
    if rows.frame.output is not None:
        force = force + rows.biases.output_force
    if rows.frame.alpha is not None:
        force = force + rows.response * rows.frame.at_alpha
    return force if rows.spring is None else force + rows.spring.force(rows)


@dataclass(frozen=True, eq=False)
class Moves:
    """Directions in which all rows, the teacher's included, and the sizes may change.

    Parameters
    ----------
    frame : Frame
    entries : ndarray, shape (directions, rows, 2 columns)
    sizes, columns : ndarray, shape (rows,), (columns,)
        Change of the sizes of the row and column blocks,
    share : ndarray, shape (directions,)
        and how much of it there is along each direction.
    signs : ndarray, shape (rows,), optional
        Change of second-layer weights that are given, as that of the sizes.
    """

    frame: Frame
    entries: Any
    sizes: Any
    columns: Any
    share: np.ndarray
    signs: Any = None

    @cached_property
    def forms(self):
        """See :meth:`Frame.forms`."""
        return self.frame.forms(self.weights)[1]

    @cached_property
    def weights(self):
        """The entries without the biases."""
        return self.frame.weights(self.entries)

    @cached_property
    def biases(self):
        """Change of the biases, (directions, rows)."""
        return self.entries[..., self.frame.bias]

    @cached_property
    def outer(self):
        """Change of the output weights, (directions, rows, 1); None where they are as they are."""
        found = None if self.signs is None else self.share[:, None, None] * self.signs[:, None]
        if self.frame.alpha is None:
            return found
        own = self.entries[..., self.frame.alpha, None]
        return own if found is None else own + found

    def pulled(self, rows: Rows):
        """What :attr:`Rows.pulled` changes by with :attr:`Rows.pull`."""
        more = self.frame.pull_of_more(rows.forms, self.sizes)
        return rows.coupling @ self.pull(rows) + self.share[:, None, None] * (rows.coupling @ more)

    def pull(self, rows: Rows):
        """Change of :attr:`Rows.pull` at fixed sizes."""
        forms = rows.outer * self.forms
        if self.outer is not None:
            forms = forms + self.outer * self.frame.forms(rows.weights)[1]
        return self.frame.pull(forms, rows.sizes)

    @cached_property
    def _more(self):
        """How much more there is of rows, with the second-layer weights of the frame."""
        return self.frame.count_of_more(self.frame.signs[:, None], self.sizes)

    def counted(self, rows: Rows, pairs):
        """Change of the sum over k of signs_k h(i, k) with the number of rows and their signs."""
        usual = rows.signs is self.frame.signs
        more = self._more if usual else self.frame.count_of_more(rows.outer, self.sizes)
        change = self.share[:, None, None] * (joined(pairs) @ more)
        if self.outer is not None:
            change = change + joined(pairs) @ self.frame.count(self.outer, rows.sizes)
        return change


def gradient_change(rows: Rows, moves: Moves, first=None, value=None):
    """Change of :func:`gradient` when the rows and the sizes change.

    Parameters
    ----------
    rows : Rows
        With an axis of length 1 where the directions stand.
    moves : Moves
    first, value : arrays, shape (..., directions, rows, rows, 2), optional
        Change of (f_p, f_c), and of f, at fixed rows, from a kernel parameter.
    """
    frame, entries = rows.frame, moves.weights
    own_entries = entries[:, : frame.students]
    along, wider, norms = products_change(rows, moves)
    inner = rows.of_students(along) + rows.of_students(exchanged(along))
    inner = inner + rows.of_students(wider[..., None])
    p, q = norms[..., : frame.students, None, None], norms[..., None, :, None]
    changes = rows.first_change(p, q, inner, *_of_pairs(rows, moves))
    if first is not None:
        changes = [f + rows.of_students(more) for f, more in zip(changes, first, strict=True)]
    f_p, f_c, *f_b = changes
    own = across(joined(f_p), rows.count) + moves.counted(rows, rows.first[0])
    others = across(with_excess(f_c), rows.pull) + moves.pulled(rows)
    if f_b:
        turn = across(joined(f_b[0]), rows.count) + moves.counted(rows, rows.first[2])
        pulled, forces = rows.biases.change(turn, norms, moves)
        own, others = own + pulled, others + forces
    own = 2.0 * own * rows.own + rows.self_coupling * own_entries
    change = rows.outer_weight * (own + others)
    if frame.output is not None:
        change = change + rows.biases.output_change(norms, moves)
    if moves.outer is not None:
        change = change + moves.outer[:, : frame.students] * rows.pulled
    if frame.alpha is not None:
        of_value = rows.value_change(p, q, inner, *_of_pairs(rows, moves))
        if value is not None:
            of_value = of_value + rows.of_students(value)
        response = across(joined(of_value), rows.count) + moves.counted(rows, rows.values)
        if rows.biases is not None:
            response = response + rows.biases.response_change(norms, moves)
        change = change + response * frame.at_alpha
    return change if rows.spring is None else change + rows.spring.change(rows, moves)


def products_change(rows: Rows, moves: Moves) -> tuple:
    """Change of inner products by the first row, and by wider columns; change of |w_i|²."""
    along = two_places(across(moves.weights, transpose(rows.reach)))
    wider = (rows.beta * moves.columns) @ transpose(rows.beta)
    wider = moves.share[:, None, None] * wider
    return along, wider, 2.0 * along[..., 1].diagonal(0, -2, -1) + wider.diagonal(0, -2, -1)


def _of_pairs(rows: Rows, moves: Moves) -> tuple:
    """Change of both biases of pairs of rows; none without biases."""
    if rows.biases is None:
        return ()
    b = moves.biases
    return b[..., : rows.frame.students, None, None], b[..., None, :, None]
