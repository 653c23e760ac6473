"""The loss itself, to all digits that there are: its large parts nearly cancel.

The loss is a sum over about d² pairs of rows and yet of order 1/d where the
student has learnt most of its teacher. For a homogeneous kernel

    f(w, v) = |w||v| (radial + linear x + share k(x)),   x the cosine of their angle,

with k even and k(0) = k'(0) = 0, the first two parts are squares of sums,

    2 L = radial P² + linear |Q|² + share sum signs |w||v| k,
    P = sum signs |w|,   Q = sum signs w,

and what cancels in P and Q does so at each point, between rows on one set: it
is taken there, from differences of entries, which are exact. The same holds
of k at a common point, where rows are nearly parallel or antiparallel and
k(1) is split off: with D = sum signs |w| over the rows at that point, k(1) D²
and |w||v| (k(x) - k(1)) are left.

A state in doubles does not hold what 1/d of 1/d² asks for: at d = 10^9 the
loss of the nearest doubles differs from that of the critical point in its
fifth digit. To second order that is -g' H^-1 g / 2, and g is the derivative
of the sums above. A state from which Newton would go further than that is no
rounded critical point: its loss is the sums themselves.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bifurc.loss import reduced
from bifurc.loss.layout import Layout
from bifurc.loss.series import ahead, parts

PER_TERM = 8 * np.finfo(float).eps  # of a term: a kernel's formula and what it is multiplied by
DIGITS = (
    1e-9  # a loss that is not known to nine digits, or nine decimals if it is zero, is not known
)
ROUNDED = 1e-7  # of a state: what Newton moves one by that is a critical point up to rounding
SINGULAR = 1e-13  # of its largest eigenvalue: below it the Hessian says nothing of a direction


@dataclass(frozen=True, eq=False)
class LossSums:
    """What the sums need to know of a structure; entries are those of rows over columns."""

    layout: Layout
    inward: tuple = field(init=False)  # coordinates to entries elsewhere, and at the own point
    tied: np.ndarray = field(init=False)  # (rows, columns), whether a row has an own point there
    pairs: np.ndarray = field(init=False)  # (rows, rows), whether two rows are on one set
    leader: list = field(init=False)  # of each set: its rows, the one first that others resemble

    def __post_init__(self):
        s, basis = self.layout.structure, self.layout.basis
        rows = [block.points for block in (*s.students, *s.teachers)]
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("inward", (basis[:, :, 0], basis.sum(axis=2)))
        put("tied", np.array([[r == c.points for c in s.inputs] for r in rows]) * 1.0)
        put("pairs", np.equal.outer(rows, rows))
        teachers = range(len(s.students), len(rows))
        groups = {r: [i for i, other in enumerate(rows) if other == r] for r in rows}
        put("leader", [sorted(g, key=lambda i: i not in teachers) for g in groups.values()])

    def entries(self, x, teacher):
        """beta and delta, what rows have elsewhere and at their own point; (..., rows, columns)."""
        own, spike = teacher[..., 0, :], teacher[..., 1, :]
        elsewhere, here = (np.tensordot(x, part, 1) for part in self.inward)
        return elsewhere + own, here + (own + spike)

    def terms(self, split, x, teacher, sizes, columns) -> list:
        """The terms of 2 L, each (...,).

        Parameters
        ----------
        split : see :meth:`bifurc.loss.kernels.ReLU.split`
        x : ndarray, shape (..., n), real or moved by an imaginary step
        teacher : ndarray, shape (..., rows, 2, columns)
        sizes, columns : ndarrays, shape (..., rows), (..., columns)
        """
        beta, delta = self.entries(x, teacher)
        signs, tied = self.layout.signs, self.tied
        rest = columns[..., None, :] - tied  # columns at other points
        lengths = np.sqrt((rest * beta**2 + tied * delta**2).sum(-1))
        found, total = [], 0.0
        column_sums = (signs[:, None] * (sizes[..., None] - tied) * beta).sum(-2)
        for first, *others in self.leader:
            group = [first, *others]
            common = signs[group].sum()
            gap, column_sum = (
                common * lengths[..., first],
                common * tied[first] * delta[..., first, :],
            )
            for r in others:
                less, more = (self._with(beta, delta, r, first, side) for side in (-1.0, 1.0))
                squares = (rest[..., r, :] * less[0] * more[0] + tied[r] * less[1] * more[1]).sum(
                    -1
                )
                gap = gap + signs[r] * _over(squares, lengths[..., r] + lengths[..., first])
                column_sum = column_sum + signs[r] * tied[r] * less[1]
            column_sums = column_sums + column_sum
            total = total + sizes[..., first] * gap
            found.append(split.at_one * sizes[..., first] * gap**2)
            for i, r in enumerate(group):
                for q in group[:i]:
                    product = lengths[..., r] * lengths[..., q]
                    turned = self._turned(beta, delta, rest, lengths, r, q)
                    weight = -2.0 * signs[r] * signs[q] * sizes[..., r]
                    found.append(weight * product * split.drop(turned))
        apart = self._apart(split, beta, delta, lengths, sizes, columns)
        found += list(np.moveaxis(apart.reshape(*apart.shape[:-2], -1), -1, 0))
        squares = split.radial * total**2, split.linear * (columns * column_sums**2).sum(-1)
        return [*squares, *(split.share * term for term in found)]

    @staticmethod
    def _with(beta, delta, r: int, q: int, side: float):
        """Sum or difference of two rows, elsewhere and at the own point."""
        return tuple(part[..., r, :] + side * part[..., q, :] for part in (beta, delta))

    def _turned(self, beta, delta, rest, lengths, r: int, q: int):
        """1 - |x| for two rows at one point, from what they differ in, or in their sum."""
        found = []
        for side in (-1.0, 1.0):
            off, spike = self._with(beta, delta, r, q, side)
            square = (rest[..., r, :] * off**2 + self.tied[r] * spike**2).sum(-1)
            square = square - (lengths[..., r] - lengths[..., q]) ** 2
            found.append(_over(square, 2.0 * lengths[..., r] * lengths[..., q]))
        least = np.where(found[0].real <= found[1].real, *found)
        return np.where(least.real > 0.0, least, 0.0)

    def _apart(self, split, beta, delta, lengths, sizes, columns):
        """signs |w||v| k of rows at different points, (..., rows, rows)."""
        other, signs, tied = beta.swapaxes(-1, -2), self.layout.signs, self.tied
        mixed = (tied * (delta - beta)) @ other
        inner = (columns[..., None, :] * beta) @ other + mixed + mixed.swapaxes(-1, -2)
        product = lengths[..., :, None] * lengths[..., None, :]
        number = sizes[..., :, None] * (sizes[..., None, :] - self.pairs)
        cosine = np.where(number == 0.0, 0.0, _over(inner, product))
        cosine = np.where(np.abs(cosine.real) < 1.0, cosine, np.sign(cosine.real))
        return np.outer(signs, signs) * number * product * split.even(cosine)


def _over(one, other):
    """The quotient; 0 where rows vanish."""
    nothing = other == 0
    return np.where(nothing, 0.0, one / np.where(nothing, 1.0, other))


def losses(problem, x: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """The loss of ``x`` (..., n), or the critical points that it rounds, to nine digits; or nan.

    The plain sum over pairs of rows, where it has them; else, of a kernel that
    can be split, that of its parts.
    """
    rows = problem.rows(x, lam)
    terms = reduced.loss_terms(rows)[..., 0, :]
    plain = known(terms.sum(-1), PER_TERM * np.abs(terms).sum(-1))
    s = problem.structure
    split = hasattr(problem.kernel, "split") and not (s.beside or s.weights_run)
    lost = np.isnan(plain)
    return np.where(lost, of_parts(problem, rows, x, lam), plain) if split and lost.any() else plain


def of_parts(problem, rows, x: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """:func:`losses` by the sums of a kernel's parts."""
    fixed, moving = problem._teacher.reshape(2, problem.layout.rows, 2, -1)
    teacher = fixed + lam[..., None, None, None] * moving
    at = teacher, rows.sizes[..., 0, :], rows.columns[..., 0, :]
    hessian = problem.jacobian_of(rows, lam)[..., :-1]
    split = rows.kernel.split().at_points()
    spring = lambda y: 0.0 if rows.spring is None else 2.0 * problem.rows(y, lam).energy[..., 0]  # noqa: E731
    return settled(problem._sums, split, at, x, hessian, problem.weights(lam), spring)


def settled(sums: LossSums, split: Any, at: tuple, x, hessian, weights, more) -> np.ndarray:
    """The loss of ``x`` (..., n), or of the critical points that it rounds; nan if not known.

    ``at`` are teacher, sizes and columns as :meth:`LossSums.terms` takes them;
    ``hessian`` (..., n, n) is dg/dx of the gradient's entries g, weights m_a.
    ``more`` is what 2 L has on top, a function of ``x``.
    """
    terms = [*sums.terms(split, x, *at), more(x)]
    value, size = sum(terms) / 2, sum(map(np.abs, terms)) / 2
    moved = (ahead(x, direction) for direction in np.eye(x.shape[-1]))
    along = [parts((sum(sums.terms(split, y, *at)) + more(y)) / 2)[1] for y in moved]
    slopes = np.stack(along, axis=-1)
    root = np.sqrt(np.maximum(weights, 0.0))
    across = _over(1.0, root)
    force = (slopes * across)[..., None]
    stiffness = hessian * root[..., :, None] * across[..., None, :]
    step = np.linalg.pinv(stiffness, rcond=SINGULAR) @ force
    change = -(force * step).sum(axis=(-1, -2)) / 2
    far = np.linalg.norm(step[..., 0], axis=-1) > ROUNDED * np.linalg.norm(root * x, axis=-1)
    change = np.where(far, 0.0, change)
    # the Hessian is summed up plainly, over so many rows
    return known(value + change, PER_TERM * (size + np.abs(at[1]).sum(-1) * np.abs(change)))


def known(value, error) -> np.ndarray:
    """``value``, 0 if it is that to nine decimals, or nan where it is not known to nine digits."""
    zero = (np.abs(value) <= error) & (error <= DIGITS)
    return np.where(error <= DIGITS * np.abs(value), value, np.where(zero, 0.0, np.nan))
