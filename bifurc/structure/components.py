"""The isotypic components of a space of weight matrices, and what K makes of them."""

from collections.abc import Sequence

from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial


def components_of(structure) -> tuple[Component, ...]:
    """See :attr:`bifurc.structure.structure.Structure.components`.

    Components that K permutes have the same eigenvalues and are counted
    as one. The directions that break K alone are the component k.
    """
    rows = {a: sum(b.points == a for b in structure.students) for a in structure.size}
    cols = {a: sum(b.points == a for b in structure.inputs) for a in structure.size}
    found = [Component.on("t", len(structure.coordinates))]
    found.append(Component.on("k", len(structure.entries) - len(structure.coordinates)))
    many = [points.name for points in structure.sets if not points.single]
    there = [
        (r.points, c.points)
        for r in structure.students
        for c in structure.inputs
        if structure.free(r, c)
    ]
    for a in many:
        vertex = sum((r == a) + (c == a) + (r == a == c) for r, c in there)
        least = 1.0 if rows[a] and cols[a] else 0.0
        found.append(Component.on("s", vertex, {a: structure.size[a]}, least))
        for irrep in ("x", "y"):
            found.append(Component.on(irrep, rows[a] * cols[a], {a: structure.size[a]}))
    for i, a in enumerate(many):
        for b in many[i + 1 :]:
            copies = rows[a] * cols[b] + rows[b] * cols[a]
            found.append(Component.on("sxs", copies, {a: structure.size[a], b: structure.size[b]}))
    return _up_to_ties(structure, [component for component in found if component.copies])


def _up_to_ties(structure, components: Sequence[Component]) -> tuple[Component, ...]:
    """One component for each orbit of K, with the dimensions added."""
    place = {(c.irrep, frozenset(c.sets)): i for i, c in enumerate(components)}
    links = [
        [place[c.irrep, frozenset(g.get(a, a) for a in c.sets)] for c in components]
        for g in structure.ties
    ]
    return tuple(
        components[orbit[0]]._replace(
            dimension=sum((components[i].dimension for i in orbit), Polynomial.of(0)),
            least=components[orbit[0]].least * len(orbit),
        )
        for orbit in orbits_of(len(components), links)
    )


def orbits_of(n: int, links: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Orbits of permutations of range(n), each sorted, in the order of their first member."""
    seen: set[int] = set()
    orbits = []
    for start in range(n):
        if start in seen:
            continue
        orbit, front = {start}, [start]
        while front:
            new = {link[i] for i in front for link in links} - orbit
            orbit |= new
            front = list(new)
        seen |= orbit
        orbits.append(tuple(sorted(orbit)))
    return tuple(orbits)
