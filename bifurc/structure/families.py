"""Families of critical points: a structure, a kernel's name, parameters and signs.

A family is data, and it is one branch: the one that reaches its starting
pattern as one point set grows. For each student row block the pattern gives
the value that its own diagonal entry approaches (+1: the neuron has learnt its
teacher, -1: it points the other way); all other entries go to zero. Where no
such limit exists, the family is the branch through an anchor: values of its
parameters at which the pattern holds, or a member that was found there.
"""

import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bifurc.given import listed, nearest, number, one_of
from bifurc.structure.checks import SLACK
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Structure

# keys of Family.build
OWN = {"start", "parameters", "kernel", "kernel_parameters", "about", "found", "source"}
STRUCTURAL = set(inspect.signature(Structure.build).parameters)
TABLES = {"sets", "start", "parameters", "kernel_parameters", "found", "teacher", "reference",
          "student_weights", "teacher_weights"}  # fmt: skip
TIES = 'a list of tables such as {"a": "b", "b": "a"}'
EXAMPLE = {"sets": '{"bulk": "d - 1", "last": 1}', "start": '{"bulk": 1, "last": -1}'}


@dataclass(frozen=True)
class Family:
    """A family of critical points.

    Parameters
    ----------
    name : str
    structure : Structure
    start : mapping from student row blocks to numbers, or to tables by column
        The limit of the diagonal. Rows without one are built from what the
        others lack; a table such as ``{"last": -0.5}`` gives entries (diagonals
        on tied blocks) in the columns it names, for any row. A pair
        ``[diagonal, off]`` gives both entries of a tied block. Where the
        pattern is no limit, the signs must be those of the critical point.
    parameters : mapping from names to values
        Value of every parameter where none is given: numbers, or expressions
        in the others such as ``{"k": "d + 1"}``.
    kernel : str or object
        Name of the kernel, see :data:`bifurc.loss.kernels.KERNELS`, or a kernel itself.
    kernel_parameters : mapping from names to numbers or expressions
        Parameters of the kernel, in those of the family: ``{"slope": "a"}``.
    source : str
        Where the family was published.
    about : str
        One line for ``bifurc families``.
    found : mapping, optional
        An anchor: a member as it was found, where to start instead of at the
        limit: ``{"at": {"d": 8}, "coordinates": {name: value}}``. Without
        ``coordinates`` the pattern itself is where to start at these parameters.
    """

    name: str
    structure: Structure
    start: Mapping[str, float | Mapping[str, float]]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    kernel: Any = "relu"
    about: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)
    kernel_parameters: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self):
        rows = {block.name for block in self.structure.hidden}
        if set(self.start) != rows:
            raise ValueError(
                f"Family {self.name!r} needs a starting value for each of the student blocks "
                f"{', '.join(sorted(rows))}; got {', '.join(sorted(self.start)) or 'none'}."
            )
        names = {coordinate.name for coordinate in self.structure.coordinates}
        given = self.found.get("coordinates")
        if given is not None and set(given) != names:
            raise ValueError(
                f"Family {self.name!r} needs in [found] a value for each of the coordinates "
                f"{', '.join(sorted(names))}."
            )
        at = set(self.found.get("at", ()))
        if self.found and (not at or at - set(self.parameters)):
            raise ValueError(
                f"Family {self.name!r} needs in [found] where it is, such as at = {{d = 8}}, by "
                f"its parameters {', '.join(self.parameters)}; got {', '.join(at) or 'none'}."
            )
        self._check_start()
        columns = {block.name for block in self.structure.inputs}
        for row, given in self.start.items():
            if isinstance(given, Mapping) and (unknown := set(given) - columns):
                raise ValueError(
                    f"Family {self.name!r}: the start of row {row!r} names column "
                    f"{', '.join(sorted(unknown))}; the columns are {', '.join(sorted(columns))}."
                )
        in_kernel = [Polynomial.of(value).names for value in self.kernel_parameters.values()]
        used = self.structure.parameters.union(*in_kernel)
        if missing := used - set(self.parameters):
            raise ValueError(
                f"Family {self.name!r} uses parameter {', '.join(sorted(missing))} without a "
                "default value; add it to its parameters."
            )

    def _check_start(self) -> None:
        """Raise ValueError unless the start holds numbers, pairs of them, or tables of both."""
        for row, entry in self.start.items():
            for column, value in (entry if isinstance(entry, Mapping) else {row: entry}).items():
                what = f"Family {self.name!r}: the start of {row!r} in column {column!r}"
                pair = value if isinstance(value, tuple | list) else (value, value)
                if len(pair) != 2:
                    raise ValueError(f"{what} needs [diagonal, off], got {value!r}.")
                for one in pair:
                    number(what, one)

    @classmethod
    def build(cls, name: str, **data: Any) -> "Family":
        """Make a family from plain data, as a case file gives it.

        Keys: ``sets``, ``students``, ``inputs``, ``teachers``, ``teacher``,
        ``student_weights``, ``teacher_weights``, ``decay``, ``reference``, ``bias``,
        ``train_weights``, ``sphere``, ``row_norm``, ``ties`` (see :meth:`Structure.build`),
        ``start``,
        ``parameters``, ``kernel``, ``kernel_parameters``, ``about``, ``found``, ``source``.
        ``students`` and ``inputs`` default to all sets.

        Examples
        --------
        >>> two = Family.build("II", sets={"bulk": "d - 1", "last": 1},
        ...                    start={"bulk": 1, "last": -1}, parameters={"d": 20})
        >>> len(two.structure.coordinates)
        5
        """
        one_of("The name of a family", name, str, "a text")
        for word in data:
            listed(f"Family {name!r}: the key", word, sorted(OWN | STRUCTURAL))
        for word in ("sets", "start"):
            if word not in data:
                raise ValueError(f"Family {name!r} needs {word}, such as {word}={EXAMPLE[word]}.")
        for word in TABLES & set(data):
            if data[word] is not None:
                one_of(f"Family {name!r}: {word}", data[word], Mapping, "a table")
        if data.get("ties") is not None:
            for tie in one_of(f"Family {name!r}: ties", data["ties"], (list, tuple), TIES):
                one_of(f"Family {name!r}: a tie", tie, Mapping, TIES)
        own = {key: data.pop(key) for key in sorted(OWN) if key in data}
        sets = data.pop("sets")
        students, inputs = (data.pop(key, None) or list(sets) for key in ("students", "inputs"))
        structure = Structure.build(sets, students, inputs, **data)
        return cls(name, structure, **own)

    @classmethod
    def of_sizes(cls, sizes: str, **parameters: Any) -> "Family":
        """The fixed space of a product of symmetric groups, as a family with the pattern W = V.

        Rows, columns and teacher are copies of the same point sets, X1, X2, ... if they have no
        names.

        Parameters
        ----------
        sizes : str
            The sizes of the point sets with commas between: ``"d"``, ``"d - 1, 1"``,
            ``"d - p, p"``, ``"bulk = d - 1, last = 1"``.
        **parameters
            A value for each parameter in them.

        Raises
        ------
        ValueError
            If a size cannot be read, or a parameter has no value.

        Examples
        --------
        >>> print(Family.of_sizes("d - 1, 1", d=8).structure)
        S(d - 1) x S(1)
        """
        one_of("The sizes of point sets", sizes, str, "a text such as 'd - 1, 1'")
        pairs = [part.rpartition("=")[::2] for part in sizes.split(",")]
        sets = {name.strip() or f"X{i}": size.strip() for i, (name, size) in enumerate(pairs, 1)}
        if len(sets) < len(pairs) or not all(sets.values()):
            raise ValueError(
                f"A size of {sizes!r} is empty or a name there twice; write them as 'd - 1, 1'."
            )
        names = set().union(*(Polynomial.of(size).names for size in sets.values()))
        if missing := sorted(names - set(parameters)):
            raise ValueError(f"The sizes {sizes!r} need a value for {missing[0]}.")
        own = {name: value for name, value in parameters.items() if name in names}
        return cls.build(sizes, sets=sets, start=dict.fromkeys(sets, 1), parameters=own)

    def with_parameters(self, **values: Any) -> "Family":
        """The same family with other values of its parameters.

        Raises
        ------
        ValueError
            If a name is not a parameter of the family, or a value no number
            or expression.
        """
        known = {**self.parameters}
        for name, value in values.items():
            if name not in known:
                raise ValueError(
                    f"Family {self.name!r} has no parameter {name!r}; it has "
                    f"{', '.join(sorted(known)) or 'none'}."
                )
            # said here, even where the value will not be used; "nan" would read as a name
            if Polynomial.of(value).names & {"nan", "inf"}:
                raise ValueError(f"Parameter {name!r} needs a finite number, got {value}.")
            known[name] = value
        return replace(self, parameters=known)

    def with_kernel(self, kernel: Any) -> "Family":
        """The same structure and start with another kernel, whose parameters are its own."""
        return replace(self, kernel=kernel, kernel_parameters={})

    def with_decay(self, decay: Any, name: str = "mu") -> "Family":
        """The same family with weight decay, the term decay/2 |W|².

        Parameters
        ----------
        decay : number or expression
            A number becomes a parameter ``name`` of the family, which may run.
        """
        value = Polynomial.of(decay)
        known = {**self.parameters}
        if not value.names and name not in known:
            known[name], value = decay, Polynomial.parse(name)
        structure = replace(self.structure, decay=value)
        return replace(self, structure=structure, parameters=known)

    def with_bias(self, bias: str) -> "Family":
        """The same family with biases; its members are those that ones without biases lead to.

        Parameters
        ----------
        bias : str
            ``"hidden"``, ``"output"`` or ``"hidden, output"``, which are trained, or an
            expression in the parameters, the bias that all hidden neurons have in common.
        """
        return replace(self, structure=self.structure.biased(bias))

    def with_sphere(self, square: Any) -> "Family":
        """The same family with \\|W\\|_F² held at ``square``, such as ``"d"``."""
        return replace(self, structure=replace(self.structure, sphere=_length(square)))

    def with_row_norm(self, square: Any) -> "Family":
        """The same family with \\|w_i\\|² of every row held at ``square``."""
        return replace(self, structure=replace(self.structure, row_norm=_length(square)))

    def with_train_weights(self, gauge: str | bool = True) -> "Family":
        """The same family with output weights that are trained.

        Members are those that ones with fixed weights lead to.

        Parameters
        ----------
        gauge : str
            ``"alpha=1"``, the fixed weights, or ``"balanced"``, \\|alpha\\| = \\|w\\|:
            which point stands for all where neurons are rescaled at no cost.
        """
        return replace(self, structure=self.structure.with_train_weights(gauge))

    @property
    def plain(self) -> bool:
        """Whether there are weights of neurons alone, free, without decay."""
        return self.structure.is_plain

    def line(self, parameter: str, second: str | None = None) -> dict[str, Polynomial]:
        """Every parameter as a polynomial in ``lam`` when ``parameter`` runs.

        With a ``second`` one that runs too, as polynomials in ``lam`` and ``mu``.

        Raises
        ------
        ValueError
            If a parameter is unknown, or expressions refer to one another
            in a circle.
        """
        runs = {parameter: "lam"} | ({second: "mu"} if second else {})
        self.with_parameters(**runs)
        line = {name: Polynomial.parse(running) for name, running in runs.items()}
        waiting = {n: Polynomial.of(v) for n, v in self.parameters.items() if n not in runs}
        while waiting:
            ready = {n: p for n, p in waiting.items() if p.names <= set(line)}
            if not ready:
                raise ValueError(
                    f"Parameters {', '.join(sorted(waiting))} of family {self.name!r} cannot be "
                    "resolved: they name unknown parameters, or each other in a circle."
                )
            for name, poly in ready.items():
                line[name] = poly.substitute(line)
                del waiting[name]
        return line

    def values(self, **given: float) -> dict[str, float]:
        """The value of every parameter, where those ``given`` have these values."""
        fixed = self.with_parameters(**given) if given else self
        values: dict[str, float] = {}
        waiting = {name: Polynomial.of(value) for name, value in fixed.parameters.items()}
        while waiting:
            ready = {n: poly(**values) for n, poly in waiting.items() if poly.names <= set(values)}
            if not ready:
                raise ValueError(f"Parameters {', '.join(sorted(waiting))} have no value.")
            values |= ready
            waiting = {n: poly for n, poly in waiting.items() if n not in ready}
        return values

    def lines(self, name: str, values: Mapping[str, float]) -> list[dict[str, Polynomial]]:
        """Lines of all parameters through ``values`` on which ``name`` runs as ``lam``.

        First the one on which it runs alone, then the one that carries along
        the parameters which are expressions in it, if that is another.
        """
        alone = {n: Polynomial.of(v) for n, v in values.items()} | {name: Polynomial.parse("lam")}
        numbers = {n: v for n, v in values.items() if not Polynomial.of(self.parameters[n]).names}
        carried = self.with_parameters(**numbers).line(name)
        passes = all(abs(p(lam=values[name]) - values[n]) < SLACK for n, p in carried.items())
        return [alone, carried] if passes and carried != alone else [alone]

    def growths(self, values: Mapping[str, float]) -> Iterator[tuple[str, str, dict]]:
        """Lines through ``values`` on which one point set grows and no other changes.

        Yields
        ------
        parameter that runs, set that grows, line
        """
        for name in sorted(values, key=lambda name: name != "d"):
            for line in self.lines(name, values):
                sizes = {n: size.substitute(line) for n, size in self.structure.size.items()}
                slopes = {n: on_line.terms.get(("lam",), 0) for n, on_line in sizes.items()}
                changes = [n for n, slope in slopes.items() if slope]
                if len(changes) == 1 and slopes[changes[0]] > 0:
                    yield name, changes[0], line

    @property
    def diagonals(self) -> dict[str, float]:
        """What the start says of each student block at its own point; 0 where it says nothing."""
        found = {}
        for row in self.structure.hidden:
            given = self.start[row.name]
            own = [c.name for c in self.structure.inputs if c.points == row.points]
            table = given if isinstance(given, Mapping) else dict.fromkeys(own, given)
            entries = [table[name] for name in own if name in table]
            found[row.name] = float(np.atleast_1d(entries[0])[0]) if entries else 0.0
        return found

    def __repr__(self) -> str:
        values = "".join(f", {name} = {value}" for name, value in self.parameters.items())
        return f"Family {self.name}: {self.structure}{values}"


def _square(name: str, about: str, sets: dict, start: dict, **parameters: Any) -> Family:
    return Family.build(name, sets=sets, start=start, parameters=parameters, about=about)


BUILT_IN = {
    family.name: family
    for family in (
        _square("global", "the global minimum, W = V", {"all": "d"}, {"all": 1}, d=20),
        _square("A", "every neuron flipped", {"all": "d"}, {"all": -1}, d=20),
        _square(
            "I", "all neurons but one flipped",
            {"bulk": "d - 1", "last": 1}, {"bulk": -1, "last": 1}, d=20,
        ),
        _square(
            "II", "one neuron flipped",
            {"bulk": "d - 1", "last": 1}, {"bulk": 1, "last": -1}, d=20,
        ),
        _square(
            "M", "p neurons flipped; p may be any real number",
            {"bulk": "d - p", "rest": "p"}, {"bulk": 1, "rest": -1}, d=20, p=2,
        ),
    )
}  # fmt: skip


@cache
def catalogue() -> Mapping[str, Family]:
    """The published families of ``catalogue.toml``, by name."""
    text = Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8")
    return {name: Family.build(name, **data) for name, data in tomllib.loads(text).items()}


def find(name: str, known: Mapping[str, Family] | None = None) -> Family:
    """Return the family called ``name``: built in, of the catalogue, or among ``known``.

    Spaces and the brackets around parameters do not count: ``A+I`` is ``A(p) + I``.

    Raises
    ------
    ValueError
        If there is none, with the nearest names.
    """
    one_of("The name of a family", name, str, "a text")
    first = {**BUILT_IN, **(known or {})}
    families = first if name in first else {**first, **catalogue()}
    if name in families:
        return families[name]
    near = [known for known in families if typed(known) == typed(name)]
    if len(near) == 1:
        return families[near[0]]
    raise ValueError(f"Unknown family {name!r}.{nearest(name, families)}")


def typed(name: str) -> str:
    """A name as it is typed: without spaces, brackets and the parameters in them.

    >>> typed("A(p) + I")
    'A+I'
    """
    return re.sub(r"\(\w*\)|\s", "", name)


def _length(square: Any) -> Polynomial:
    """What a norm is held at; a number must be more than 0."""
    value = Polynomial.of(square)
    if value.constant is not None and not value.constant > 0:
        raise ValueError(f"Weights are held at a square norm of more than 0, got {value}.")
    return value
