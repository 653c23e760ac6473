"""Names of groups and of their irreps.

A group is named where that is certain: cyclic, dihedral, symmetric,
alternating, abelian, the quaternions, and a named group times two; any other
has its order for a name. Irreps of cyclic and dihedral groups have the names
of Mulliken (A, B, E), those of symmetric groups are partitions, and those of
a product with a group of two elements have g or u behind the name, by the
sign of the second factor; so O_h, which is S_4 x C_2, has A1g to T2u. All
others are the dimension and a letter.

References
----------
.. [1] Mulliken, "Report on notation for the spectra of polyatomic molecules",
   J. Chem. Phys. 23, 1955.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import factorial, gcd, prod
from string import ascii_lowercase
from typing import Any

import numpy as np

from bifurc.groups.elements import APART, closure
from bifurc.groups.symmetry import Isotypic

DEGREES = range(4, 9)  # of symmetric and alternating groups that are recognised
TOLD = 64  # elements by whose characters irreps without a name are ordered
QUOTIENT = 5  # most factors of two in G/G² with which a factor C_2 is looked for


@dataclass(frozen=True, eq=False)
class Named:
    """What a group is, and elements of it that its irreps are named after."""

    text: str
    kind: str = ""  # C, D, S, x (times C_2), or nothing
    degree: int = 0
    marked: np.ndarray | None = None  # raw: generator; rotation, reflection; transposition
    factor: Any = None  # the other factor of a group times C_2


def recognise(group) -> Named:
    """The name of a finite group."""
    order = group.order
    if order == 1:
        return Named("trivial")
    orders = orders_of_elements(group)
    for find in (_cyclic, _dihedral, _abelian, _symmetric, _times_two):
        found = find(group, orders)
        if found is not None:
            return found
    counts = Counter(orders.tolist())
    for k in DEGREES:
        if order == factorial(k) // 2 and counts == _orders_in_symmetric(k, even=True):
            return Named(f"A_{k}")
    if counts == {1: 1, 2: 1, 4: 6}:
        return Named("Q_8")
    return Named(f"order {order}")


def orders_of_elements(group) -> np.ndarray:
    """The order of each element; (order,)."""
    orders = np.ones(group.order, dtype=int)
    everything = np.arange(group.order)
    for p, power in prime_powers(group.order):
        part = _power(group, everything, group.order // power)
        while (open_ := part != 0).any():
            orders[open_] *= p
            part = _power(group, part, p)
    return orders


def _power(group, numbers: np.ndarray, exponent: int) -> np.ndarray:
    """Numbers of the powers of elements, by squaring."""
    result, square = np.zeros_like(numbers), numbers
    while exponent:
        if exponent % 2:
            result = group.all.products(result, square)
        exponent //= 2
        if exponent:
            square = group.all.products(square, square)
    return result


def prime_powers(n: int) -> Iterator[tuple[int, int]]:
    """Primes that divide n, each with its power in n.

    >>> list(prime_powers(360))
    [(2, 8), (3, 9), (5, 5)]
    """
    p = 2
    while n > 1:
        power = 1
        while n % p == 0:
            n, power = n // p, power * p
        if power > 1:
            yield p, power
        p += 1


def _cyclic(group, orders) -> Named | None:
    generators = np.flatnonzero(orders == group.order)
    if not len(generators):
        return None
    return Named(f"C_{group.order}", "C", group.order, group.all.raw[generators[:1]])


def _dihedral(group, orders) -> Named | None:
    n, odd = divmod(group.order, 2)
    rotations = np.flatnonzero(orders == n)
    if odd or not len(rotations):
        return None
    for r in rotations[:4] if n == 2 else rotations[:1]:
        turns = closure(group.writing, group.all.raw[[r]])
        outside = turns.find(group.all.raw) < 0
        if (orders[outside] == 2).all():
            reflections = group.all.raw[outside]
            most = np.argmax(group.writing.traces(reflections))
            marked = np.stack([group.all.raw[r], reflections[most]])
            return Named(f"D_{n}", "D", n, marked)
    return None


def _abelian(group, orders) -> Named | None:
    numbers = group.all.find(group.raw_generators)
    if len(_central(group, numbers)) < len(numbers):
        return None
    factors: list[int] = []
    for p, power in prime_powers(group.order):
        parts = _p_parts(orders, p, power)
        factors = [a * b for a, b in _longest(factors, parts)]
    return Named(" x ".join(f"C_{f}" for f in sorted(factors)))


def _p_parts(orders, p: int, power: int) -> list[int]:
    """Orders of the cyclic factors of the p-part of an abelian group, largest first."""
    counts, q = [1], p
    while counts[-1] < power:
        counts.append(int(np.count_nonzero(q % orders == 0)))
        q *= p
    ranks = [round(np.log(b / a) / np.log(p)) for a, b in zip(counts, counts[1:], strict=False)]
    return [p ** sum(rank > i for rank in ranks) for i in range(ranks[0])]


def _longest(one: list[int], other: list[int]):
    size = max(len(one), len(other))
    return zip(one + [1] * (size - len(one)), other + [1] * (size - len(other)), strict=True)


def _symmetric(group, orders) -> Named | None:
    for k in DEGREES:
        if group.order == factorial(k) and Counter(orders.tolist()) == _orders_in_symmetric(k):
            swaps = _class_of_size(group, orders, k * (k - 1) // 2)
            return Named(f"S_{k}", "S", k, swaps)
    return None


def _class_of_size(group, orders, size: int) -> np.ndarray:
    """An involution whose class has this size; the one with the largest trace of several."""
    everything = np.arange(group.order)
    left = np.flatnonzero(orders == 2)
    found = []
    while len(left):
        moved = group.all.products(everything, np.full_like(everything, left[0]))
        moved = np.unique(group.all.products(moved, group.all.inverses))
        if len(moved) == size:
            found.append(moved[0])
        left = np.setdiff1d(left, moved)
    chosen = group.all.raw[found]
    return chosen[[np.argmax(group.writing.traces(chosen))]]


def _orders_in_symmetric(k: int, even: bool = False) -> Counter:
    """How many permutations of k points have which order."""
    counts: Counter = Counter()
    for parts in partitions(k):
        if even and (k - len(parts)) % 2:
            continue
        repeated = Counter(parts)
        size = factorial(k) // prod(p**m * factorial(m) for p, m in repeated.items())
        order = 1
        for p in parts:
            order = order * p // gcd(order, p)
        counts[order] += size
    return counts


def partitions(n: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Partitions of n, parts descending.

    >>> list(partitions(4))
    [(4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)]
    """
    if n == 0:
        yield ()
    for first in range(min(n, largest or n), 0, -1):
        for rest in partitions(n - first, first):
            yield (first, *rest)


def _times_two(group, orders) -> Named | None:
    """The group as a product with C_2, if a central involution has a complement."""
    central = _central(group, np.flatnonzero(orders == 2))
    if not len(central):
        return None
    characters = list(sign_characters(group))
    best = None
    traces = group.writing.traces(group.all.raw)
    for z in central:
        minus = traces[z] == -group.n
        for character in characters:
            if character[z] > 0:
                continue
            inside = character > 0
            chosen = (inside, inside & (orders == 2))
            share, swaps = (round(float(traces[mask].sum()), 6) for mask in chosen)
            # beside -1 the group without signs; beside others (O in O_h) that of fewer reflections
            rank = (minus, share if minus else -share, -swaps)
            if best is None or rank > best[0]:
                best = (rank, inside, z)
    if best is None:
        return None
    _, inside, z = best
    factor = group.subgroup(inside)
    return Named(f"{factor.named.text} x C_2", "x", 0, group.all.raw[[z]], factor)


def _central(group, numbers: np.ndarray) -> np.ndarray:
    """Those of some elements that commute with all of the group."""
    raw = group.all.raw[numbers]
    for g in group.raw_generators:
        kept = _equal(group.writing.compose(raw, g), group.writing.compose(g, raw))
        raw, numbers = raw[kept], numbers[kept]
    return numbers


def _equal(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which of several elements are equal."""
    return np.abs(one - other).max(axis=tuple(range(1, one.ndim)), initial=0) <= APART


def sign_characters(group) -> Iterator[np.ndarray]:
    """All maps of a group to the signs that keep products, the trivial one left out."""
    everything = np.arange(group.order)
    squares = np.unique(group.all.products(everything, everything))
    inside = _closed(group, squares)
    added: list[int] = []
    chain = inside
    while not chain.all():
        if len(added) == QUOTIENT:
            return
        added.append(int(np.flatnonzero(~chain)[0]))
        chain = chain | inside_coset(group, chain, added[-1])
    coordinates = np.zeros((group.order, len(added)), dtype=int)
    for bits in product((0, 1), repeat=len(added)):
        g = 0
        for bit, number in zip(bits, added, strict=True):
            g = int(group.all.products([g], [number])[0]) if bit else g
        coordinates[inside_coset(group, inside, g)] = bits
    for functional in product((0, 1), repeat=len(added)):
        if any(functional):
            yield 1 - 2 * (coordinates @ np.array(functional) % 2)


def inside_coset(group, members: np.ndarray, g: int) -> np.ndarray:
    """The mask of the elements g h with h in a subgroup."""
    numbers = np.flatnonzero(members)
    mask = np.zeros(group.order, dtype=bool)
    mask[group.all.products(np.full_like(numbers, g), numbers)] = True
    return mask


def _closed(group, numbers: np.ndarray) -> np.ndarray:
    """The mask of the subgroup that some elements make."""
    made = closure(group.writing, group.all.raw[:0])
    chosen: list[int] = []
    while len(left := numbers[made.find(group.all.raw[numbers]) < 0]):
        chosen.append(int(left[0]))
        made = closure(group.writing, group.all.raw[chosen])
    mask = np.zeros(group.order, dtype=bool)
    mask[group.all.find(made.raw)] = True
    return mask


# irreps


def name_irreps(group, parts: list[Isotypic]) -> tuple[Isotypic, ...]:
    """The isotypic parts with their names, in the order of their names' dimension."""
    if not parts:
        return ()
    first = group.all.raw[:TOLD]
    parts = sorted(
        parts, key=lambda part: (part.dimension, *(-part.character(group.writing, first)))
    )
    named = (irrep_name(group.named, group.writing, part) for part in parts)
    names = [name for name in named if name is not None]
    if len(set(names)) < len(parts):
        names = _letters(parts)
    return tuple(replace(part, name=name) for part, name in zip(parts, names, strict=True))


def irrep_name(named: Named, writing, part: Isotypic) -> str | None:
    """The textbook name of an irrep by its character, None if there is none."""
    if named.marked is None:
        return None
    at = part.character(writing, named.marked)
    if named.kind == "C":
        return _cyclic_name(named.degree, part.dimension, at[0])
    if named.kind == "D":
        return _dihedral_name(named.degree, part.dimension, *at)
    if named.kind == "S":
        return _partition_name(named.degree, part.dimension, at[0])
    return _name_times_two(named, writing, part, at[0])


def _name_times_two(named: Named, writing, part: Isotypic, sign: float) -> str | None:
    """The name of the other factor's irrep, with g or u for the sign of the second."""
    name = irrep_name(named.factor.named, writing, part)
    if name is None:
        return None
    if named.factor.named.text == "S_4":
        name = OCTAHEDRAL[name]
    elif sign < 0 and writing.traces(named.marked)[0] == -writing.n:
        return name  # of a group with -1 all irreps are odd: that tells nothing
    return name + ("g" if sign > 0 else "u")


OCTAHEDRAL = {"(4)": "A1", "(1,1,1,1)": "A2", "(2,2)": "E", "(2,1,1)": "T1", "(3,1)": "T2"}


def _cyclic_name(n: int, dimension: int, trace: float) -> str:
    if dimension == 1:
        return "A" if trace > 0 else "B"
    return _plane(n, trace)


def _plane(n: int, trace: float) -> str:
    """E, or E1, E2, ... where there are several: the rotation turns by k 2 pi / n."""
    k = round(float(np.arccos(np.clip(trace / 2, -1, 1))) * n / (2 * np.pi))
    return "E" if (n - 1) // 2 == 1 else f"E{k}"


def _dihedral_name(n: int, dimension: int, rotation: float, reflection: float) -> str:
    if dimension == 2:
        return _plane(n, rotation)
    return ("A" if rotation > 0 else "B") + ("1" if reflection > 0 else "2")


def _partition_name(n: int, dimension: int, swap: float) -> str | None:
    """The partition whose irrep has this dimension and this trace of a transposition."""
    fitting = [
        parts
        for parts in partitions(n)
        if dimension_of(parts) == dimension
        and abs(_contents(parts) * dimension / (n * (n - 1) / 2) - swap) < 0.5 / n
    ]
    return partition_text(fitting[0]) if len(fitting) == 1 else None


def partition_text(parts: tuple[int, ...]) -> str:
    """Such as (3,1)."""
    return f"({','.join(map(str, parts))})"


def dimension_of(parts: tuple[int, ...]) -> int:
    """Dimension of the irrep of a partition, by hook lengths.

    >>> [dimension_of(parts) for parts in partitions(4)]
    [1, 3, 2, 3, 1]
    """
    columns = [sum(p > j for p in parts) for j in range(parts[0])]
    hooks = [p - j + columns[j] - i - 1 for i, p in enumerate(parts) for j in range(p)]
    return factorial(sum(parts)) // prod(hooks)


def _contents(parts: tuple[int, ...]) -> int:
    return sum(j - i for i, p in enumerate(parts) for j in range(p))


def _letters(parts: list[Isotypic]) -> list[str]:
    """The dimension and a letter."""
    seen: Counter = Counter()
    names = []
    for part in parts:
        number = seen[part.dimension]
        seen[part.dimension] += 1
        letter = ascii_lowercase[number % 26] + (str(number // 26) if number >= 26 else "")
        names.append(f"{part.dimension}{letter}")
    return names
