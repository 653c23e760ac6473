"""Equivariant bifurcation continuation: fractional critical dimensions of loss landscapes."""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# where names live; they are loaded when first asked for, so that ``import bifurc`` stays cheap
_NAMES = {
    "bifurc.api": "family problem member trace explore locus",
    "bifurc.certified": "asymptotics certify certify_at certify_branch certify_event"
    " certify_to_infinity check",
    "bifurc.continuation.options": "Options",
    "bifurc.continuation.problem": "PlainProblem",
    "bifurc.errors": "EndedEarlyError EndedEarlyWarning NotDefinedError OtherBranchWarning"
    " WorkerDiedError ZeroRowError",
    "bifurc.events.marks": "when",
    "bifurc.events.records": "NoEventError",
    "bifurc.files": "FileError",
    "bifurc.graph.files": "load",
    "bifurc.identification.descend": "descend",
    "bifurc.identification.embed": "embed",
    "bifurc.identification.identify": "identify",
    "bifurc.identification.verify": "verify",
    "bifurc.landscapes.arcs": "arcs",
    "bifurc.landscapes.atlas": "update_atlas",
    "bifurc.landscapes.connections": "landscape",
    "bifurc.landscapes.discover": "discover",
    "bifurc.loss.start": "StartError",
    "bifurc.own.problem": "Problem",
    "bifurc.page.write": "report",
    "bifurc.proof.interval": "NotCertifiedError",
    "bifurc.proof.remainder": "loss_remainder",
    "bifurc.spectral": "spectrum",
    "bifurc.structure.families": "Family",
    "bifurc.structure.structure": "Structure",
    "bifurc.sweeps.sweep": "sweep",
    "bifurc.switching.subgroups": "Search",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
_MODULES = {"draw": "bifurc.draw", "groups": "bifurc.groups", "kernels": "bifurc.loss.kernels"}

__all__ = [*_HOMES, *_MODULES]  # noqa: PLE0604 (names, looked up when asked for)

if TYPE_CHECKING:  # the same, for those who read without running
    from bifurc import draw as draw
    from bifurc import groups as groups
    from bifurc.api import explore as explore
    from bifurc.api import family as family
    from bifurc.api import locus as locus
    from bifurc.api import member as member
    from bifurc.api import problem as problem
    from bifurc.api import trace as trace
    from bifurc.certified import asymptotics as asymptotics
    from bifurc.certified import certify as certify
    from bifurc.certified import certify_at as certify_at
    from bifurc.certified import certify_branch as certify_branch
    from bifurc.certified import certify_event as certify_event
    from bifurc.certified import certify_to_infinity as certify_to_infinity
    from bifurc.certified import check as check
    from bifurc.continuation.options import Options as Options
    from bifurc.continuation.problem import PlainProblem as PlainProblem
    from bifurc.errors import EndedEarlyError as EndedEarlyError
    from bifurc.errors import EndedEarlyWarning as EndedEarlyWarning
    from bifurc.errors import NotDefinedError as NotDefinedError
    from bifurc.errors import OtherBranchWarning as OtherBranchWarning
    from bifurc.errors import WorkerDiedError as WorkerDiedError
    from bifurc.errors import ZeroRowError as ZeroRowError
    from bifurc.events.marks import when as when
    from bifurc.events.records import NoEventError as NoEventError
    from bifurc.files import FileError as FileError
    from bifurc.graph.files import load as load
    from bifurc.identification.descend import descend as descend
    from bifurc.identification.embed import embed as embed
    from bifurc.identification.identify import identify as identify
    from bifurc.identification.verify import verify as verify
    from bifurc.landscapes.arcs import arcs as arcs
    from bifurc.landscapes.atlas import update_atlas as update_atlas
    from bifurc.landscapes.connections import landscape as landscape
    from bifurc.landscapes.discover import discover as discover
    from bifurc.loss import kernels as kernels
    from bifurc.loss.start import StartError as StartError
    from bifurc.own.problem import Problem as Problem
    from bifurc.page.write import report as report
    from bifurc.proof.interval import NotCertifiedError as NotCertifiedError
    from bifurc.proof.remainder import loss_remainder as loss_remainder
    from bifurc.spectral import spectrum as spectrum
    from bifurc.structure.families import Family as Family
    from bifurc.structure.structure import Structure as Structure
    from bifurc.sweeps.sweep import sweep as sweep
    from bifurc.switching.subgroups import Search as Search


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    raise AttributeError(f"module 'bifurc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
