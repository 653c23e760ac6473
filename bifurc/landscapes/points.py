"""A critical point as one record, and when two are the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from bifurc import members
from bifurc.api import problem as problem_of
from bifurc.continuation.neutral import recognised
from bifurc.errors import EndedEarlyError
from bifurc.events.records import signs, undecided
from bifurc.graph.identity import distance, fingerprint
from bifurc.identification.catalogue import known_families, label
from bifurc.loss.embedding import matrices
from bifurc.loss.kernels import name_of
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.families import Family
from bifurc.structure.polynomial import Polynomial
from bifurc.switching.isotropy import enlarge
from bifurc.switching.names import isotropy_of

SAME = 1e-7  # relative, of fingerprints of points that Newton has corrected
FLAT = 1e-9  # of the largest: an eigenvalue that is zero to rounding
EVERYTHING = "no symmetry"
EXCHANGE = "norm exchange"  # a reason of zeros


@dataclass(frozen=True, eq=False)
class Critical:
    """A critical point of a loss at fixed parameters.

    Attributes
    ----------
    problem : the loss on the fixed space of the point's isotropy
    x : ndarray, shape (n,)
        Its state there.
    lam : float
        Value of the parameter along which ``problem`` runs.
    loss : float
        nan if the problem has none.
    index : float
        The Morse index; at real sizes it need not be whole.
    indices : Polynomial
        The same in the parameters.
    isotropy : str
    name : str
        Of the family it is a member of; "" if none is known.
    note : str
        What else vanishes there, if something does.
    constraints : int
        How many of the coordinates are multipliers; the index is that on what they hold.
    continuum : float
        In how many directions parallel neurons exchange norm at no cost: it is one of as many
        dimensions of critical points.
    """

    problem: Any
    x: np.ndarray
    lam: float
    loss: float
    indices: Polynomial
    isotropy: str
    name: str = ""
    note: str = ""
    constraints: int = 0
    continuum: float = 0.0
    mark: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by their names."""
        return self.problem.parameters(self.lam)

    @property
    def index(self) -> float:
        """The Morse index."""
        return float(self.indices(**self.parameters))

    @property
    def is_minimum(self) -> bool:
        """Whether it is one as far as second derivatives tell, norm exchanges aside."""
        return not self.indices.terms and not self.note

    @property
    def state(self) -> np.ndarray:
        """The full state: coordinates of a network's fixed space, or x of one's own problem."""
        return self.problem.full_state(self.x)

    @cached_property
    def matrices(self) -> tuple[np.ndarray, np.ndarray]:
        """W and V of a network at whole sizes.

        Raises
        ------
        ValueError
            If a size is not whole.
        """
        return matrices(self.problem.structure, self.x, self.parameters)

    def same(self, other: "Critical") -> bool:
        """Whether both are one point, up to symmetry."""
        return distance(self.mark, other.mark) <= SAME

    def to_dict(self) -> dict:
        """Plain data."""
        return {
            "loss": None if np.isnan(self.loss) else self.loss,
            "index": self.index,
            "isotropy": self.isotropy,
            "name": self.name or None,
            "note": self.note or None,
            "continuum": self.continuum,
        }

    def __repr__(self) -> str:
        return f"Critical point: {self}"

    def __str__(self) -> str:
        known = f" = {self.name}" if self.name else ""
        note = f" ({self.note})" if self.note else ""
        if self.continuum:
            note += f", on a continuum of dimension {self.continuum:g} (parallel neurons)"
        return f"loss {self.loss:.10g}, index {self.index:g}{note}, {self.isotropy}{known}"


def critical(
    problem, x: np.ndarray, lam: float, names: "Names | None" = None, constraints: int = 0
) -> Critical:
    """The record of a critical point, in the fixed space of its own isotropy.

    Parameters
    ----------
    problem : the loss on a fixed space that the point lies in
    x : ndarray, shape (n,)
        A state that Newton has corrected.
    lam : float
    names : Names, optional
        Families that it may belong to.
    constraints : int
        How many of the coordinates are multipliers.
    """
    problem, x = own_space(problem, x, lam)
    problem = recognised(problem, x, lam)
    blocks = problem.blocks(x, lam)
    eigens = {c: block.eigen() for c, block in blocks.items()}
    parameters = problem.parameters(lam)
    index, zeros = signs(eigens, parameters, FLAT)
    X = np.append(x, lam)
    mark = fingerprint(problem, X)
    found = Critical(
        problem=problem,
        x=x,
        lam=lam,
        loss=float(problem.losses(x[None], X[-1:])[0]),
        indices=index - constraints,
        isotropy=isotropy_of(problem) or EVERYTHING,
        note=problem.neutrals.note(parameters) or undecided(zeros),
        constraints=constraints,
        continuum=_continuum(problem, x, lam),
        mark=mark,
    )
    return found if names is None else names.named(found)


def _continuum(problem, x: np.ndarray, lam: float) -> float:
    """In how many directions parallel neurons exchange norm."""
    if not isinstance(problem, NetworkProblem):
        return 0.0
    parameters = problem.parameters(lam)
    return sum(
        problem.known_zeros(c, x, lam).get(EXCHANGE, 0) * float(c.dimension(**parameters))
        for c in problem.components
        if c.exists(parameters)
    )


def own_space(problem, x: np.ndarray, lam: float):
    """The problem on the fixed space of a state's own isotropy, and the state there."""
    if isinstance(problem, NetworkProblem):
        line = {name: Polynomial.of(value) for name, value in problem.parameters(lam).items()}
        fixed = NetworkProblem(
            problem.structure, problem.kernel, line, problem.any_size, problem.kernel_parameters
        )
        larger, X = enlarge(fixed, np.append(x, lam))
        return problem.on(larger.structure, problem.any_size), X[:-1]
    group = getattr(problem, "group", None)
    if group is None:
        return problem, x
    state = problem.basis @ x
    basis = group.fixed_space(state[:, None])
    if basis.shape[1] == problem.n:
        return problem, x
    return type(problem).of(problem.full, group, basis), basis.T @ state


class Names:
    """Families of networks by their members at given parameters.

    Parameters
    ----------
    families : sequence of Family, optional
        Those known by name, by default.
    """

    def __init__(self, families: Sequence[Family] | None = None):
        self._families = known_families() if families is None else list(families)
        self._marks: dict[tuple, list[tuple[str, np.ndarray]]] = {}

    def of(self, point: Critical) -> str:
        """The name of the family whose member a point is; "" if there is none known.

        Members are those on the first sheet of each family's branch.
        """
        if not isinstance(point.problem, NetworkProblem):
            return ""
        for name, mark in self._at(point.problem, point.lam):
            if distance(mark, point.mark[1:]) <= SAME:
                return name
        return ""

    def named(self, point: Critical) -> Critical:
        """The point with its name."""
        return replace(point, name=self.of(point))

    def _at(self, problem: NetworkProblem, lam: float) -> list[tuple[str, np.ndarray]]:
        values = problem.parameters(lam)
        at = counts(problem.structure, values), sizes_of(problem.structure, values)
        key = (*at, name_of(problem.kernel), *vars(problem.kernel_at(lam)).items())
        if key not in self._marks:
            families = list(self._members(problem, *at))
            found = [(label(family), _mark(family, at[0][1])) for family in families]
            self._marks[key] = [(name, mark) for name, mark in found if mark is not None]
        return self._marks[key]

    def _members(self, problem: NetworkProblem, numbers, sizes) -> Iterator[Family]:
        """Families of this kernel with these sizes, for whole values of one more parameter."""
        neurons, inputs = numbers
        for family in self._families:
            if family.kernel != name_of(problem.kernel) or "d" not in family.parameters:
                continue
            given = {"d": inputs, "k": neurons}
            given = {name: value for name, value in given.items() if name in family.parameters}
            others = set(family.parameters) - {"d", "k"}
            extra = [{}] if len(others) != 1 else _whole(family, others.pop(), given, sizes)
            for more in extra:
                candidate = family.with_parameters(**given, **more)
                values, structure = candidate.values(d=inputs), candidate.structure
                if sizes_of(structure, values) == sizes and counts(structure, values) == numbers:
                    yield candidate


def _whole(family: Family, name: str, given, sizes) -> list[dict[str, int]]:
    """The whole values of a parameter, up to d, at which a set may have one of these sizes."""
    at = [family.with_parameters(**given, **{name: value}) for value in (0, 1)]
    zero, one = (
        [float(size(**each.values(d=given["d"]))) for size in each.structure.size.values()]
        for each in at
    )
    pairs = [(a, b - a) for a, b in zip(zero, one, strict=True) if a != b]
    found = {round((size - a) / slope) for a, slope in pairs for size in sizes}
    return [{name: value} for value in sorted(found) if 1 <= value < given["d"]]


def sizes_of(structure, values) -> tuple[float, ...]:
    """The sizes of all point sets, to rounding."""
    return tuple(sorted(round(float(size(**values)), 9) for size in structure.size.values()))


def counts(structure, values) -> tuple[float, float]:
    """Neurons and inputs of a structure."""
    sizes = structure.size
    rows, columns = (
        round(sum(float(sizes[block.points](**values)) for block in blocks), 9)
        for blocks in (structure.students, structure.inputs)
    )
    return rows, columns


def _mark(family: Family, d: float) -> np.ndarray | None:
    """Loss and sums of powers of the family's member, or None if there is none."""
    try:
        there = members.find(problem_of(family, "d"), family, d)
    except (ValueError, ArithmeticError, EndedEarlyError):
        return None
    return fingerprint(there.problem, there.point.X)[1:]


def distinct(points: Sequence[Critical]) -> list[Critical]:
    """Each point once, lowest loss first."""
    kept: list[Critical] = []
    for point in points:
        if not any(point.same(known) for known in kept):
            kept.append(point)
    return sorted(kept, key=lambda point: point.loss)


def family_of(point: Critical, name: str) -> Family:
    """The family of a network's critical point: the branch through it.

    Raises
    ------
    ValueError
        If it is no point of a network.
    """
    problem = point.problem
    if not isinstance(problem, NetworkProblem):
        raise ValueError("Only critical points of networks make a family.")
    structure, values = problem.structure, problem.parameters(point.lam)
    sets = {b.name: b.points for b in (*structure.hidden, *structure.inputs)}
    own = {block.name: 0.0 for block in structure.hidden}
    coordinates = {c.name: float(v) for c, v in zip(structure.coordinates, point.x, strict=True)}
    for c, value in zip(structure.coordinates, point.x, strict=True):
        if c.part != "off" and sets[c.row] == sets[c.column]:
            own[c.row] = float(np.sign(round(float(value), 9)))
    line = {name: poly.text() for name, poly in problem.line.items()}
    parameters = {
        n: values[n] if n == problem.parameter or not problem.line[n].names else line[n]
        for n in values
    }
    return Family(
        name,
        structure,
        start=own,
        parameters=parameters,
        kernel=name_of(problem.kernel),
        kernel_parameters=dict(problem.kernel_parameters),
        found={"at": {problem.parameter: point.lam}, "coordinates": coordinates},
    )
