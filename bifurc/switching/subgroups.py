"""Isotropy subgroups that may fix one line of a kernel, enumerated.

A subgroup of S_n is proposed as a split of the n points into parts, some of
them explicit (a whole number of points), and a finite group K that permutes
parts of equal size. Which proposals are axial (their fixed space in the
kernel is one line) is decided by the event itself, see
:mod:`bifurc.switching.switch`; nothing is listed by hand.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations, product
from math import inf

from bifurc.given import flag, one_of, whole
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial

MOST_PERMUTED = 5  # parts: every transitive group of a degree up to 5 has two generators
MOST_EXPLICIT = 8  # points split off; the number of their partitions grows exponentially

MOST_TIED = 120  # elements of a group of ties whose subgroups of two generators are all tried

Permutation = tuple[int, ...]


@dataclass(frozen=True)
class Subgroup:
    """A split of point sets, and permutations of the parts.

    ``parts`` gives for each set the sizes of all parts but the last;
    ``generators`` are permutations of parts by name.
    """

    parts: Mapping[str, tuple]
    generators: tuple[Mapping[str, str], ...] = ()

    def __str__(self) -> str:
        sets = ", ".join(
            f"{name}: {' + '.join(str(size) for size in sizes)} + rest"
            for name, sizes in self.parts.items()
        )
        if not self.generators:
            return sets or "K = 1"
        return f"{sets}{'; ' * bool(sets)}K = <{', '.join(map(cycles, self.generators))}>"


def cycles(generator: Mapping[str, str]) -> str:
    """A permutation of parts in cycle notation, parts of a single set by their numbers."""
    left, text = dict(generator), ""
    alone = len({name.rpartition("/")[0] for name in generator}) == 1
    while left:
        start, now = next(iter(left.items()))
        del left[start]
        cycle = [start]
        while now != start:
            cycle.append(now)
            now = left.pop(now)
        if len(cycle) > 1:
            short = (name.rpartition("/")[2] if alone else name for name in cycle)
            text += "(" + " ".join(short) + ")"
    return text or "()"


@dataclass(frozen=True)
class Search:
    """How far to look for isotropy subgroups.

    ``explicit`` bounds the number of points that are split off one by one or
    in whole parts; ``shares`` and ``sizes`` add two-way splits with a part of
    a share of the set, or of any real size. With ``submaximal`` also groups
    that fix a plane or a space of three dimensions in the kernel are solved,
    to third order; a group of matrices or permutations always is.
    """

    explicit: int = 3
    shares: tuple = ()
    sizes: tuple = ()
    finite_groups: bool = True
    equal_parts: int = 4  # largest number of equal parts that are permuted among each other
    submaximal: bool = False

    def __post_init__(self):
        for name in ("finite_groups", "submaximal"):
            flag(name, getattr(self, name))
        for name in ("shares", "sizes"):
            one_of(name, getattr(self, name), (tuple, list), "a list")
        most = MOST_PERMUTED if self.finite_groups else MOST_EXPLICIT
        for name, value, largest in (
            ("explicit", self.explicit, most),
            ("equal_parts", self.equal_parts, MOST_PERMUTED),
        ):
            if whole(name, value) > largest:
                raise ValueError(
                    f"{name} must be a whole number from 0 to {largest}, got {value!r}: more "
                    "subgroups than that are not enumerated."
                    + (" Without finite_groups explicit may be larger." if most < value else "")
                )
        for given in self.shares:
            share = Polynomial.of(given).constant
            if share is None or not 0 < share < 1:
                raise ValueError(f"A share must be a number between 0 and 1, got {given!r}.")
        for given in self.sizes:
            size = Polynomial.of(given)
            if size.degree > 1 or (size.constant is not None and not size.constant > 0):
                raise ValueError(f"A size must be positive and affine, such as 3, got {given!r}.")


def proposals(
    component: Component, size: Mapping[str, Polynomial], search: Search
) -> Iterator[Subgroup]:
    """Subgroups that may be axial for an irrep, in a fixed order.

    Parameters
    ----------
    component : Component
        Irrep of the kernel.
    size : mapping from set names to sizes
    search : Search
    """
    if component.irrep == "sxs":
        one, other = component.sets
        for mine, yours in product(_two_way(size[one], search), _two_way(size[other], search)):
            yield Subgroup({one: mine, other: yours})
        if search.finite_groups:
            yield from _of_two_kinds(component.sets, size, search)
        return
    if component.irrep in ("t", "k"):
        return
    (name,) = component.sets
    if component.irrep == "s":
        # a vector of s that a transitive group on some points fixes is constant there
        yield from (Subgroup({name: sizes}) for sizes in _two_way(size[name], search))
        return
    for sizes in _two_way(size[name], search):
        yield Subgroup({name: sizes})
    for sizes in _multi_way(search.explicit):
        yield Subgroup({name: sizes})
    if search.finite_groups:
        yield from _with_groups(name, size[name], search)


def _two_way(size: Polynomial, search: Search) -> list[tuple]:
    whole = [(p,) for p in range(1, search.explicit + 1)]
    return whole + [(p,) for p in search.sizes] + [(size * share,) for share in search.shares]


def _multi_way(explicit: int) -> Iterator[tuple[int, ...]]:
    """Partitions of up to ``explicit`` points into two or more parts."""
    for total in range(2, explicit + 1):
        for sizes in partitions(total):
            if len(sizes) > 1:
                yield sizes


def partitions(total: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Partitions of ``total``, parts ascending.

    >>> list(partitions(4))
    [(1, 1, 1, 1), (1, 1, 2), (2, 2), (1, 3), (4,)]
    """
    largest = total if largest is None else largest
    if total == 0:
        yield ()
    for last in range(1, min(total, largest) + 1):
        for first in partitions(total - last, last):
            yield (*first, last)


def _with_groups(name: str, size: Polynomial, search: Search) -> Iterator[Subgroup]:
    """Finite groups on explicit parts of equal size, and on equal parts that are all there is."""
    for total in range(2, search.explicit + 1):
        for sizes in partitions(total):
            if len(set(sizes)) == 1 and len(sizes) > 1:
                names = [f"{name}/{i}" for i in range(1, len(sizes) + 1)]
                for group in transitive_groups(len(sizes)):
                    if sizes[0] > 1 or not has_transposition(group):
                        yield Subgroup({name: sizes}, _named(group, names))
    for count in range(2, search.equal_parts + 1):
        names = [f"{name}/{i}" for i in range(1, count + 1)]
        equal = (size / count,) * (count - 1)
        for group in transitive_groups(count):
            yield Subgroup({name: equal}, _named(group, names))


def _of_two_kinds(sets: Sequence[str], size: Mapping, search: Search) -> Iterator[Subgroup]:
    """Parts of two sets, permuted alike by one symmetric group; all there is of one set at least.

    On two sums of a trivial and a standard irrep such a group fixes one line
    of the product if one of them lacks the trivial one. A group that is not
    twice transitive fixes more, and one that is no more of that line.
    """
    for count in range(2, search.equal_parts + 1):
        swap, turn = (1, 0, *range(2, count)), (*range(1, count), 0)
        equal = [(size[name] / count,) * (count - 1) for name in sets]
        singles = (1,) * count if count <= search.explicit else None
        for mine, yours in ((equal[0], equal[1]), (singles, equal[1]), (equal[0], singles)):
            if mine is None or yours is None:
                continue
            both = [[f"{name}/{i + 1}" for i in range(count)] for name in sets]
            ties = [
                {names[i]: names[j] for names in both for i, j in enumerate(g)}
                for g in dict.fromkeys((swap, turn))
            ]
            yield Subgroup(dict(zip(sets, (mine, yours), strict=True)), tuple(ties))


def within(ties: Sequence[Mapping[str, str]]) -> Iterator[Subgroup]:
    """The smaller groups of a finite group that permutes sets, once up to conjugacy.

    Those that two elements make and the trivial one, larger ones first.
    """
    names = sorted({name for tie in ties for name in tie})
    number = {name: i for i, name in enumerate(names)}
    everything = closure([tuple(number[tie.get(n, n)] for n in names) for tie in ties])
    pairs = combinations(sorted(everything), 2) if len(everything) <= MOST_TIED else ()
    found: dict[frozenset, tuple[Permutation, ...]] = {}
    seen = {everything}
    for generators in [(g,) for g in sorted(everything)] + list(pairs):
        group = closure(generators)
        if group not in seen:
            seen.update(frozenset(_conjugate(h, g) for g in group) for h in everything)
            found[group] = generators
    for group in sorted(found, key=len, reverse=True):
        yield Subgroup({}, _named(found[group], names) if len(group) > 1 else ())


def _named(group: Sequence[Permutation], names: Sequence[str]) -> tuple[dict[str, str], ...]:
    return tuple({names[i]: names[j] for i, j in enumerate(g)} for g in group)


@cache
def transitive_groups(m: int) -> tuple[tuple[Permutation, ...], ...]:
    """Generators of the transitive subgroups of S_m, one for each conjugacy class.

    Every transitive group of degree up to 5 is generated by two elements.

    >>> [len(closure(group)) for group in transitive_groups(4)]
    [4, 4, 8, 12, 24]
    """
    everything = list(permutations(range(m)))
    found: dict[frozenset, tuple[Permutation, ...]] = {}
    seen: set[frozenset] = set()  # with all their conjugates
    for generators in [(g,) for g in everything] + list(combinations(everything, 2)):
        if len(_orbit_of_first(generators)) < m:
            continue
        group = closure(generators)
        if group not in seen:
            seen.update(frozenset(_conjugate(h, g) for g in group) for h in everything)
            found[group] = generators
    return tuple(found[group] for group in sorted(found, key=lambda g: (len(g), sorted(g))))


def _orbit_of_first(generators: Sequence[Permutation]) -> set[int]:
    """Where products of the generators take the first point."""
    orbit, front = {0}, [0]
    while front:
        front = list({g[i] for i in front for g in generators} - orbit)
        orbit.update(front)
    return orbit


def closure(generators: Sequence[Permutation], most: float = inf) -> frozenset[Permutation]:
    """All products of the generators; some of them if there are more than ``most``."""
    identity = tuple(range(len(generators[0])))
    group, front = {identity}, [identity]
    while front and len(group) <= most:
        new = dict.fromkeys(compose(g, h) for g in front for h in generators)
        front = [g for g in new if g not in group]
        group.update(front)
    return frozenset(group)


def compose(g: Permutation, h: Permutation) -> Permutation:
    """First h, then g."""
    return tuple(g[i] for i in h)


def _conjugate(h: Permutation, g: Permutation) -> Permutation:
    inverse = tuple(h.index(i) for i in range(len(h)))
    return compose(compose(h, g), inverse)


def has_transposition(generators: Sequence[Permutation]) -> bool:
    """Whether some element of the group swaps two and moves nothing else."""
    return any(sum(i != j for i, j in enumerate(g)) == 2 for g in closure(generators))
