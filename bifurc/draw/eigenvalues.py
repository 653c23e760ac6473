"""All isotypic eigenvalues along one branch."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from bifurc import given
from bifurc.draw.curves import POINTS, abscissae, drawn, spectrum
from bifurc.draw.diagram import symbol
from bifurc.draw.style import GREY, axes, key, legend, look_of, marker_of, pretty
from bifurc.draw.view import across, few, say, scale_to
from bifurc.events.branch import Branch
from bifurc.structure.irreps import Component


@dataclass(frozen=True, eq=False)
class Eigencurves:
    """The eigenvalues of one component along a branch."""

    component: Component
    x: np.ndarray  # (points,)
    values: np.ndarray  # (points, copies), ascending

    @property
    def label(self) -> str:
        """The irrep, and how often each eigenvalue counts as a polynomial in the sizes."""
        times = pretty(self.component.dimension.text())
        bare = times.startswith("(") or " " not in times
        return f"{self.component.label} × {times if bare else f'({times})'}"

    def rows(self) -> list[dict]:
        """One row for each eigenvalue at each point, as plain data."""
        about = {"irrep": self.component.irrep, "set": self.component.points}
        return [
            about | {"number": j, "x": float(x), "y": float(y)}
            for x, values in zip(self.x, self.values, strict=True)
            for j, y in enumerate(values)
        ]


def eigencurves(branch: Branch, x: str | None = None, window=None) -> list[Eigencurves]:
    """The eigenvalues that :func:`eigenvalues` draws; none where the irrep does not exist."""
    parts = [X for _, X in drawn(branch, window, POINTS)]
    if not parts:
        raise ValueError(f"The branch is not in the window {window}; choose another.")
    X = np.concatenate([part[int(i > 0) :] for i, part in enumerate(parts)])
    at = abscissae(branch.problem, X, x)
    return [Eigencurves(one, at, values) for one, values in spectrum(branch.problem, X).items()]


def eigenvalues(
    branch: Branch,
    ax: Axes | None = None,
    *,
    x: str | None = None,
    window: tuple[float, float] | None = None,
    explain: bool = True,
):
    """Draw every eigenvalue of the Hessian along a branch, one colour for each irrep.

    Parameters
    ----------
    branch : Branch
    ax : Axes, optional
    x, window : see :func:`bifurc.draw.curves`
    explain : bool
        Whether to add a legend, with the multiplicity of each irrep.

    Returns
    -------
    fig, ax
    """
    given.one_of("branch", branch, Branch, "a branch")
    found = eigencurves(branch, x, window)
    fig, ax = axes(ax)
    ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=1)
    looks = _looks([one.component for one in found])
    keys = []
    for one in found:
        ax.plot(one.x, one.values, **looks[one.component])
        keys.append(key(one.label, **looks[one.component]))
    low, high = window or (found[0].x.min(), found[0].x.max())
    for event in branch.events:
        if not event.formal and low <= event.lam <= high:
            at = abscissae(branch.problem, event.X[None], x)
            look = marker_of(symbol(event), True, look_of(symbol(event))[1])
            ax.plot(at, [0.0], zorder=4, **look)
            keys.append(key(f"{event.name}: {event.kind} at {at[0]:.7g}", **look))
    across(ax, low, high)
    gone = scale_to(ax, [one.x for one in found], [one.values for one in found], [0.0])
    if gone:
        say(ax, [f"leaves the frame: {few(found[i].component.label for i in gone)}"])
    ax.set_xlabel(x or branch.problem.parameter)
    ax.set_ylabel("eigenvalue of the Hessian")
    if explain:
        legend(ax, keys)
    return fig, ax


def _looks(components: list[Component]) -> dict[Component, dict]:
    """Colour by irrep; a second set with the same irrep gets another dash."""
    dashes = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
    seen: dict[str, int] = {}
    looks = {}
    for component in components:
        number = seen.setdefault(component.irrep, 0)
        seen[component.irrep] += 1
        looks[component] = {
            "color": look_of(component.irrep)[1],
            "linestyle": dashes[number % len(dashes)],
        }
    return looks
