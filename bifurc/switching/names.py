"""The name of an isotropy group: one for each conjugacy class, whatever way led to it.

A group of a network is a product of symmetric groups, one for each point set,
largest first; finite groups that permute equal sets are written behind these
as a wreath product. A set that is not once each among the neurons, the inputs
and the teacher's neurons says where it is.
"""

from collections.abc import Mapping
from functools import singledispatch
from math import factorial

from bifurc.loss.problem import NetworkProblem
from bifurc.protocol import Problem
from bifurc.structure.components import orbits_of
from bifurc.structure.structure import Structure
from bifurc.switching.isotropy import numbers_of
from bifurc.switching.linear import SymmetricProblem
from bifurc.switching.subgroups import Permutation, closure

LARGE = 1e9  # a size that grows with the parameter comes before one that does not
LISTED = 50_000  # elements of a group of ties that is named by its order
PLACES = ("rows", "columns", "teacher")


@singledispatch
def isotropy_of(problem: Problem) -> str | None:
    """The name of the group that fixes the states of a problem; None if it has none."""
    return None


@isotropy_of.register
def _(problem: SymmetricProblem) -> str:
    return problem.group.label(problem.basis)


@isotropy_of.register
def _(problem: NetworkProblem) -> str:
    structure, fixed = problem.structure, numbers_of(problem)
    size = {name: poly.substitute(fixed) for name, poly in structure.size.items()}
    factors = [_factor(structure, size, problem.line, names) for names in linked(structure)]
    return " x ".join(text for _, text in sorted(factors))


def linked(structure: Structure) -> list[list[str]]:
    """Names of the sets in classes: those that some tie moves together are in one."""
    classes = [{points.name} for points in structure.sets]
    for tie in structure.ties:
        moved = {name for pair in tie.items() if pair[0] != pair[1] for name in pair}
        joined = set().union(*(one for one in classes if one & moved))
        classes = [one for one in classes if not one & moved] + [joined] * bool(joined)
    order = [points.name for points in structure.sets]
    return [sorted(one, key=order.index) for one in classes]


def _factor(structure: Structure, size: Mapping, line: Mapping, names: list[str]):
    """Where a class of sets stands among the factors, and how it is written."""
    counts: dict[str, int] = {}
    for name in names:
        text = f"S({size[name].text()}{_place(structure, name)})"
        counts[text] = counts.get(text, 0) + 1
    large = sum(size[name].substitute(line)(lam=LARGE) for name in names)
    written = " x ".join(f"{text}^{n}" if n > 1 else text for text, n in sorted(counts.items()))
    if len(names) > 1:
        inner = written if len(counts) == 1 else f"({written})"
        written = f"{inner} : {_group(structure, names)}"
    return (-large, written), written


def _place(structure: Structure, name: str) -> str:
    """Where a set has its copies, unless there is one everywhere."""
    blocks = (structure.students, structure.inputs, structure.teachers)
    copies = [sum(block.points == name for block in some) for some in blocks]
    if copies == [1, 1, 1]:
        return ""
    where = zip(copies, PLACES, strict=True)
    return " " + ", ".join(f"{n} {place}" if n > 1 else place for n, place in where if n)


def _group(structure: Structure, names: list[str]) -> str:
    """The name of the group that the ties make of some sets."""
    number = {name: i for i, name in enumerate(names)}
    ties = [tuple(number[tie.get(name, name)] for name in names) for tie in structure.ties]
    group, degree = closure(ties, LISTED), max(map(len, orbits_of(len(names), ties)))
    if len(group) > LISTED:
        return f"order > {LISTED}"
    cyclic = any(_order(g) == len(group) for g in group)
    dihedral = len(group) == 2 * degree and any(_order(g) == degree for g in group)
    known = {factorial(degree): f"S{degree}", factorial(degree) // 2: f"A{degree}"}
    if cyclic:
        return f"C{len(group)}"
    if len(group) in known:
        return known[len(group)]
    if dihedral:
        return f"D{degree}"
    return f"C2^{len(group).bit_length() - 1}" if _exponent_two(group) else f"order {len(group)}"


def _order(g: Permutation) -> int:
    """How often a permutation is repeated until nothing is moved."""
    power, count = g, 1
    while any(i != j for i, j in enumerate(power)):
        power, count = tuple(g[i] for i in power), count + 1
    return count


def _exponent_two(group) -> bool:
    return all(_order(g) <= 2 for g in group)
