"""Follow a trial with default options and say whether what comes out is true."""

import numpy as np

from bifurc.continuation.trace import point_at
from bifurc.events.branch import Branch, follow
from tests.honesty.problems import Trial

OFF = 1e-7  # of a point from its curve


def verdict(trial: Trial) -> tuple[str, str]:
    """("right" | "honest" | "wrong", why): honest is a branch that says that it ended early."""
    try:
        start = point_at(trial.problem, trial.x, trial.lam, towards=trial.towards)
        branch = follow(trial.problem, start, trial.window, trial.options)
    except Exception as error:  # whatever it is, it is no answer
        return "wrong", f"{type(error).__name__}: {error}"
    return _compared(trial, branch)


def _compared(trial: Trial, branch: Branch) -> tuple[str, str]:
    off = float(trial.on_branch(branch.x, branch.lam).max())
    if not off < OFF:
        return "wrong", f"a point is {off:.1e} off the branch ({branch.status.name})"
    found = [e.lam for e in branch.events for _ in range(e.kernel.shape[1])]
    if branch.status.early:
        known = list(trial.events)
        rest = [lam for lam in found if not any(abs(lam - one) < trial.near for one in known)]
        return ("wrong", f"events {rest} that are none") if rest else ("honest", branch.status.name)
    if branch.status is not trial.status:
        return "wrong", f"ends with {branch.status.name} at {branch.lam[-1]:.6g}"
    if len(found) != len(trial.events):
        return "wrong", _missing(found, trial.events, trial.near)
    if not np.allclose(found, trial.events, rtol=0, atol=trial.near):
        return "wrong", f"found {found}, right {trial.events}"
    return "right", ""


def _missing(found, right, near) -> str:
    lost = [lam for lam in right if not any(abs(lam - one) < near for one in found)]
    more = [lam for lam in found if not any(abs(lam - one) < near for one in right)]
    return f"{len(found)} of {len(right)} events, lost {lost}, wrong {more}"
