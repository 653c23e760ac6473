"""Case files: what to follow, as TOML, with the answer that is expected.

A case names a family (built in, or defined in the file) or a plain model, a
window, how far to explore, and an ``[expect]`` table that makes it a test.
"""

import hashlib
import math
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

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


def _size(value):
    """A number, or an expression as text."""
    return value if isinstance(value, str) else _finite(value)


Number = Annotated[int | float, BeforeValidator(_finite)]
Size = Annotated[str | int | float, BeforeValidator(_size)]
Entry = Number | tuple[Number, Number]  # or diagonal and off-diagonal


class Strict(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid")


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

    depth: int = 0
    max_branches: int = 200
    explicit: int = 3
    shares: list[Size] = []
    sizes: list[Size] = []
    finite_groups: bool = True
    both: bool = False  # of a problem that starts inside its window, the branch both ways
    equal_parts: int = 4
    submaximal: bool = False


class OptionsData(Strict):
    """See :class:`bifurc.continuation.options.Options`."""

    ds: float = 0.05
    ds_min: float = 1e-7
    ds_max: float = 1.5
    max_steps: int = 2000
    newton_tol: float = 1e-13


class DrawData(Strict):
    """What ``bifurc plot`` draws unless told otherwise."""

    y: str = "loss"


class ExpectedEvent(BaseModel):
    """An event on the first branch; the parameter's value stands under its own name."""

    model_config = ConfigDict(extra="allow")
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
    count: Annotated[int, Field(ge=1)] = 1
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
        for event in self.expect.events:
            for name, value in (event.model_extra or {}).items():
                if name != self.parameter:
                    raise ValueError(
                        f"an expected event states {name!r}, which is neither a field nor the "
                        f"parameter {self.parameter!r}"
                    )
                _finite(value)
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
        first = error.errors()[0]
        place = ".".join(map(str, filter(_written, first["loc"]))) or "the file"
        said = first["msg"].removeprefix("Value error, ")
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ValueError(f"Case {path}, {place}: {said}{more}.") from None


def _written(part: int | str) -> bool:
    """Whether a part of a place stands in the file, and is no name that pydantic gives a type."""
    return isinstance(part, int) or not part.startswith(("function-", "dict["))


def case_hash(path: str | Path) -> str:
    """SHA-256 of the file's content."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
