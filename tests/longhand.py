"""The reduced loss written out by hand in long arithmetic; it shares no line with bifurc.

Rows of student and teacher live on the same point sets, of real sizes. A matrix
is (diag, table): ``diag[a]`` on the diagonal of set a, ``table[a][b]`` everywhere
else between sets a and b.
"""

from itertools import product

import mpmath
from mpmath import mpf

mpmath.mp.dps = 30
STEP = mpf("1e-7")  # second differences are then right to about 1e-14


def relu(p, q, c):
    """Cho & Saul 2009, eq. (6)."""
    root = mpmath.sqrt(p * q)
    angle = mpmath.acos(c / root)
    return (root * mpmath.sin(angle) + (mpmath.pi - angle) * c) / (2 * mpmath.pi)


def inner(sizes, one, other, a, b, same):
    """<row of ``one`` at a point of a, row of ``other`` at a point of b>, column by column."""
    (d, t), (e, u) = one, other
    if same:
        total = d[a] * e[a] + (sizes[a] - 1) * t[a][a] * u[a][a]
        return total + sum(n * t[a][c] * u[a][c] for c, n in enumerate(sizes) if c != a)
    if a == b:
        total = d[a] * u[a][a] + t[a][a] * e[a] + (sizes[a] - 2) * t[a][a] * u[a][a]
        return total + sum(n * t[a][c] * u[a][c] for c, n in enumerate(sizes) if c != a)
    total = d[a] * u[b][a] + (sizes[a] - 1) * t[a][a] * u[b][a]
    total += t[a][b] * e[b] + (sizes[b] - 1) * t[a][b] * u[b][b]
    return total + sum(n * t[a][c] * u[b][c] for c, n in enumerate(sizes) if c not in (a, b))


def loss(sizes, student, teacher):
    """1/2 sum f(w, w') - sum f(w, v) + 1/2 sum f(v, v') over orbits of pairs of rows."""

    def total(one, other):
        value = mpf(0)
        for a, b in product(range(len(sizes)), repeat=2):
            p, q = inner(sizes, one, one, a, a, True), inner(sizes, other, other, b, b, True)
            if a == b:
                value += sizes[a] * relu(p, q, inner(sizes, one, other, a, a, True))
            pairs = sizes[a] * (sizes[b] - (a == b))
            if pairs:
                value += pairs * relu(p, q, inner(sizes, one, other, a, b, False))
        return value

    own = total(student, student) + total(teacher, teacher)
    return own / 2 - total(student, teacher)


def identity(sizes):
    zeros = [[mpf(0)] * len(sizes) for _ in sizes]
    return [mpf(1)] * len(sizes), zeros


def unpack(x, count):
    """(diag, table) from diagonals followed by the table row by row."""
    return x[:count], [x[count + a * count : count + (a + 1) * count] for a in range(count)]


def reduced(sizes):
    """The loss as a function of one list of coordinates."""
    sizes = [mpf(n) for n in sizes]
    teacher = identity(sizes)
    return lambda x: loss(sizes, unpack(x, len(sizes)), teacher)


def moved(x, *moves):
    x = list(x)
    for direction, step in moves:
        x = [xi + step * di for xi, di in zip(x, direction, strict=True)]
    return x


def slope(function, x, u):
    """Directional derivative, to the fourth order."""
    h = mpf("1e-5")
    ahead, behind = (function(moved(x, (u, s * h))) for s in (1, -1))
    far, back = (function(moved(x, (u, s * h))) for s in (2, -2))
    return (8 * (ahead - behind) - (far - back)) / (12 * h)


def bend(function, x, u, v):
    """Mixed second directional derivative."""
    signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    parts = [i * j * function(moved(x, (u, i * STEP), (v, j * STEP))) for i, j in signs]
    return sum(parts) / (4 * STEP**2)


def critical(function, x, free, rounds=12):
    """Newton in the coordinates ``free`` (those of sets of one point have no off-diagonal)."""
    units = [[mpf(i == j) for j in range(len(x))] for i in free]
    matrix = None
    for _ in range(rounds):
        g = mpmath.matrix([slope(function, x, u) for u in units])
        if matrix is None:
            n = len(units)
            matrix = mpmath.matrix(n, n)
            for i, j in product(range(n), repeat=2):
                if i <= j:
                    matrix[i, j] = matrix[j, i] = bend(function, x, units[i], units[j])
        step = mpmath.lu_solve(matrix, -g)
        x = moved(x, *zip(units, step, strict=True))
        if mpmath.norm(step) < mpf("1e-13"):
            return x
    raise ArithmeticError("Newton did not converge in long arithmetic.")
