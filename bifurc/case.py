"""Case files: what to follow, as TOML, with the answer that is expected.

A case names a family (built in, or defined in the file) or a plain model, a
window, how far to explore, and an ``[expect]`` table that makes it a test.
"""

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from bifurc.files import read_text, reading
from bifurc.given import nearest

# names of types that pydantic puts between the keys of a place; what they are in words
TYPES = ("str", "int", "float", "bool", "FamilyData")
NUMBER = r"-?[0-9.]+(e-?[0-9]+)?"
NEEDS = {  # a part of what pydantic calls a mistake, and what is needed there in words
    "string": "text", "list": "a list", "tuple": "a list", "dict": "a table", "model": "a table",
    "int": "a whole number", "float": "a number", "finite": "a finite number",
    "bool": "true or false", "literal": "{expected}", "greater": "at least {ge:g}",
    "too_long": "at most {max_length} entries", "missing": "two entries",
}  # fmt: skip
WORDS = {
    "string": "text", "integer": "whole number", "number": "number", "boolean": "true or false",
    "array": "list", "object": "table",
}  # fmt: skip


def _finite(value):
    """A number as TOML knows them, but for nan and inf: nothing compares with those."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"needs a number, got {value!r}")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        finite = False
    if not finite:
        raise ValueError(f"needs a number, and {value} is not finite")
    return value


def _whole_number(value):
    """A whole number, however it is written: 1e3 is one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _size(value):
    """A number, or an expression as text."""
    if isinstance(value, list | dict):
        raise ValueError(f"needs a number or an expression such as 'd - 1', got {value!r}")
    return value if isinstance(value, str) else _finite(value)


Whole = Annotated[int, BeforeValidator(_whole_number)]
Number = Annotated[int | float, BeforeValidator(_finite)]
Size = Annotated[str | int | float, BeforeValidator(_size)]
# or diagonal and off-diagonal
Entry = Number | Annotated[tuple[Number, Number], Field(strict=False)]


class Strict(BaseModel):
    """Unknown keys are mistakes, and values of another type than that of their key."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FamilyData(Strict):
    """The keys of :meth:`bifurc.structure.families.Family.build`."""

    name: str
    sets: dict[str, Size]
    start: dict[str, Entry | dict[str, Entry]]
    students: list[str] | None = None
    inputs: list[str] | None = None
    teachers: list[str] | None = None
    teacher: dict[str, Any] | None = None
    student_weights: dict[str, Size] | None = None
    teacher_weights: dict[str, Size] | None = None
    decay: Size | None = None
    bias: Size | None = None
    train_weights: bool | Literal["alpha=1", "balanced"] | None = None
    sphere: Size | None = None
    row_norm: Size | None = None
    reference: dict[str, Any] | None = None
    ties: list[dict[str, str]] = []
    parameters: dict[str, Size] = {}
    kernel: str = "relu"
    kernel_parameters: dict[str, Size] = {}
    about: str = ""
    found: dict[str, dict[str, Number]] = {}
    source: str = ""


class ModelData(Strict):
    """A plain model of :mod:`bifurc.models` and a start on it."""

    name: str
    parameters: dict[str, Any] = {}
    x: list[Number]


class ProblemData(Strict):
    """A problem of one's own; see :class:`bifurc.own.problem.Problem`."""

    function: str  # "model.py:loss", beside the case file
    x0: list[Number] | None = None
    parameters: dict[str, Number] | None = None
    group: dict[str, Any] | None = None  # such as { dihedral = 6 }
    scales: dict[str, Number | list[Number]] = {}  # lengths that count as one, such as { x = 0.1 }


class ExploreData(Strict):
    """How far to go; see :class:`bifurc.switching.subgroups.Search`."""

    depth: Whole = 0
    max_branches: Whole = 200
    explicit: Whole = 3
    shares: list[Size] = []
    sizes: list[Size] = []
    finite_groups: bool = True
    both: bool = False  # of a problem that starts inside its window, the branch both ways
    equal_parts: Whole = 4
    submaximal: bool = False


class OptionsData(Strict):
    """See :class:`bifurc.continuation.options.Options`."""

    ds: float = 0.05
    ds_min: float = 1e-7
    ds_max: float = 1.5
    max_steps: Whole = 2000
    newton_tol: float = 1e-13


class DrawData(Strict):
    """What ``bifurc plot`` draws unless told otherwise."""

    y: str = "loss"


class ExpectedEvent(BaseModel):
    """An event on the first branch; the parameter's value stands under its own name."""

    model_config = ConfigDict(extra="allow", strict=True)
    irrep: str | None = None
    set: str | None = None
    kind: str | None = None
    transition: str | None = None
    multiplicity: Number | None = None
    formal: bool = False
    tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-6  # absolute, on the value
    source: str = ""


class ExpectedBranch(Strict):
    """A branch of the graph: its isotropy, and how often it must occur at least."""

    isotropy: str
    count: Annotated[Whole, Field(ge=1)] = 1
    source: str = ""


class Expect(Strict):
    """What the run must find; ``only`` forbids other events on the first branch."""

    events: list[ExpectedEvent] = []
    branches: list[ExpectedBranch] = []
    end: str | None = None
    only: bool = True


class Case(Strict):
    """One case file."""

    family: str | FamilyData | None = None
    model: ModelData | None = None
    problem: ProblemData | None = None
    set: dict[str, Size] = {}
    window: dict[str, list[Number]]
    explore: ExploreData = ExploreData()
    options: OptionsData = OptionsData()
    draw: DrawData = DrawData()
    expect: Expect = Expect()
    about: str = ""
    kind: Literal["case"] = "case"
    _folder: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _whole(self):
        if sum(given is not None for given in (self.family, self.model, self.problem)) != 1:
            raise ValueError("give one of family, model and problem")
        if len(self.window) != 1 or any(len(ends) != 2 for ends in self.window.values()):
            raise ValueError('window needs one parameter with two ends, such as "d = [40, 3.1]"')
        for number, event in enumerate(self.expect.events):
            for name, value in (event.model_extra or {}).items():
                place = f"expect.events.{number}.{name}"
                if name != self.parameter:
                    raise ValueError(
                        f"{place} is neither a field nor the parameter {self.parameter!r}"
                    )
                try:
                    _finite(value)
                except ValueError as error:
                    raise ValueError(f"{place}: {error}") from None
        return self

    @property
    def folder(self) -> Path:
        """Where the case file lies, and functions that it names."""
        return self._folder

    @property
    def parameter(self) -> str:
        """The parameter that runs."""
        return next(iter(self.window))


def load_case(path: str | Path) -> Case:
    """Read a case file.

    Raises
    ------
    ValueError
        With one line that says which field is wrong and why.
    """
    with reading(path, "is not TOML", "see the cases of the package for how one is written"):
        data = tomllib.loads(read_text(path))
    try:
        case = Case(**data)
        case._folder = Path(path).parent
        return case
    except ValidationError as error:
        found = [one for one in error.errors() if _meant(one["loc"], data)] or error.errors()
        first = min(found, key=lambda one: one["type"] != "extra_forbidden")  # a key mistyped
        raise ValueError(f"Case {path}, {_said(first)}.") from None


def _meant(place: tuple, data: dict) -> bool:
    """Whether a complaint is about what was written: a family is a name or a table."""
    as_table = isinstance(data.get("family"), dict)
    return place[:2] != (("family", "str") if as_table else ("family", "FamilyData"))


def _said(error: Any) -> str:
    """The place of a mistake and what is wrong there; of an unknown key the nearest right one."""
    *above, last = [part for part in error["loc"] if _written(part)] or ["the file"]
    place = ".".join(map(str, [*above, last]))
    if error["type"] == "extra_forbidden":
        table = f"[{'.'.join(map(str, above))}]" if above else "the file"
        known = list(_table(above).model_fields)
        return f"{table}: there is no key {last!r}.{nearest(last, known)}".rstrip(".")
    if error["type"] == "missing" and isinstance(last, str):
        return f"{place}: the key {last!r} is missing"
    if error["type"] == "value_error":  # our own; of the whole file it names the place itself
        said = str(error["ctx"]["error"])
        return f"{place}: {said}" if error["loc"] else said
    more = error.get("ctx", {})
    kinds = (words for kind, words in NEEDS.items() if kind in error["type"])
    return f"{place}: needs {next(kinds, 'another value').format(**more)}, got {error['input']!r}"


def _table(place: Sequence[int | str]) -> type[BaseModel]:
    """The model of the table at a place in a case file."""
    model: type[BaseModel] = Case
    for part in place:
        if isinstance(part, str):
            model = next(_models(model.model_fields[part].annotation))
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type such as ``str | FamilyData`` or ``list[ExpectedEvent]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _written(part: int | str) -> bool:
    """Whether a part of a place stands in the file, and is no name that pydantic gives a type."""
    return isinstance(part, int) or not (
        part.startswith(("function-", "dict[", "tuple[", "literal[")) or part in TYPES
    )


def described() -> Iterator[str]:
    """Every table and key of a case file, a line each, from the schema."""
    schema = Case.model_json_schema()
    places = {"Case": ""} | {
        name: place.strip(".") for name, place in _places(schema["properties"], schema, "")
    }
    for name, place in places.items():
        table = schema if name == "Case" else schema["$defs"][name]
        yield f"[{place}]" if place else "at the top"
        needed = table.get("required", ())
        for key, kind in table["properties"].items():
            if key in ("kind",) and not place:
                continue
            default = kind.get("default")
            more = "needed" if key in needed else "" if default in (None, "", [], {}) else default
            more = json.dumps(more) if isinstance(more, bool) else more
            tail = f"  ({more})" if more != "" and not isinstance(more, dict) else ""
            yield f"  {key:18} {_kind(kind)}{tail}"
        yield ""


def _places(properties: dict, schema: dict, above: str) -> Iterator[tuple[str, str]]:
    """Names of tables in the schema and where they stand."""
    for key, kind in properties.items():
        for name in re.findall(r"#/\$defs/(\w+)", json.dumps(kind)):
            place = f"{above}.{key}"
            yield name, place
            yield from _places(schema["$defs"][name]["properties"], schema, place)


def _kind(kind: dict) -> str:
    """What a value may be, in words."""
    if "$ref" in kind:
        return "table"
    if "const" in kind or "enum" in kind:
        return " or ".join(json.dumps(one) for one in kind.get("enum", [kind.get("const")]))
    if "anyOf" in kind:
        words = dict.fromkeys(_kind(one) for one in kind["anyOf"] if one.get("type") != "null")
        words.pop("whole number", None) if "number" in words else None
        return " or ".join(words)
    inner = kind.get("items") or kind.get("additionalProperties")
    inside = f" of {_kind(inner)}" if isinstance(inner, dict) and inner else ""
    return WORDS.get(kind.get("type", ""), "any value") + inside


def new_case(family: str, parameters: Mapping[str, str]) -> str:
    """The text of a case about a family, to start from."""
    window = "d = [40, 3.1]" if "d" in parameters else f"{next(iter(parameters), 'd')} = [2, 1]"
    others = ", ".join(
        f"{name} = {value if re.fullmatch(NUMBER, value) else json.dumps(value)}"
        for name, value in parameters.items()
        if f"{name} =" not in window
    )
    lines = [
        "# bifurc case tells every key of this file",
        f'family = "{family}"',
        *([f"set = {{ {others} }}"] if others else []),
        f"window = {{ {window} }}",
        "",
        "[explore]",
        "depth = 1  # how many times to switch to what is born; 0 follows the family alone",
        "",
        "[draw]",
        'y = "loss"',
        "",
        "# [[expect.events]]  # what the run must find makes the case a test",
        '# transition = "saddle -> minimum"',
    ]
    return "\n".join(lines) + "\n"


def case_hash(path: str | Path) -> str:
    """SHA-256 of the file's content."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
