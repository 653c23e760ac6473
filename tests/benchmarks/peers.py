"""Other continuation packages on the same tasks.

A side takes a :class:`~tests.benchmarks.tasks.Task` and returns the points it
found, shape (points, n + 1), and the parameter values and states of the events
that it reported. Each package gets the plain functions in the form that its
documentation asks for, with the task's first and longest step, the tolerance
that all get, and its own defaults otherwise.
"""

from functools import cache
from itertools import takewhile

import numpy as np

from bifurc.continuation.step import Step
from bifurc.continuation.trace import trace
from bifurc.continuation.trust import singular_between
from bifurc.events.branch import collect
from tests.benchmarks.tasks import TOLERANCE, Task


def bifurc(task: Task):
    """This package: events of every irrep."""
    branch = task.follow()
    points = np.array([point.X for point in branch.points])
    return points, [event.X for event in branch.events]


def bifurc_alone(task: Task):
    """This package: the branch, with what happens in its own block."""
    problem, start, window, options = task.follow.args
    points = collect(trace(problem, start, window, options))[0]
    steps = (Step(problem, *pair) for pair in zip(points, points[1:], strict=False))
    passed = [one.X for step in steps for one in singular_between(step) or ()]
    return np.array([point.X for point in points]), passed


def bice(task: Task):
    """BICE: pseudo-arclength, all eigenvalues at each point, bisection on the step."""
    from bice import Equation, Problem

    class Plain(Equation):
        def __init__(self):
            super().__init__(shape=(task.n,))
            self.u = task.start.x.copy()
            self.lam = task.start.lam

        def rhs(self, u):
            return task.gradient(u, self.lam)

        def jacobian(self, u):
            return task.hessian(u, self.lam)

    problem, equation = Problem(), Plain()
    problem.add_equation(equation)
    problem.continuation_parameter = (equation, "lam")
    problem.settings.neigs = None
    problem.settings.always_locate_bifurcations = True
    problem.settings.use_sparse_matrices = False
    stepper = problem.continuation_stepper
    stepper.ds, stepper.ds_max = task.forward * task.ds, task.ds_max
    stepper.convergence_tolerance = TOLERANCE
    points, events = [], []
    for _ in range(task.max_steps):
        problem.continuation_step()
        points.append(np.append(problem.u, equation.lam))
        if not _inside(task, points[-1]):
            break
    solutions = problem.bifurcation_diagram.active_branch.solutions
    for solution in solutions:
        if solution.is_bifurcation():
            problem.load(solution)
            events.append(np.append(problem.u, equation.lam))
    return np.array(points), events


def contique(task: Task):
    """contique: the largest component controls the step; it reports no events."""
    from contique import solve

    steps = solve(
        fun=task.gradient,
        x0=task.start.x,
        lpf0=task.start.lam,
        jac=[lambda x, lam, *_: task.hessian(x, lam), lambda x, lam, *_: task.slope(x, lam)],
        dxmax=task.ds_max,
        dlpfmax=task.ds_max,
        control0=(-1, int(task.forward)),
        maxsteps=task.max_steps,
        tol=TOLERANCE,
    )
    return np.array([s.x for s in takewhile(lambda s: _inside(task, s.x), steps)]), []


def bifpack(task: Task):
    """BIFPACK: Newton in Fortran with differences for the Jacobian."""
    from bifpack import algebraic
    from bifpack.results import PointType

    result = algebraic.run(
        lambda y, lam: task.gradient(np.array(y), lam).tolist(),
        y0=task.start.x.tolist(),
        par0=task.start.lam,
        step=task.forward * task.ds,
        max_steps=task.max_steps,
        parameter_window=task.window,
        max_parameter_step=task.ds_max,
        max_predictor_step=task.ds_max,
        stability=True,
        tolerance=TOLERANCE,
    )
    found = [point for branch in result.branches for point in branch.points]
    points = np.array([[*p.state, p.parameters[0]] for p in found])
    special = [p.point_type not in (PointType.REGULAR, PointType.HOPF_BIFURCATION) for p in found]
    return points, list(points[special])


def bifpy(task: Task):
    """AUTO-07p through bifpy: Python callbacks with analytic derivatives."""
    from bifpy import auto
    from bifpy.results import PointType

    def begin(state, parameters, time):
        state[:] = task.start.x
        parameters[0] = task.start.lam

    def derivatives(state, parameters):
        jacobian = task.jacobian(np.array(state), parameters[0])
        return jacobian[:, :-1], jacobian[:, -1:]

    settings = {
        "ips": auto.IPS_ALGEBRAIC_SYSTEM,
        "ndim": task.n,
        "npar": 1,
        "nmx": task.max_steps,
        "ilp": 1,
        "isp": 2,
        "mxbf": 0,
        "jac": 1,
        "ds": task.forward * task.ds,
        "dsmin": 1e-7,
        "dsmax": task.ds_max,
        "rl0": task.window[0],
        "rl1": task.window[1],
        "epsl": TOLERANCE,
        "epsu": TOLERANCE,
        "epss": TOLERANCE,
    }
    result = auto.run(
        lambda state, parameters: task.gradient(np.array(state), parameters[0]),
        begin,
        settings,
        icu=[1],
        jac=derivatives,
    )
    found = [point for branch in result.branches for point in branch.points]
    points = np.array([[*p.state, p.parameters[0]] for p in found])
    special = [p.point_type in (PointType.BRANCH_POINT, PointType.FOLD) for p in found]
    return points, list(points[special])


def pycont(task: Task):
    """PyCont-Lite: Newton-Krylov; it switches to every branch at each branch point."""
    from pycont import arclengthContinuation

    result = arclengthContinuation(
        task.gradient,
        task.start.x,
        task.start.lam,
        1e-7,
        task.ds_max,
        task.ds,
        task.max_steps,
        {
            "tolerance": TOLERANCE,
            "initial_directions": "increase_p" if task.forward > 0 else "decrease_p",
            "param_min": task.window[0],
            "param_max": task.window[1],
        },
        verbosity="off",
    )
    points = [np.column_stack([b.u_path, b.p_path]) for b in result.branches]
    special = [e for e in result.events if e.kind in ("BP", "LP")]
    return np.concatenate(points), [np.append(e.u, e.p) for e in special]


def jaxcont(task: Task):
    """JaxCont: compiled, anew at each call; it knows folds and Hopf points but no branch points."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jaxcont as jc

    result = jc.continuation(
        _jax_problem(task),
        p_span=(task.start.lam, task.window[0 if task.forward < 0 else 1]),
        settings=jc.ContinuationPar(
            ds=task.ds, ds_min=1e-7, ds_max=task.ds_max, max_steps=task.max_steps,
            newton_tol=TOLERANCE,
        ),
        events=[jc.Fold()],
    )  # fmt: skip
    points = np.column_stack([result.branch.states, result.branch.params])
    return points, [np.append(event.u, event.p) for event in result.events]


@cache
def _jax_problem(task: Task):
    """The task for JaxCont, kept so that what JAX can keep of it is kept."""
    import jaxcont as jc

    function = task.traced or _called_back(task)
    return jc.bif_problem(lambda u, lam, _: function(u, lam), task.start.x, task.start.lam)


def _called_back(task: Task):
    """The plain functions inside JAX: a call back to Python, with its derivative."""
    import jax
    import jax.numpy as jnp

    def call(function, shape, u, lam):
        out = jax.ShapeDtypeStruct(shape, jnp.float64)
        return jax.pure_callback(
            lambda u, lam: np.asarray(function(np.asarray(u), float(lam))),
            out, u, lam, vmap_method="sequential",
        )  # fmt: skip

    @jax.custom_jvp
    def gradient(u, lam):
        return call(task.gradient, (task.n,), u, lam)

    @gradient.defjvp
    def along(primals, tangents):
        u, lam = primals
        jacobian = call(task.jacobian, (task.n, task.n + 1), u, lam)
        return gradient(u, lam), jacobian @ jnp.append(tangents[0], tangents[1])

    return gradient


def _inside(task: Task, X) -> bool:
    return task.window[0] <= X[-1] <= task.window[1]


PEERS = {
    "bice": bice,
    "contique": contique,
    "bifpack": bifpack,
    "pycont": pycont,
    "jaxcont": jaxcont,
    "bifpy": bifpy,
}
