"""A certified point again in all k d unknowns, by formulas of their own.

The reduced loss is one place where every proof could be wrong at once. At
whole sizes nothing needs to be reduced: the rows w_i, v_j are vectors of R^d,
and gradient and Hessian of the loss are sums over pairs of

    df/dw        = ((1 - a)² (|v| sin t n + (pi - t) v) / (2 pi) + a v,    n = w/|w|,
    d²f/dw dw    = (1 - a)² |v| sin t / (2 pi |w|) (I - n n' + m m'),
    d²f/dw dv    = (1 - a)² ((pi - t) I + l n_v' + m n') / (2 pi) + a I,

t the angle of w and v, m the unit vector along n_v - cos t n, l that along
n - cos t n_v, and a the slope of the leaky ReLU below zero (0 for ReLU, -1
for the absolute value); decay adds its own two terms. Krawczyk's test in all
k d unknowns proves one critical point of the full loss in the box; congruence
to a nearly diagonal matrix proves how many eigenvalues of its Hessian are
negative, and how far all of them are from zero.

References
----------
.. [1] Safran, Shamir, "Spurious local minima are common in two-layer ReLU
   neural networks", ICML 2018, section 4.1.1 and appendix (Hessian).
"""

from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Context
from fractions import Fraction
from functools import cached_property, partial

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof import record
from bifurc.proof.interval import NotCertifiedError, exact, flint, need_flint, precision
from bifurc.proof.learnt import at_exactly
from bifurc.proof.rounded import GROW, Enclosure, enclosure, finite
from bifurc.structure.merge import spread
from bifurc.structure.polynomial import Polynomial

MOST = 1000  # unknowns; the Hessian has their square of entries
# half-widths of the box, in units of the largest entry: the first that Krawczyk's test passes
BOXES = (2.0**-34, 2.0**-30, 2.0**-26, 2.0**-22)
RESERVE = 2  # the full eigenvalues may be proved so much less sharply than those of the blocks


@dataclass(frozen=True)
class Full:
    """What is proved of a critical point of the full loss."""

    unknowns: int
    index: int
    gap: float  # every |eigenvalue| is larger

    def __str__(self) -> str:
        kind = "minimum" if not self.index else f"saddle of index {self.index}"
        gap = Context(6, ROUND_FLOOR).create_decimal(self.gap)
        return f"in all {self.unknowns} unknowns: {kind}, every |eigenvalue| > {gap}"


def check_full(data: dict) -> Full:
    """Prove the point of a certificate again in the full problem.

    Parameters
    ----------
    data : dict
        The certificate of a point, at whole sizes.

    Raises
    ------
    NotCertifiedError
        If the full problem says otherwise, or is not proved.
    ValueError
        If the certificate is not of a point, sizes are not whole, the problem
        is too large, or there is no formula for its kernel here.
    """
    need_flint()
    if data["kind"] not in ("point", "learnt"):
        raise ValueError("only single points are checked in full, no events and no branches.")
    if "neutral" in data["proved"]:
        raise ValueError("equal neurons exchange norm at no cost: the full Hessian is singular.")
    problem, lam = record.problem_from_data(data["problem"]), record.fraction(data["lam"])
    with precision(data["precision"]), np.errstate(all="ignore"):
        network = network_of(problem, lam, record.state_of(data))
        if data["kind"] == "point":
            network.prove_zero()
        index, gap = network.inertia()
    parameters = {name: poly(lam=float(lam)) for name, poly in problem.line.items()}
    stated = Polynomial.parse(data["proved"]["index"])(**parameters)
    if index != round(stated) or gap < float(data["proved"]["gap"]) / RESERVE:
        raise NotCertifiedError(f"In full the index is {index}, and |eigenvalues| are > {gap:.3g}.")
    return Full(network.unknowns, index, gap)


def network_of(problem: NetworkProblem, lam: Fraction, x: list) -> "Network":
    """The full network behind coordinates ``x``, arbs."""
    s = problem.structure
    if s.beside or s.confined:
        raise ValueError("there is no formula for the full problem of more than weights.")
    slope = slope_of(problem, lam)
    sizes = {p.name: at_exactly(problem, p.size, lam) for p in s.sets}
    if any(size.denominator != 1 or size < 1 for size in sizes.values()):
        raise ValueError("the sizes are not whole, so there is no full network.")
    count = {b.name: int(sizes[b.points]) for b in (*s.students, *s.inputs, *s.teachers)}
    unknowns = sum(count[b.name] for b in s.students) * sum(count[b.name] for b in s.inputs)
    if unknowns > MOST:
        raise ValueError(f"the full network has {unknowns} unknowns, more than {MOST}.")
    entries = spread(s, np.array(x[: len(s.coordinates)], dtype=object), object)
    student = {(e.row, e.column, e.part): v for e, v in zip(s.entries, entries, strict=True)}

    def entry(table, row, column, part):
        given = table.get((row, column))
        return exact(at_exactly(problem, given[part == "off"], lam)) if given else flint.arb(0)

    def rows(blocks, value):
        return [
            [
                value(r.name, c.name, _part(s, r, c, i == j))
                for c in s.inputs
                for j in range(count[c.name])
            ]
            for r in blocks
            for i in range(count[r.name])
        ]

    signs = [
        sign * given.get(b.name, 1.0)
        for sign, given, blocks in (
            (1.0, s.student_weights, s.students),
            (-1.0, s.teacher_weights, s.teachers),
        )
        for b in blocks
        for _ in range(count[b.name])
    ]
    return Network(
        enclosure(rows(s.students, lambda *key: student[key])),
        enclosure(rows(s.teachers, partial(entry, s.teacher))),
        np.array(signs),
        slope,
        enclosure(exact(at_exactly(problem, s.decay, lam))),
        enclosure(rows(s.students, partial(entry, s.reference))),
    )


def _part(structure, row, column, same: bool) -> str:
    """Which entry of a block stands at a place."""
    return ("diag" if same else "off") if structure.tied(row, column) else ""


def slope_of(problem: NetworkProblem, lam: Fraction) -> Enclosure:
    """The slope of the kernel below zero."""
    name, running = record.kernel_name(problem), problem.kernel_parameters.get("slope")
    slopes = {"relu": 0.0, "abs": -1.0, "leaky": getattr(problem.kernel, "slope", 0.0)}
    if name not in slopes:
        raise ValueError(f"there is no formula for the full problem of kernel {name!r}.")
    if running is not None:
        return enclosure(exact(at_exactly(problem, Polynomial.of(running), lam)))
    return Enclosure(slopes[name], 0.0)


@dataclass(frozen=True, eq=False)
class Network:
    """A student (k, d) and a teacher (h, d), with weights of both, the teacher's negated.

    The loss has decay/2 |student - centre|² besides.
    """

    student: Enclosure
    teacher: Enclosure
    signs: np.ndarray
    slope: Enclosure
    decay: Enclosure
    centre: Enclosure

    @property
    def unknowns(self) -> int:
        """k d."""
        return self.student.mid.size

    def prove_zero(self) -> None:
        """Prove that there is one critical point in a box around the student.

        Raises
        ------
        NotCertifiedError
            If Krawczyk's test fails.
        """
        largest = np.abs(self.student.mid).max()
        if not any(self._one_within(share * largest) for share in BOXES):
            raise NotCertifiedError("Krawczyk's test fails in the full problem.")

    def _one_within(self, r: float) -> bool:
        """Whether the box of half-width ``r`` holds the student and passes Krawczyk's test."""
        centre = self.student.mid
        point, whole = self._at(Enclosure(centre, 0.0)), self._at(Enclosure(centre, r))
        slopes = finite(whole.hessian)
        near = np.linalg.inv(slopes.mid)
        defect = np.eye(len(near)) - near @ slopes
        away = Enclosure(np.zeros((len(near), 1)), r)
        moved = finite(defect @ away - near @ finite(point.gradient))
        inside = (np.abs(moved.mid) + moved.rad) * GROW < r
        return bool(inside.all() and (self.student.rad < r).all())

    def inertia(self) -> tuple[int, float]:
        """How many eigenvalues of the Hessian are negative, and a bound below every one's size.

        With Q near the eigenvectors A = Q' H Q has as many (Sylvester), and
        \\|H⁻¹\\| <= \\|Q\\|² \\|A⁻¹\\|.
        """
        hessian = finite(self.hessian)
        basis = Enclosure(np.linalg.eigh((hessian.mid + hessian.mid.T) / 2)[1], 0.0)
        size = len(basis.mid)
        matrix = basis.T @ hessian @ basis
        error = _row_sums(basis.T @ basis - np.eye(size)).max()
        if not error < 1:
            raise NotCertifiedError("The eigenvectors of the full Hessian are not independent.")
        middle = matrix.mid.diagonal()
        least = np.abs(middle) - _row_sums(matrix - np.diag(middle)) * GROW
        if not (least > 0).all():
            raise NotCertifiedError("The sign of an eigenvalue of the full Hessian is not proved.")
        return int((middle < 0).sum()), float(least.min() / ((1 + error) * GROW))

    def _at(self, student: Enclosure) -> "Network":
        return replace(self, student=student)

    @cached_property
    def rows(self) -> Enclosure:
        """All rows, the student's first; shape (m, d)."""
        pairs = ((self.student.mid, self.teacher.mid), (self.student.rad, self.teacher.rad))
        return Enclosure(*map(np.concatenate, pairs))

    @cached_property
    def same(self) -> np.ndarray:
        """Which rows are one row, exactly; shape (m, m)."""
        mid, rad = self.rows.mid, self.rows.rad
        equal = (mid[:, None] == mid[None]).all(-1) & (rad[:, None] + rad[None] == 0).all(-1)
        return equal | np.eye(len(mid), dtype=bool)

    @cached_property
    def lengths(self) -> Enclosure:
        """|w|; shape (m,)."""
        return np.sqrt((self.rows * self.rows).sum(-1))

    @cached_property
    def units(self) -> Enclosure:
        """w/|w|; shape (m, d)."""
        return self.rows / self.lengths[:, None]

    @cached_property
    def cosines(self) -> Enclosure:
        """Of the angles between rows, 0 for one row; shape (m, m)."""
        return (self.units @ self.units.T) * ~self.same

    @cached_property
    def angles(self) -> Enclosure:
        """Between rows, 0 for one row; shape (m, m)."""
        return np.arccos(self.cosines) * ~self.same

    @cached_property
    def across(self) -> Enclosure:
        """m_ij, the unit vector along n_j - cos t n_i, 0 for one row; shape (m, m, d)."""
        away = self.units[None] - self.cosines[..., None] * self.units[:, None]
        away = away * ~self.same[..., None]
        return away / self.sines_or_one[..., None]

    @cached_property
    def sines_or_one(self) -> Enclosure:
        """sin t, 1 for one row; shape (m, m)."""
        return np.sqrt(1.0 - self.cosines * self.cosines)

    @cached_property
    def share(self):
        """(1 - a)² / (2 pi)."""
        less = 1.0 - self.slope
        return less * less / (2.0 * less.pi)

    @cached_property
    def gradient(self) -> Enclosure:
        """dL/dw; shape (k d, 1)."""
        k = len(self.student.mid)
        others = self.signs * ~np.eye(len(self.signs), dtype=bool)[:k]
        sines = self.sines_or_one[:k] * ~self.same[:k]
        along = (others * self.lengths * sines).sum(-1)[:, None] * self.units[:k]
        weigh = others * (self.share * (self.share.pi - self.angles[:k]) + self.slope)
        own = self.signs[:k, None] * self._square * self.rows[:k]
        total = self.share * along + weigh @ self.rows + own
        drawn = self.decay * (self.student - self.centre)
        return (self.signs[:k, None] * total + drawn).reshape(self.unknowns, 1)

    @property
    def _square(self) -> Enclosure:
        """E phi(z)² = (1 + a²)/2."""
        return (1.0 + self.slope * self.slope) / 2.0

    @cached_property
    def hessian(self) -> Enclosure:
        """d²L/dw², shape (k d, k d)."""
        k, d = self.student.shape
        eye, own = np.eye(d), np.eye(k)[..., None, None]
        pi, signs = self.share.pi, self.signs[:k]
        across, units = self.across[:k, :k], self.units[:k]
        pairs = self.share * (
            across.swapaxes(0, 1)[..., None] * units[None, :, None]
            + across[..., None] * units[:, None, None]
            + (pi - self.angles[:k, :k])[..., None, None] * eye
        )
        pairs = np.outer(signs, signs)[..., None, None] * (pairs + self.slope * eye) * (1.0 - own)
        total = pairs + own * self._diagonal[:, None]
        return total.swapaxes(1, 2).reshape(self.unknowns, self.unknowns)

    @cached_property
    def _diagonal(self) -> Enclosure:
        """The blocks of one row each; shape (k, d, d)."""
        k, d = self.student.shape
        eye, signs, units = np.eye(d), self.signs[:k], self.units[:k]
        weigh = self.signs * self.lengths * self.sines_or_one[:k] * ~self.same[:k]
        weigh = self.share * signs[:, None] * weigh / self.lengths[:k, None]
        across = self.across[:k]
        turned = (weigh[..., None] * across).swapaxes(1, 2) @ across
        plane = eye - units[:, :, None] * units[:, None]
        return (
            weigh.sum(-1)[:, None, None] * plane
            + turned
            + signs[:, None, None] ** 2 * (self._square * eye)
            + self.decay * eye
        )


def _row_sums(matrix: Enclosure) -> np.ndarray:
    """Bounds of the sums of |entries| of each row."""
    return (np.abs(matrix.mid) + matrix.rad).sum(-1) * GROW
