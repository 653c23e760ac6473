"""Case files: what to follow, as TOML, with the answer that is expected.

A case names a family (built in, or defined in the file) or a plain model, a
window, how far to explore, and an ``[expect]`` table that makes it a test.
"""

import hashlib
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

Number = float | int
Entry = Number | tuple[Number, Number]  # or diagonal and off-diagonal


class Strict(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid")


class FamilyData(Strict):
    """The keys of :meth:`bifurc.structure.families.Family.build`."""

    name: str
    sets: dict[str, str | Number]
    start: dict[str, Entry | dict[str, Entry]]
    students: list[str] | None = None
    inputs: list[str] | None = None
    teachers: list[str] | None = None
    teacher: dict[str, Any] | None = None
    student_weights: dict[str, Number] | None = None
    teacher_weights: dict[str, Number] | None = None
    parameters: dict[str, str | Number] = {}
    kernel: str = "relu"
    kernel_parameters: dict[str, str | Number] = {}
    about: str = ""
    found: dict[str, dict[str, Number]] = {}
    source: str = ""


class ModelData(Strict):
    """A plain model of :mod:`bifurc.models` and a start on it."""

    name: str
    parameters: dict[str, Any] = {}
    x: list[Number]


class ExploreData(Strict):
    """How far to go; see :class:`bifurc.switching.subgroups.Search`."""

    depth: int = 0
    max_branches: int = 200
    explicit: int = 3
    shares: list[str | Number] = []
    sizes: list[str | Number] = []
    finite_groups: bool = True
    equal_parts: int = 4


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
    multiplicity: float | None = None
    formal: bool = False
    tolerance: float = 1e-6  # absolute, on the value
    source: str = ""


class ExpectedBranch(Strict):
    """A branch of the graph: its isotropy, and how often it must occur at least."""

    isotropy: str
    count: int = 1
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
    set: dict[str, str | Number] = {}
    window: dict[str, list[Number]]
    explore: ExploreData = ExploreData()
    options: OptionsData = OptionsData()
    draw: DrawData = DrawData()
    expect: Expect = Expect()
    about: str = ""
    kind: Literal["case"] = "case"

    @model_validator(mode="after")
    def _whole(self):
        if (self.family is None) == (self.model is None):
            raise ValueError("give either a family or a model")
        if len(self.window) != 1 or any(len(ends) != 2 for ends in self.window.values()):
            raise ValueError('window needs one parameter with two ends, such as "d = [40, 3.1]"')
        return self

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
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"Case {path} cannot be read: {error.strerror or error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"Case {path} is not TOML: {error}.") from None
    try:
        return Case(**data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ValueError(f"Case {path}, {place}: {first['msg']}{more}.") from None


def case_hash(path: str | Path) -> str:
    """SHA-256 of the file's content."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
