"""The spectrum of a family, or of a problem of one's own, at one place, in the forms of papers.

>>> found = spectrum("A", d=20, form="gn")
>>> round(float(found.eigenvalues["x[all]"][0]), 9)
0.09084492
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurc.api import first_of
from bifurc.events.records import signs, undecided
from bifurc.loss.forms import Form
from bifurc.loss.problem import NetworkProblem
from bifurc.members import Member
from bifurc.seeds import member_of, named
from bifurc.spectra import Block
from bifurc.structure.irreps import Component


@dataclass(frozen=True, eq=False)
class Spectrum:
    """All eigenvalues at a critical point, block by block.

    Index and ``is_minimum`` are always those of the whole Hessian.
    """

    family: str
    member: Member
    form: Form
    blocks: Mapping[Component, Block]
    index: float
    note: str  # what second derivatives do not decide

    @property
    def problem(self):
        """The reduced problem, along the parameter that was given first."""
        return self.member.problem

    @property
    def point(self):
        """The critical point."""
        return self.member.point

    @property
    def loss(self) -> float:
        """The loss, with its factor 1/2 if the form has it; nan if it is lost in rounding."""
        value = float(self.problem.losses(self.point.x[None], np.array([self.point.lam]))[0])
        return value if self.form.half else 2.0 * value

    @property
    def eigenvalues(self) -> dict[str, np.ndarray]:
        """Of each block by its label, ascending; neutral ones left out."""
        return {c.label: block.eigen().values for c, block in self.blocks.items()}

    @property
    def multiplicities(self) -> dict[str, str]:
        """How often those of a block count in the full Hessian, in the parameters: ``d - 1``."""
        return {c.label: str(c.dimension) for c in self.blocks}

    @property
    def is_minimum(self) -> bool:
        """Neutral directions aside, and as far as second derivatives tell."""
        return self.index == 0 and not self.note

    @property
    def kind(self) -> str:
        """Minimum or saddle, as far as second derivatives tell."""
        if self.is_minimum:
            return "minimum"
        return "saddle" if self.index or not self.note else self.note

    def to_dict(self) -> dict:
        """Numbers and words alone, as ``bifurc spectrum --json`` prints them."""
        problem, x, lam = self.problem, self.point.x, self.point.lam
        parameters, g = problem.parameters(lam), problem.jacobian(x, lam)[0]
        state, network = problem.full_state(x), isinstance(problem, NetworkProblem)
        return {
            "family": self.family,
            "at": parameters,
            "loss": None if math.isnan(self.loss) else self.loss,
            "gradient_norm": float(np.sqrt(np.sum(problem.weights(lam) * g * g))),
            "coordinates": dict(zip(problem.coordinate_names, state.tolist(), strict=True)),
            "form": self.form.form,
            "part": self.form.part,
            "metric": dict(self.form.metric or {}),
            "half": self.form.half,
            "output_weights": (problem.structure.trained or "fixed") if network else None,
            "blocks": [
                {
                    "irrep": c.irrep,
                    "set": c.points,
                    "dimension": c.dimension(**parameters),
                    "multiplicity": str(c.dimension),
                    "eigenvalues": block.eigen().values.tolist(),
                    "neutral": [0.0] * block.neutrals,
                    "neutral_reasons": problem.known_zeros(c, x, lam)
                    if network and block.neutrals
                    else {},
                }
                for c, block in self.blocks.items()
            ],
            "index": self.index,
            "is_minimum": self.is_minimum,
            "sheet": self.member.sheet,
            "note": self.note,
        }

    def __repr__(self) -> str:
        at = ", ".join(f"{k} = {v:g}" for k, v in self.problem.parameters(self.point.lam).items())
        return f"Spectrum of {self.family} at {at}, index {self.index:g}: {self.kind}"

    def __str__(self) -> str:
        data = self.to_dict()
        loss = "lost in rounding" if data["loss"] is None else f"{data['loss']:.12g}"
        lines = [
            f"{self.family} at {', '.join(f'{k} = {v:g}' for k, v in data['at'].items())}",
            f"loss {loss}, |gradient| {data['gradient_norm']:.1e}",
        ]
        lines += [f"  {name:24} {entry: .12f}" for name, entry in data["coordinates"].items()]
        for block in data["blocks"]:
            label = f"{block['irrep']}[{block['set']}]" if block["set"] else block["irrep"]
            values = "  ".join(f"{v:.10g}" for v in block["eigenvalues"])
            reasons = ", ".join(block["neutral_reasons"])
            neutral = f"  (and {len(block['neutral'])} neutral{': ' * bool(reasons)}{reasons})"
            dimension = f"{block['dimension']:.6g}"
            if block["multiplicity"] != dimension:
                dimension = f"{block['multiplicity']} = {dimension}"
            lines.append(
                f"{label:12} dim {dimension:<10} {values}{neutral * bool(block['neutral'])}"
            )
        return "\n".join([*lines, f"index {self.index:g}: {self.kind}"])


def spectrum(
    family: Any,
    form: str = "hessian",
    part: str = "all",
    metric: Mapping[str, float] | None = None,
    half: bool = True,
    **parameters: Any,
) -> Spectrum:
    """The spectrum of a family's member.

    Parameters
    ----------
    family : Family, Problem, str or Path
        A family, its name, a case file, or a problem of one's own.
    form, part, metric, half
        Which form of the Hessian, see :class:`bifurc.loss.forms.Form`.
    **parameters
        Where: values by name, such as ``d=20``.
    """
    name, value, others = first_of(parameters)
    about: Any = named(family)
    shown = Form(form, part, metric, half)
    there = member_of(about, name, value, others)
    reduced, x, lam = there.problem, there.point.x, there.point.lam
    at, whole = reduced.parameters(lam), reduced.blocks(x, lam)
    index, zeros = signs({c: block.eigen() for c, block in whole.items()}, at)
    note = reduced.neutrals.note(at) or undecided(zeros)
    called = getattr(about, "name", "model")
    return Spectrum(called, there, shown, shown.blocks(reduced, x, lam), index(**at), note)
