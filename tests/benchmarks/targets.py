"""What was asked of speed, what is measured, and why what is not reached is not.

Sections of the report hand in what they measured; the table is written from it. Of the limits
those on sets, on flat memory and on the cold start are of this page: nobody asked for a number.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One thing that was asked: at most, or at least, so much."""

    what: str
    limit: float
    unit: str = "s"
    least: bool = False  # whether ``limit`` is the least that is asked
    reason: str = ""  # why it is not reached, where that is known

    def reached(self, value: float) -> bool:
        """Whether a measured value is good enough."""
        return value >= self.limit if self.least else value <= self.limit


NUMPY = (
    "by a profile, evaluations, calls of numpy on arrays of a few numbers, are about half "
    "of a walk; the rest is the walk and the search for events, in Python"
)
TARGETS = {
    "II": Target("type II with all spectra", 2.0, "ms", reason=NUMPY),
    "chain": Target("a step of the chain of 5, with events", 30.0, "us", reason=NUMPY),
    "sweep": Target(
        "a sweep of 250 members, over a loop", 20.0, "x", least=True,
        reason="by a profile, 70 % of the time is Newton, spectra and zeros on arrays of all "
        "members",
    ),
    "sets": Target("10 sets: d = 60 to 20 with the spectra of all irreps", 10.0),
    "exponent": Target("10 sets: exponent of that in the coordinates", 3.0, ""),
    "identify": Target("identify at k = 100", 1.0),
    "verify": Target("verify at k = 100", 1.0),
    "memory": Target("memory of both", 300.0, "MiB"),
    "lattice": Target("isotropy lattice, group of order 48 to 240", 1.0),
    "A": Target(
        "A to depth 2 (163 s before)", 16.3, reason="no profile was made",
    ),
    "I": Target("I to depth 2 (160 to 365 s before)", 36.5, reason="no profile was made"),
    "M": Target("M to depth 2 (58 s before)", 5.8, reason="no profile was made"),
    "two": Target("M to depth 2: 2 workers over 1", 1.8, "x", least=True),
    "flat": Target("memory that 100 families in a loop add after the first 10", 20.0, "MiB"),
    "cold": Target("cold start, over the bare imports", 1.5, "x"),
}  # fmt: skip
MEASURED: dict[str, float] = {}


def measured(name: str, value: float) -> None:
    """Hand in what was measured for a target."""
    most = max(value, MEASURED.get(name, value))
    MEASURED[name] = most if name == "lattice" else value  # of several groups


def rows() -> list[list[str]]:
    """A line for each target."""
    found = []
    for name, target in TARGETS.items():
        asked = (
            f"{'at least' if target.least else 'at most'} {target.limit:g} {target.unit}".strip()
        )
        value = MEASURED.get(name)
        if value is None:
            found.append([target.what, asked, "-", "not measured here"])
            continue
        good = target.reached(value)
        said = "reached" if good else f"not reached: {target.reason or 'no reason is known'}"
        found.append([target.what, asked, f"{value:.3g} {target.unit}".strip(), said])
    return found
