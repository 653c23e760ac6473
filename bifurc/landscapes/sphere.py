"""A problem of one's own on a sphere: its Lagrangian, with one coordinate more.

Critical points of f on |x| = r are those of f(x) - nu (|x|² - r²)/2 in (x, nu).
The Hessian there has one negative eigenvalue more than that of f on the sphere.
"""

from typing import Any

import numpy as np

from bifurc import groups
from bifurc.own.problem import Problem


def on_sphere(problem: Problem, c: np.ndarray) -> tuple[Problem, np.ndarray]:
    """The problem on the sphere through ``c``, starting at c.

    Returns
    -------
    problem
        In (x, nu), shape (n + 1,).
    measured : ndarray, shape (n + 1,)
        1 for the coordinates of x, 0 for nu.

    Raises
    ------
    ValueError
        If c is 0.
    """
    c = np.asarray(c, dtype=float)
    square = float(c @ c)
    if not square > 0:
        raise ValueError("A sphere through 0 is a point; choose another c.")
    name, at = next(iter(problem.parameters.items()))
    functions, _ = problem.engine_functions(name)
    loss: Any = functions.get("loss")
    slope, curvature = functions["gradient"], functions["hessian"]

    def value(y, **parameters):
        x, nu = y[:-1], y[-1]
        return loss(x, parameters[name]) - nu * (x @ x - square) / 2

    def gradient(y, **parameters):
        x, nu = y[:-1], y[-1]
        return np.append(slope(x, parameters[name]) - nu * x, -(x @ x - square) / 2)

    def hessian(y, **parameters):
        x, nu = y[:-1], y[-1]
        own = curvature(x, parameters[name]) - nu * np.eye(len(x))
        return np.block([[own, -x[:, None]], [-x[None, :], np.zeros((1, 1))]])

    nu = float(c @ slope(c, at)) / square
    group = problem.group and groups.product(problem.group, groups.symmetric(1))
    made = Problem(
        None if loss is None else value, np.append(c, nu), {name: at},
        group, gradient, hessian, problem.name,
    )  # fmt: skip
    return made, np.append(np.ones(len(c)), 0.0)
