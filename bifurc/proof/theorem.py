"""From a window to infinity: a certified branch and a certificate at every large size, as one."""

from bifurc.proof import record
from bifurc.proof.branch import tubes_of
from bifurc.proof.interval import NotCertifiedError, enclosing, flint, precision
from bifurc.proof.limit import holds

ENTRIES = ("schema", "kind", "certificates", "proved", "checksum")


def conclusions(data: dict) -> dict:
    """What two proved certificates say together.

    Both are of one problem, and at one lam the end of the branch lies in the
    box that holds one zero there; so beyond it the branch goes on to infinity,
    and where its other pieces have no crossing the signs are the same.

    Raises
    ------
    NotCertifiedError
        If they are not of one branch.
    """
    branch, limit = members(data)
    if branch["problem"] != limit["problem"]:
        raise NotCertifiedError("The two certificates are of different problems.")
    with precision(max(branch["precision"], limit["precision"])):
        tubes = tubes_of(branch, enclosing(record.problem_from_data(branch["problem"])))
        ends = [t.enclose(flint.arb(s))[0] for t, s in ((tubes[0], -1), (tubes[-1], 1))]
        up = bool(ends[1][-1] > ends[0][-1])
        *x, lam = ends[up]
        if not holds(limit, x, lam):
            raise NotCertifiedError("The branch does not end on what is proved at infinity.")
    proved = branch["proved"]
    last = -1 if up else 0
    counts = {label: run[last] for label, run in proved["negative"].items()}
    if counts != limit["proved"]["negative"]:
        raise NotCertifiedError("The signs of the two certificates differ.")
    events = proved["events"]
    named = [event["component"] for event in events]
    if any(len(run) != 1 + named.count(label) for label, run in proved["negative"].items()):
        raise NotCertifiedError("An irrep ends and begins again along the branch.")
    since = events[last]["at"][1] if events else proved["window"][not up][1]
    return {"beyond": since, "negative": counts, "is_minimum": not any(counts.values())}


def members(data: dict) -> list:
    """The certificates of a branch and of a limit."""
    found = data["certificates"]
    if not isinstance(found, list) or [one.get("kind") for one in found] != ["branch", "limit"]:
        raise ValueError("it is not the certificates of a branch and of a limit")
    return found
