"""Random structures, with points on them, for laws that hold for all structures."""

from dataclasses import dataclass

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from bifurc.loss.kernels import ReLU
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.structure import Structure


@dataclass(frozen=True, eq=False)
class Sample:
    """A structure on a line of parameters, and a point of it at ``lam`` = 0."""

    problem: NetworkProblem
    x: np.ndarray
    names: tuple[str, ...]

    @property
    def structure(self):
        return self.problem.structure

    @property
    def values(self):
        return self.problem.parameters(0.0)

    def __repr__(self):
        s = self.structure
        blocks = {
            kind: [block.name for block in getattr(s, kind)]
            for kind in ("students", "inputs", "teachers")
        }
        return f"Sample({[str(p) for p in s.sets]}, {self.values}, {blocks}, {s.teacher})"


def entries(rng):
    """A matrix entry with two decimals, so that it is an exact polynomial coefficient."""
    return round(float(rng.uniform(-1.5, 1.5)), 2)


@st.composite
def samples(draw, sizes=(1, 4), singles=True, kernel=None):
    """Structures with up to three sets, a few blocks each, and any constant teacher.

    Rows and columns draw their sets independently: there are sets with rows
    only (clones), with columns only, and with several blocks of each.
    """
    count = draw(st.integers(1, 3))
    names = [f"set{i}" for i in range(count)]
    size, line = {}, {}
    for i, name in enumerate(names):
        if singles and draw(st.integers(0, 4)) == 0:
            size[name] = 1
            continue
        size[name] = f"n{i}"
        value, slope = draw(st.integers(*sizes)), draw(st.sampled_from([1, 2, 0, -1]))
        line[f"n{i}"] = f"{value} + {slope} * lam"
    some = st.lists(st.sampled_from(names), min_size=1, max_size=3)
    students, inputs = draw(some), draw(some)
    teachers = draw(st.one_of(st.none(), st.lists(st.sampled_from(names), max_size=3)))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    plain = Structure.build(size, students, inputs, teachers, {})
    structure = Structure.build(
        size,
        students,
        inputs,
        teachers,
        _teacher(plain, rng) if draw(st.booleans()) or teachers else None,
        _weights(plain.students, rng, draw(st.booleans())),
        _weights(plain.teachers, rng, draw(st.booleans())),
    )
    problem = NetworkProblem(structure, kernel or ReLU(), line)
    sample = Sample(problem, rng.normal(size=problem.n), tuple(line))
    assume(rows_are_large(sample) and least_sine(problem, sample.x, 0.0) > 0.02)
    return sample


def rows_are_large(sample):
    """No row much shorter than its parts: f has a kink at zero, and rounding grows towards it."""
    rows = sample.problem.rows(sample.x, 0.0)
    parts = (rows.beta**2 + rows.sigma**2).sum(-1)
    return bool((rows.norms > 0.03 * parts).all())


def _teacher(structure, rng):
    return {
        f"{row.name},{column.name}": [entries(rng), entries(rng)]
        if structure.tied(row, column)
        else entries(rng)
        for row in structure.teachers
        for column in structure.inputs
    }


def _weights(blocks, rng, vary):
    if not vary:
        return {}
    return {b.name: round(float(rng.uniform(0.3, 2) * rng.choice([-1, 1])), 2) for b in blocks}


def least_sine(problem, x, lam):
    """Smallest sine of an angle between two rows, parallel ones left out.

    Second derivatives of f grow like its inverse, and rounding with its cube.
    """
    p, q, c, *_ = (np.asarray(a) for a in problem.rows(x, lam).arguments)
    sines = np.sqrt(np.maximum(1 - c * c / (p * q), 0))
    return sines[sines > 1e-6].min(initial=1.0)
