"""How to walk a branch, and how a walk can end."""

from dataclasses import dataclass
from enum import Enum

from bifurc import given

COUNTS = ("max_iterations", "ahead", "target_iterations")


@dataclass(frozen=True)
class Options:
    """How to walk a branch.

    Lengths are arclength in the problem's own scales: for families, about one
    when a size doubles or trebles, or when a row of W turns by a radian.
    """

    ds: float = 0.05  # first step: small against one, so that the start is not left unseen
    ds_min: float = 1e-7  # below it a step no longer changes the sixth digit
    ds_max: float = 1.5  # sizes change at most by the factor 4.5 between points
    max_steps: int = 2000
    newton_tol: float = 1e-13  # on the error left, in scales, as the last two updates predict it
    max_iterations: int = 8  # past this a shorter step is cheaper than more Newton
    ahead: int = 8  # most points that are corrected at once, where the problem takes batches
    target_iterations: int = 3  # what a well chosen step costs
    max_turn: float = 0.4  # largest angle between neighbouring tangents, in radians
    max_correction: float = 0.3  # largest distance of the corrector from the predictor, over ds

    def __post_init__(self):
        for name in ("ds", "ds_min", "ds_max", "newton_tol", "max_turn", "max_correction"):
            given.number(name, getattr(self, name), 0)
        for name, least in (("max_steps", 0), *dict.fromkeys(COUNTS, 1).items()):
            object.__setattr__(self, name, given.whole(name, getattr(self, name), least))
        if not 0 < self.ds_min <= self.ds <= self.ds_max < float("inf"):
            raise ValueError(
                "Steps must satisfy 0 < ds_min <= ds <= ds_max, got "
                f"{self.ds_min}, {self.ds}, {self.ds_max}."
            )
        if not 0 < self.newton_tol < 1:
            raise ValueError(f"newton_tol must lie between 0 and 1, got {self.newton_tol}.")


class Status(Enum):
    """How a correction, or a whole branch, ended."""

    CONVERGED = "Newton converged."
    STALLED = "Newton ran out of iterations; the step is too long or newton_tol too tight."
    SINGULAR = "The bordered Jacobian is singular; two branches may cross here."
    OUTSIDE = "The loss is not defined further on: a size or an angle leaves its range."
    ZERO_ROW = "A row of W goes to zero, where the loss is not smooth."
    TURNED = "The tangent turned further than max_turn in one step."
    SLOW = "Newton took more iterations than a step that is short enough does."
    FAR = "The chord left the tangents at its ends further than max_correction allows."
    UNEXPLAINED = "Eigenvalues changed sign without a matching fold or branch point on the branch."
    ONE_WAY = "The step back from the new point did not lead to the old one."
    WINDOW = "The branch reached the end of the window."
    MAX_STEPS = "The branch took max_steps steps; raise max_steps or ds_max to follow it further."
    CLOSED = "The branch closed: it came back to its start."
    STEP_FLOOR = "The step fell below ds_min; lower ds_min or look at the end point."
    JUMP = "Every step on seems to land on another branch; the branch was stopped before it."
    RETURNED = "The branch meets a state of larger isotropy; it ends in a branch point of that one."
    STOPPED = "A watched function took its value, and the branch was to stop there."
    MET = "The branch runs into a branch point that branches are born at already; it ends there."

    @property
    def ok(self) -> bool:
        """Whether a correction succeeded."""
        return self is Status.CONVERGED

    @property
    def early(self) -> bool:
        """Whether a branch ended before it was done."""
        return self in (Status.STEP_FLOOR, Status.MAX_STEPS, Status.JUMP)
