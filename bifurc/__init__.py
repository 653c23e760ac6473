"""Equivariant bifurcation continuation: fractional critical dimensions of loss landscapes."""

import importlib

__version__ = "0.1.0"

# what a name is and where it lives; loaded when first asked for, so that
# ``import bifurc`` stays cheap
_HOMES = {
    "family": "bifurc.api",
    "problem": "bifurc.api",
    "member": "bifurc.api",
    "trace": "bifurc.api",
    "explore": "bifurc.api",
    "load": "bifurc.graph.files",
    "identify": "bifurc.identification.identify",
    "embed": "bifurc.identification.embed",
    "descend": "bifurc.identification.descend",
    "verify": "bifurc.identification.verify",
    "Search": "bifurc.switching.subgroups",
    "locus": "bifurc.api",
    "report": "bifurc.page.write",
    "asymptotics": "bifurc.certified",
    "certify": "bifurc.certified",
    "check": "bifurc.certified",
    "Problem": "bifurc.own.problem",
    "when": "bifurc.events.marks",
    "StartError": "bifurc.loss.start",
    "EndedEarlyError": "bifurc.errors",
    "FileError": "bifurc.files",
    "NotCertifiedError": "bifurc.proof.interval",
    "certify_event": "bifurc.certified",
    "certify_at": "bifurc.certified",
    "certify_branch": "bifurc.certified",
    "certify_to_infinity": "bifurc.certified",
    "loss_remainder": "bifurc.proof.remainder",
    "Family": "bifurc.structure.families",
    "Structure": "bifurc.structure.structure",
    "PlainProblem": "bifurc.continuation.problem",
    "Options": "bifurc.continuation.options",
    "EndedEarlyWarning": "bifurc.errors",
    "OtherBranchWarning": "bifurc.errors",
}

_MODULES = {"draw": "bifurc.draw", "groups": "bifurc.groups", "kernels": "bifurc.loss.kernels"}

__all__ = [*_HOMES, *_MODULES]  # noqa: PLE0604 (names, looked up when asked for)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    raise AttributeError(f"module 'bifurc' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
