"""What is known of an event, and how it reads.

An event is one point of a branch. Usually the eigenvalues that vanish there
belong to one block; where a branch crosses one of larger isotropy, or by the
algebra of a kernel, those of several blocks do. Then it is still one event,
with several zeros, and its kernel is their sum.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.continuation.constants import NOISE
from bifurc.events import views
from bifurc.spectra import Eigen
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial

Index = dict[Component, int]  # number of negative eigenvalues of each block
END = "end"  # instead of a side: the branch ends at the event


def morse_index(index: Index, parameters: dict[str, float] | None = None) -> Polynomial:
    """The Morse index as a polynomial: blocks' negative eigenvalues times dimension.

    With ``parameters`` given, components that do not exist
    there (see :meth:`Component.exists`) are left out.
    """
    total = Polynomial.of(0)
    for component, negatives in index.items():
        if negatives and (parameters is None or component.exists(parameters)):
            total = total + component.dimension * negatives
    return total


def signs(
    eigens: Mapping[Component, Eigen], parameters: dict[str, float], zero: float = NOISE
) -> tuple[Polynomial, tuple[str, ...]]:
    """The Morse index, and the labels of blocks with an eigenvalue that has no sign.

    ``zero`` is what counts as zero to rounding, of the largest eigenvalue.
    """
    there = {c: e.values for c, e in eigens.items() if c.exists(parameters)}
    least = zero * max((np.abs(v).max(initial=0.0) for v in there.values()), default=0.0)
    negatives = {c: int(np.count_nonzero(v < -least)) for c, v in there.items()}
    zeros = tuple(c.label for c, v in there.items() if (np.abs(v) <= least).any())
    return morse_index(negatives, parameters), zeros


def undecided(zeros: tuple[str, ...]) -> str:
    """What is said of a critical point with such eigenvalues; "" without."""
    return f"degenerate: second order does not decide in {', '.join(zeros)}" if zeros else ""


@dataclass(frozen=True, eq=False)
class Zero:
    """Eigenvalues of one block that vanish at an event."""

    component: Component
    kernel: np.ndarray  # (copies, count), coefficients in the copies of the irrep
    speed: float  # d eigenvalue / d lam along the branch; d/ds at a fold

    def __repr__(self) -> str:
        return f"Zero: {self.kernel.shape[1]} of {self.component}, speed {self.speed:.6g}"

    def multiplicity(self, parameters: dict[str, float]) -> float:
        """Dimension of the kernel: a real number."""
        return self.kernel.shape[1] * self.component.dimension(**parameters)


@dataclass(frozen=True, eq=False)
class Event:
    """A located crossing, fold or branch point.

    ``below`` and ``above`` are the numbers of negative eigenvalues for smaller
    and larger ``lam``; at a fold, where both sheets lie on one side, before
    and after it along the branch. Where a branch ends at the event, the side
    on which it does not exist is None.

    At an event of kind ``touch`` eigenvalues reach zero and turn back, so that
    both sides have the same index. At an event of kind ``pair`` no eigenvalue
    is zero: two of one block, which can be not real where its form is not
    definite, pass the imaginary axis.
    """

    label: str  # BP, LP
    zeros: tuple[Zero, ...]  # one for each block; all formal, or none
    lam: float
    X: np.ndarray  # (n + 1,)
    tangent: np.ndarray  # (n + 1,), of the branch at the event
    parameters: dict[str, float]
    loss: float | None
    below: Index | None = field(repr=False)
    above: Index | None = field(repr=False)
    # fold, transcritical, pitchfork, degenerate, tangential, touch, pair
    kind: str = "unknown"
    position: float = 0.0  # number of the point before it, plus the share of the step
    sheet: int = 1  # 1 for the part of the branch that the walk starts on, one more after each turn
    decided: bool = True  # whether second derivatives tell minima from saddles on its branch
    # (event, params, window, options) -> Locus; bifurc.trace sets it
    follow: Callable | None = field(default=None, repr=False)
    # event -> Proof, or None if nothing can be proved here; bifurc.trace sets it
    prove: Callable | None = field(default=None, repr=False)

    def locus(self, *where: Any, **how: Any) -> Any:
        """The event in two parameters; see :func:`bifurc.loci.family.of_event`.

        Raises
        ------
        ValueError
            If it is not an event of a family that :func:`bifurc.trace` found.
        """
        if self.follow is None:
            raise ValueError("Only events of a traced family are followed in two parameters.")
        return self.follow(self, *where, **how)

    @cached_property
    def proof(self) -> Any:
        """Whether the event is proved in interval arithmetic, tried when first asked for.

        A :class:`bifurc.proof.event.Proof`, true if it is; None if it was not
        tried, as where python-flint is missing.
        """
        return None if self.prove is None else self.prove(self)

    @property
    def component(self) -> Component:
        """The block of the first zero; the only one but where several blocks vanish."""
        return self.zeros[0].component

    @property
    def kernel(self) -> np.ndarray:
        """The kernel in that block, (copies, count)."""
        return self.zeros[0].kernel

    @property
    def speed(self) -> float:
        """The speed of its eigenvalue."""
        return self.zeros[0].speed

    @property
    def irrep(self) -> str:
        """The irrep of the kernel; several are joined by "+"."""
        return "+".join(zero.component.irrep for zero in self.zeros)

    @property
    def set(self) -> str:
        """The point set of the irrep; those of several are joined by "+"."""
        return "+".join(zero.component.points for zero in self.zeros)

    @property
    def name(self) -> str:
        """The irreps with their sets, such as ``s[bulk]`` or ``t+s[bulk]``."""
        return "+".join(zero.component.label for zero in self.zeros)

    @property
    def names(self) -> frozenset[str]:
        """Everything that the event is called when one is asked for, see :func:`select`."""
        parts = {name for zero in self.zeros for name in _called(zero)}
        own = {self.name, self.irrep} | ({"fold"} if self.kind == "fold" else frozenset())
        return frozenset(_plain(name) for name in own | parts)

    @property
    def formal(self) -> bool:
        """Whether the irrep does not exist at this size."""
        return not self.component.exists(self.parameters)

    @property
    def breaks_out(self) -> bool:
        """Whether the whole kernel breaks the symmetry, so that the branch does not feel it."""
        return all(zero.component.irrep != "t" for zero in self.zeros)

    @property
    def turns(self) -> bool:
        """Whether lam turns round there, so that the branch goes on on another sheet."""
        return self.kind in ("fold", "tangential")

    @property
    def multiplicity(self) -> float:
        """Dimension of the kernel: a real number."""
        return sum(zero.multiplicity(self.parameters) for zero in self.zeros)

    def alone(self, name: str) -> "Event":
        """The zero of this name by itself, where others vanish with it; the event if none does."""
        named = [z for z in self.zeros if _plain(name) in map(_plain, _called(z))]
        inside = any(zero.component.irrep == "t" for zero in self.zeros)
        return replace(self, zeros=tuple(named)) if len(named) == 1 and not inside else self

    def index(self, side: str) -> Polynomial:
        """Morse index ``"below"`` or ``"above"`` as a polynomial in the parameters.

        Raises
        ------
        ValueError
            If the branch ends at the event and does not exist on that side.
        """
        index = getattr(self, side)
        if index is None:
            raise ValueError(f"The branch ends at {self.lam:.10g}; there is nothing {side} that.")
        return morse_index(index, self.parameters)

    def ending(self, upward: bool) -> "Event":
        """The event where a branch that comes from below (``upward``), or from above, ends."""
        return replace(self, above=None) if upward else replace(self, below=None)

    def side(self, side: str) -> str:
        """What the branch is ``"below"`` or ``"above"``: saddle, minimum, degenerate, or end."""
        if getattr(self, side) is None:
            return END
        if self.index(side).terms:
            return "saddle"
        return "minimum" if self.decided else "degenerate"

    @property
    def transition(self) -> str:
        """Such as "saddle -> minimum", as ``lam`` grows.

        "end" where the branch ends, "degenerate" where derivatives of higher order decide.
        """
        return f"{self.side('below')} -> {self.side('above')}"

    @property
    def decides(self) -> bool:
        """Whether the branch is a minimum on one side and a saddle on the other."""
        return {self.side("below"), self.side("above")} == {"saddle", "minimum"}

    def to_dict(self) -> dict[str, Any]:
        """The event as plain data, the same for tables, JSON, CSV and the graph."""
        speeds = [float(zero.speed) for zero in self.zeros]
        index = {
            side: None if getattr(self, side) is None else self.index(side).text()
            for side in ("below", "above")
        }
        return {
            "value": float(self.lam),
            "label": self.label,
            "irrep": self.irrep,
            "set": self.set,
            "kind": self.kind,
            "loss": None if self.loss is None or np.isnan(self.loss) else float(self.loss),
            "eigenvalue_speed": speeds[0] if len(speeds) == 1 else speeds,
            "index_below": index["below"],
            "index_above": index["above"],
            "transition": self.transition,
            "formal": self.formal,
            "multiplicity": float(self.multiplicity),
            "sheet": self.sheet,
        }

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {value:.10g}" for name, value in self.parameters.items())
        formal = ", formal" if self.formal else ""
        what = f"{self.name}, {self.kind}{formal}, {self.transition}"
        return f"{self.label} at {where}: {what}"

    def __repr__(self) -> str:
        return f"Event: {self}"

    def _repr_html_(self) -> str:
        return views.html_table([("", ""), *((k, str(v)) for k, v in self.to_dict().items())])


@dataclass(frozen=True, eq=False)
class Born:
    """Where a branch was born; its first point is the event in its own coordinates."""

    parent: str  # name of the branch that the event lies on
    event: Event


class NoEventError(ValueError, KeyError):
    """No event is called that, or several are."""

    __str__ = Exception.__str__


class Events(list[Event]):
    """The events of a branch in the order of the walk; one of them by its name.

    ``events["s[bulk]"]``, ``events["s:bulk"]``, ``events["s"]`` and
    ``events["fold"]`` give the only event that is called so.
    """

    def __getitem__(self, which):
        return only(self, which) if isinstance(which, str) else super().__getitem__(which)


def select(events: Iterable[Event], name: str) -> list[Event]:
    """All events with this name: ``irrep:set``, ``irrep[set]``, ``irrep`` or ``fold``.

    An event of several irreps has the names of each, and of all together.

    Raises
    ------
    NoEventError
        If there is none, with those there are.
    """
    events = list(events)
    found = [event for event in events if _plain(name) in event.names]
    if not found:
        there = ("fold" if event.kind == "fold" else _plain(event.name) for event in events)
        known = ", ".join(dict.fromkeys(there)) or "none"
        raise NoEventError(
            f"No event {name!r} on the branch; its events are {known}. Widen the window, or name "
            "another event."
        )
    return found


def only(events: Iterable[Event], name: str, near: float | None = None) -> Event:
    """The event of this name, of several the one nearest to ``near``.

    Raises
    ------
    NoEventError
        If there is none, or several and ``near`` does not say which.
    """
    found = select(events, name)
    if near is None and len(found) > 1:
        places = ", ".join(f"{event.lam:.10g}" for event in found)
        raise NoEventError(f"{len(found)} events {name!r}, at {places}; say near which one.")
    return min(found, key=lambda event: abs(event.lam - (near or 0.0)))


def _called(zero: Zero) -> tuple[str, str]:
    """The irrep of a zero with its set, and alone."""
    return zero.component.label, zero.component.irrep


def _plain(name: str) -> str:
    """A name without brackets and spaces: ``s[bulk]`` and ``s: bulk`` are ``s:bulk``."""
    return name.replace(" ", "").replace("[", ":").replace("]", "").rstrip(":")
