"""The limit of large sizes: power series in e = lam**(-1/2).

Critical points of these families are analytic in e down to e = 0 [1]_. The
same evaluator is solved at sizes lam = first * 4**j to hundreds of digits,
and the interpolating polynomial in e through all of them gives the
coefficients; what one more node changes is the error estimate.

Nothing is proved here: coefficients carry estimates, not enclosures. (At
e = 0 itself rows become parallel, and equations that differ at finite sizes
become the same: the rescaled system is not regular as it stands.) What the
expansion of the loss leaves out is bounded on certified branches, in
:mod:`bifurc.proof.remainder`.

References
----------
.. [1] Arjevani, Field, "Analytic Study of Families of Spurious Minima in
   Two-Layer ReLU Neural Networks: A Tale of Symmetry II", NeurIPS 2021
   (arXiv 2107.10370).
.. [2] Richardson, "The deferred approach to the limit", Phil. Trans. R. Soc. A
   226, 1927.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bifurc.given import whole
from bifurc.loss.problem import NetworkProblem
from bifurc.proof.claims import lengthy
from bifurc.proof.extended import PointSystem
from bifurc.proof.interval import (
    Ball,
    NotCertifiedError,
    balls,
    block,
    enclosing,
    flint,
    need_flint,
    precision,
)
from bifurc.proof.place import enclosed
from bifurc.proof.system import newton, part
from bifurc.structure.polynomial import Polynomial, superscript

FIRST = 10**6  # largest e is 1e-3: each further node gains three digits and more
SPARE = 24  # nodes beyond the coefficients asked for
GROWTH = 2  # nothing grows faster than e**-2, that is linearly in lam
ZERO = 40  # digits to which a coefficient must vanish to count as zero
LEAST_DIGITS, MOST_DIGITS = 60, 120  # compared with a closed form
POWERS = 8  # of 1/π in a closed form
SEEDS = 3  # nodes found in doubles; later ones are extrapolated


@dataclass(frozen=True)
class Expansion:
    """sum_k coefficients[k] * lam**(-(first + k) / 2), with error estimates.

    Attributes
    ----------
    name : str
    first : int
        The first power of lam**(-1/2); negative where the quantity grows.
    coefficients, errors : tuple of float
        A coefficient that is zero to 40 digits and its error is given as 0.
    closed : tuple of str or None
        Closed forms, where one was recognised (see :func:`recognise`).
    """

    name: str
    first: int
    coefficients: tuple[float, ...]
    errors: tuple[float, ...]
    closed: tuple[str | None, ...]

    @property
    def integer(self) -> bool:
        """Whether only integer powers of lam occur, as far as the errors tell."""
        return not any(c for k, c in enumerate(self.coefficients, self.first) if k % 2)

    def __call__(self, lam: float) -> float:
        """The truncated series at ``lam``."""
        e = lam**-0.5
        return e**self.first * float(np.polynomial.polynomial.polyval(e, self.coefficients))


@dataclass(frozen=True, eq=False)
class Asymptotics:
    """Expansions of a family for large lam.

    Attributes
    ----------
    coordinates, eigenvalues : tuple of Expansion
    loss : Expansion
    multiplicities : dict from component labels to polynomials
    """

    coordinates: tuple[Expansion, ...]
    loss: Expansion
    eigenvalues: tuple[Expansion, ...]
    multiplicities: dict[str, Polynomial]

    def __repr__(self) -> str:
        counted = f"{len(self.coordinates)} coordinates, {len(self.eigenvalues)} eigenvalues"
        return f"Asymptotics: {counted} and the loss, to power {len(self.loss.coefficients)}"


def expand(seed: Callable[[float], tuple], order: int = 6) -> Asymptotics:
    """Expand a family, the powers lam**(-order / 2) included.

    Parameters
    ----------
    seed : callable lam -> (problem, x)
        A critical point of the family in doubles.
    order : int

    Raises
    ------
    ValueError
        If the order is not between 1 and 20, or python-flint is missing.
    NotCertifiedError
        If a solve does not converge.
    """
    need_flint()
    whole("order", order, 1, 20)
    count = order + GROWTH + 1 + SPARE
    # the highest coefficient needs the values to e_0 e_1 ..., with room to spare
    bits = int(count * (np.log2(FIRST) / 2 + count / 2) * 1.5) + 200
    with precision(bits):
        nodes = [flint.arb(1) / (flint.arb(FIRST).sqrt() * 2**j) for j in range(count)]
        problem, samples = _solve(seed, nodes)
        fit = _Fit(nodes, order)
        components = [c for c in problem.components if _exists(problem, c)]
        values = [_values(problem, components, x, lam) for x, lam in samples]
        names = [c.name for c in problem.structure.coordinates]
        states = zip(*(x for x, _ in samples), strict=True)
        spectra = [
            fit.expand(f"{component.label} {i + 1}", series, GROWTH)
            for c, component in enumerate(components)
            for i, series in enumerate(zip(*(value[1][c] for value in values), strict=True))
        ]
        return Asymptotics(
            tuple(fit.expand(n, series, 0) for n, series in zip(names, states, strict=True)),
            fit.expand("loss", [value[0] for value in values], 0),
            tuple(spectra),
            {c.label: c.dimension for c in components},
        )


def _solve(seed, nodes) -> tuple[NetworkProblem, list]:
    """The critical point at every node, to the working precision: [(x, lam)]."""
    samples: list[tuple] = []
    for j, e in enumerate(nodes):
        lam = flint.arb(FIRST) * 4**j
        if j < SEEDS:
            given, start = seed(float(lam))
            if not j:
                problem = enclosing(given)
                evaluator = enclosed(problem)
            start = [flint.arb(float(value)) for value in start]
        else:
            start = _extrapolate(nodes[:j], [x for x, _ in samples], e)
        system = PointSystem(evaluator, Ball(lam))
        whole = [flint.arb(round(float(value))) for value in start]
        x = whole if _solves(system, whole) else newton(system, start)
        samples.append((x, lam))
    return problem, samples


def _solves(system: PointSystem, x) -> bool:
    """Whether a state of whole numbers is a zero, as W = V is: Newton would blur it."""
    try:
        residual = system.residual(x).entries()
    except NotCertifiedError:
        return False
    return all(abs(value) < flint.arb(2) ** -(flint.ctx.prec // 2) for value in residual)


def _extrapolate(nodes, states, e) -> list:
    """The polynomial through known states at the next node (Lagrange)."""
    total = [flint.arb(0)] * len(states[0])
    for i, state in enumerate(states):
        share = flint.arb(1)
        for j, node in enumerate(nodes):
            if j != i:
                share = share * (e - node) / (nodes[i] - node)
        total = [sum_ + share * value for sum_, value in zip(total, state, strict=True)]
    return [value.mid() for value in total]


def _values(problem: NetworkProblem, components, x, lam) -> tuple:
    """(loss, [eigenvalues of each component, ascending]) as arbs."""
    state, where = balls(x), Ball(lam)
    spectra = []
    for component in components:
        kept = lengthy(problem, component, where)
        own = part(block(problem, component, state, where)[0], kept)
        # with several copies of one length the block is symmetric up to scaling: real
        values = own.eig(algorithm="approx") if len(kept) > 1 else [own[0, 0]]
        spectra.append(sorted((value.real.mid() for value in values), key=lambda v: v.fmpq()))
    return problem.loss(state, where).item().arb, spectra


def _exists(problem: NetworkProblem, component) -> bool:
    """Whether the irrep exists at all large sizes."""
    on_line = component.dimension.substitute(problem.line)
    top = max((len(key) for key in on_line.terms), default=0)
    return sum(value for key, value in on_line.terms.items() if len(key) == top) > 0


class _Fit:
    """Interpolation in e at all nodes, and at all but the last."""

    def __init__(self, nodes, order: int):
        self.nodes, self.order = nodes, order
        self.solvers = [_vandermonde(nodes), _vandermonde(nodes[:-1])]

    def expand(self, name: str, values, growth: int) -> Expansion:
        """The expansion of a quantity that grows at most like e**-growth."""
        scaled = [v * e**growth for v, e in zip(values, self.nodes, strict=True)]
        full, less = (
            (solver * flint.arb_mat([[v] for v in scaled[: solver.ncols()]])).entries()
            for solver in self.solvers
        )
        kept = self.order + growth + 1
        errors = [abs((a - b).mid()) for a, b in zip(full, less, strict=False)][:kept]
        full = [
            flint.arb(0) if abs(value.mid()) < flint.arb(10) ** -ZERO + error else value.mid()
            for value, error in zip(full, errors, strict=False)
        ]
        first = next((k for k, value in enumerate(full) if not value.is_zero()), kept - 1)
        rows = [(float(c), float(e), recognise(c, e)) for c, e in zip(full, errors, strict=True)]
        return Expansion(name, first - growth, *zip(*rows[first:], strict=True))


def _vandermonde(nodes):
    """The matrix that takes values at ``nodes`` to coefficients."""
    rows = []
    for e in nodes:
        row = [flint.arb(1)]
        for _ in nodes[1:]:
            row.append(row[-1] * e)
        rows.append(row)
    return flint.arb_mat(rows).inv().mid()


def recognise(value, error) -> str | None:
    """Write ``value`` as a polynomial in 1/π with small rationals, if it is one to 60 digits.

    An integer relation is believed if its coefficients have half as many
    digits as those of the best relation of a number that has none.

    References
    ----------
    .. [1] Lenstra, Lenstra, Lovász, "Factoring polynomials with rational
       coefficients", Math. Ann. 261, 1982.
    """
    if value.is_zero():
        return "0"
    digits = min(MOST_DIGITS, int(-np.log10(max(float(error), 1e-300))) - 4)
    if digits < LEAST_DIGITS:
        return None
    numbers = [value, *(flint.arb.pi() ** -k for k in range(POWERS))]
    scale = flint.arb(10) ** digits
    rows = [
        [int(i == j) for j in range(len(numbers))] + [_nearest(number * scale)]
        for i, number in enumerate(numbers)
    ]
    shortest = [int(entry) for entry in flint.fmpz_mat(rows).lll().tolist()[0]]
    if not shortest[0] or max(map(abs, shortest)) > 10 ** (digits // (2 * len(numbers))):
        return None
    ratios = [Fraction(-entry, shortest[0]) for entry in shortest[1:-1]]
    parts = [_term(ratio, k) for k, ratio in enumerate(ratios) if ratio]
    return " ".join(parts).removeprefix("+ ").replace("- ", "-", parts[0][0] == "-")


def _nearest(value) -> int:
    return int((value.mid() + 0.5).floor().unique_fmpz())


def _term(ratio: Fraction, power: int) -> str:
    """One signed term, such as ``- 1/(2π²)``."""
    sign, top, bottom = "-+"[ratio > 0], abs(ratio.numerator), ratio.denominator
    pi = f"π{superscript(power) if power > 1 else ''}" if power else ""
    under = f"{bottom if bottom > 1 or not pi else ''}{pi}"
    if under == "1":
        return f"{sign} {top}"
    return f"{sign} {top}/({under})" if bottom > 1 and pi else f"{sign} {top}/{under}"
