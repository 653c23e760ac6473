"""Certificates of a family by name, and its limit at large sizes."""

from fractions import Fraction
from numbers import Real
from typing import Any

from bifurc import seeds
from bifurc.api import as_family, member, problem, trace
from bifurc.case import Case
from bifurc.events.records import only
from bifurc.given import number, place
from bifurc.loss.problem import NetworkProblem
from bifurc.own.check import check as own_check
from bifurc.own.problem import Problem
from bifurc.proof import branch as branches
from bifurc.proof import certificate, record
from bifurc.proof.asymptotics import Asymptotics, expand
from bifurc.proof.interval import need_flint
from bifurc.proof.limit import certify_limit
from bifurc.proof.plain import certify_model
from bifurc.proof.teacher import certify_teacher, learnt_everywhere
from bifurc.structure.families import Family

LARGE = 100  # a value at which every family is there
BEYOND = 1.01  # where a branch joins what is proved from some value on, in units of that


def certify(
    family: Family | str,
    event: str | None = None,
    near: float | None = None,
    digits: int = 15,
    partial: bool = False,
    **parameters: Any,
) -> dict:
    """Prove an event of a family, or the kind of its critical points at given sizes.

    Parameters
    ----------
    family : Family or str
    event : str, optional
        Irrep and point set, such as ``"s:bulk"`` or ``"t"``.
    near : float, optional
        Where the event is, if the family has several such events.
    digits : int
        Decimal digits of the critical value.
    partial : bool
        Where a branch is not proved to its end, return what is proved of it.
    **parameters
        With ``event`` a window such as ``d=(40, 3.1)`` in which it lies.
        Without, a number, or a list or range of them such as
        ``d=range(6, 41)``; or a window ``d=(40, 3.2)``: the branch is followed
        from the first value on, past folds, until it leaves the window, and
        all of it is proved to be one smooth curve, with no crossing but those
        it states.

    Returns
    -------
    dict
        The certificate as plain data, for :func:`check` or ``json``.

    Raises
    ------
    NotCertifiedError
        If the proof does not go through.
    ValueError
        If there is no such event, or python-flint is missing.

    Examples
    --------
    >>> certify("II", event="s:bulk", digits=30, d=(12, 5))["proved"]["value"]
    '5.58550524742588000694117627762'
    """
    need_flint()
    if isinstance(seeds.named(family), Case):
        return _of_model(family, event, parameters, digits)
    if event is not None:
        branch = trace(family, **parameters)
        if not isinstance(branch.problem, NetworkProblem):
            raise ValueError("Only events of families are proved, not those of other problems.")
        return certificate.certify_event(branch.problem, only(branch.events, event, near), digits)
    parameter, values = _values(parameters)
    if isinstance(values, tuple):
        first, last = map(float, values)
        reduced, point = member(family, parameter, first)
        reduced.structure.check_sizes(reduced.parameters(last))
        return branches.certify_branch(reduced, point.x, first, last, partial)
    found = [_point(as_family(family), parameter, value, digits) for value in values]
    return found[0] if len(found) == 1 else certificate.join(found)


def certify_event(
    family: Any, event: str, near: float | None = None, digits: int = 15, **window: Any
) -> dict:
    """Prove an event of a family in a window such as ``d=(40, 3.1)``; see :func:`certify`."""
    return certify(family, event, near, digits, **window)


def certify_at(family: Any, digits: int = 15, **values: Any) -> dict:
    """Prove the kind of critical points at ``d=6`` or ``d=range(6, 41)``; see :func:`certify`."""
    return certify(family, digits=digits, **values)


def certify_branch(family: Any, partial: bool = False, **window: Any) -> dict:
    """Prove that a branch is one smooth curve in ``d=(40, 3.2)``; see :func:`certify`."""
    return certify(family, partial=partial, **window)


def certify_to_infinity(
    family: Family | str, last: float | None = None, parameter: str = "d"
) -> dict:
    """Prove a family of ReLU critical points at every large value of a parameter.

    Where the student is the teacher, it is proved to be a minimum at every
    real value beyond ``last``.

    Parameters
    ----------
    family : Family or str
    last : float, optional
        Prove the branch from there on, with all its crossings, to infinity;
        by default, and where that says it already, only what holds beyond
        some large value.
    parameter : str

    Raises
    ------
    NotCertifiedError
        If the proof does not go through.

    Examples
    --------
    >>> certify_to_infinity("A")["proved"]["from"]
    '256'
    """
    need_flint()
    reduced = problem(as_family(family), parameter)

    def coordinates(lam: float):
        return member(family, parameter, lam)[1].x

    if last is not None:
        reduced.structure.check_sizes(reduced.parameters(last))
    x = coordinates(LARGE)
    if learnt_everywhere(reduced, x):
        return certify_teacher(reduced, x, Fraction(str(LARGE if last is None else last)))
    of_limit = certify_limit(reduced, coordinates)
    beyond = float(of_limit["proved"]["from"])
    if last is None or last >= beyond:
        return of_limit
    first = BEYOND * beyond
    of_branch = branches.certify_branch(reduced, coordinates(first), first, float(last))
    return certificate.prove_theorem(of_branch, of_limit)


def check(source) -> Any:
    """Prove a certificate again from its data or its file; returns the data.

    Of a :class:`bifurc.Problem`, derivatives and symmetry are compared at
    random points instead; see :func:`bifurc.own.check.check`.

    Raises
    ------
    NotCertifiedError
        If it states anything that it does not prove, or was changed.
    ValueError, OSError
        If it is no certificate, or there is no such file.
    """
    if isinstance(source, Problem):
        return own_check(source)
    if not isinstance(source, dict):
        place("check() takes a certificate, its file or a bifurc.Problem; it", source)
    data = source if isinstance(source, dict) else record.load(source)
    certificate.check(data)
    return data


def asymptotics(family: Family | str, parameter: str = "d", order: int = 6) -> Asymptotics:
    """Expand a family in powers of ``parameter ** (-1/2)`` for large values.

    Parameters
    ----------
    family : Family or str
    parameter : str
    order : int
        The last power: ``parameter ** (-order / 2)``.

    Returns
    -------
    Asymptotics
        Coordinates, loss and every isotypic eigenvalue, with error estimates
        and closed forms where they are recognised.

    Raises
    ------
    ValueError, NotCertifiedError
        See :func:`bifurc.proof.asymptotics.expand`.

    Examples
    --------
    >>> asymptotics("II", order=3).loss.closed
    ('1/2 - 2/π²', '-32/(3π⁴)')
    """
    family = as_family(family)

    def seed(lam: float):
        reduced, point = member(family, parameter, lam)
        return reduced, point.x

    return expand(seed, order)


def _values(parameters: dict[str, Any]) -> tuple[str, list | tuple]:
    """The parameter and its values."""
    if len(parameters) != 1:
        raise ValueError(
            "Give a value or a range of values of one parameter, such as d=6; set others with "
            f"bifurc.family(name, p=2). Got {', '.join(parameters) or 'none'}."
        )
    ((name, value),) = parameters.items()
    if isinstance(value, tuple) and len(value) == 2:
        return name, value
    values = [value] if isinstance(value, Real) else list(value)
    if not values:
        raise ValueError(f"The range of {name!r} is empty.")
    return name, values


def _of_model(case, event: str | None, parameters: dict[str, Any], digits: int) -> dict:
    """Certificates of the critical points that a case about a model starts at."""
    name, values = _values(parameters)
    if event is not None or isinstance(values, tuple):
        raise ValueError(f"Of a model, points are proved: give a value, such as {name}=0.5.")
    found = []
    for value in values:
        start = seeds.at_start(case, name, float(value), {})
        found.append(certify_model(start.problem, start.start.x, value, digits))
    return found[0] if len(found) == 1 else certificate.join(found)


def _point(family: Family, parameter: str, value, digits: int) -> dict:
    reduced, point = member(family, parameter, number(parameter, value))
    return certificate.certify_point(reduced, point.x, value, digits)
