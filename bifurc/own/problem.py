"""A problem of one's own: a loss, a start, parameters by name and perhaps a group."""

import inspect
import logging
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from bifurc.continuation.constants import USUAL
from bifurc.continuation.problem import PlainProblem
from bifurc.given import ARGUMENTS, listed, one_of
from bifurc.imported import imported
from bifurc.own import hyperdual
from bifurc.own.asked import asked
from bifurc.own.derivatives import (
    BY_JAX,
    BY_NUMBERS,
    Way,
    agrees,
    best_way,
    jax_functions,
)
from bifurc.own.named import group_from, group_spec
from bifurc.own.scales import length
from bifurc.switching.linear import SymmetricProblem

USUAL_LENGTHS = (1e-2, 1e2)  # of x: within them it is measured as it is
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Problem:
    """A loss with parameters, whose critical points are continued.

    Parameters
    ----------
    loss : callable (x, **parameters) -> float, or None
        x has shape (n,). May be left out where the gradient is given.
    x0 : array_like, shape (n,)
        Near a critical point at the values in ``parameters``.
    parameters : mapping from names to numbers
        Any of them may run.
    group : bifurc.groups.Symmetry, optional
        Orthogonal matrices that leave the loss as it is.
    gradient : callable (x, **parameters) -> (n,), optional
    hessian : callable (x, **parameters) -> (n, n), optional
        An array or a sparse matrix.
    name : str
    scales : mapping from "x" and names of parameters to numbers, optional
        Lengths that count as one; that of x may be one for each coordinate.
        What is left out is found where one is far from it, see
        :mod:`bifurc.own.scales`.

    Raises
    ------
    ValueError
        If neither loss nor gradient is given, the loss takes other parameters,
        or x0 is no vector of finite numbers.

    Examples
    --------
    >>> problem = Problem(lambda x, lam, c: lam * x @ x / 2 - c * (x**4).sum() / 4,
    ...                   x0=[0.0, 0.0], parameters={"lam": -0.5, "c": 1.0})
    >>> plain = problem.along("lam")
    >>> plain.gradient(np.array([0.5, 0.0]), 1.0)
    array([0.375, 0.   ])
    """

    loss: Callable[..., Any] | None
    x0: Any
    parameters: Mapping[str, float]
    group: Any = None
    gradient: Callable[..., Any] | None = None
    hessian: Callable[..., Any] | None = None
    name: str = "own"
    scales: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, str] | None = field(default=None, repr=False)

    def __post_init__(self):
        if self.loss is None and self.gradient is None:
            raise ValueError("A problem needs a loss, or else a gradient.")
        _check_names(self.parameters)
        for what in ("loss", "gradient", "hessian"):
            _takes(what, getattr(self, what), self.parameters)
        try:
            x0 = np.array(self.x0, dtype=float)
            values = {name: float(value) for name, value in self.parameters.items()}
        except (TypeError, ValueError):
            raise ValueError(
                "x0 needs a vector of numbers, and parameters a number for each name, such as "
                'parameters={"lam": 0.5}.'
            ) from None
        if x0.ndim != 1 or not x0.size or not np.isfinite([*x0, *values.values()]).all():
            raise ValueError(f"x0 needs a vector of finite numbers, got shape {x0.shape}.")
        if self.group is not None and not hasattr(self.group, "fixed_space"):
            raise ValueError(
                f"group needs one of bifurc.groups, such as dihedral(6), got {self.group!r}."
            )
        if self.group is not None and self.group.n != len(x0):
            raise ValueError(f"The group acts on {self.group.n} coordinates, x0 has {len(x0)}.")
        object.__setattr__(self, "scales", _checked_scales(self.scales, x0, values))
        object.__setattr__(self, "x0", x0)
        object.__setattr__(self, "parameters", values)

    @classmethod
    def from_file(cls, reference: str, folder: Path = Path(), **given: Any) -> "Problem":
        """The problem ``model.py:name``: a Problem, or a loss that ``given`` goes with.

        Raises
        ------
        ValueError
            If there is no such file or name in it.
        """
        found = imported(reference, folder)
        path, _, name = reference.partition(":")
        place = (folder / path).resolve()
        source = {"file": str(place), "name": name}
        if isinstance(found, Problem):
            return replace(found, source=source)
        if isinstance(given.get("group"), Mapping):
            given["group"] = group_from(given["group"])
        if not {"x0", "parameters"} <= set(given):
            raise ValueError(f"A loss such as {reference!r} needs x0 and parameters beside it.")
        return cls(found, **given, name=name, source=source)

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> "Problem":
        """The problem of :meth:`spec`; without its functions if they are in no file."""
        given = {"x0": spec["x0"], "parameters": spec["parameters"], "scales": spec["scales"]}
        if spec["group"] is not None:
            given["group"] = group_from(spec["group"])
        if spec["file"] is None:
            return cls(None, gradient=_missing, name=spec["name"], **given)
        found = cls.from_file(f"{spec['file']}:{spec['name']}", **given)
        return replace(found.with_parameters(**spec["parameters"]), scales=spec["scales"])

    def spec(self) -> dict[str, Any]:
        """The problem as plain data; of its functions where they are, if they are in a file."""
        return {
            "type": "own",
            "file": None if self.source is None else self.source["file"],
            "name": self.name if self.source is None else self.source["name"],
            "x0": self.x0.tolist(),
            "parameters": dict(self.parameters),
            "group": None if self.group is None else group_spec(self.group),
            "scales": {name: np.asarray(size).tolist() for name, size in self.scales.items()},
        }

    def __repr__(self) -> str:
        values = ", ".join(f"{name} = {value:.6g}" for name, value in self.parameters.items())
        group = "" if self.group is None else f", {self.group}"
        return f"Problem {self.name}: {len(self.x0)} coordinates, {values}{group}"

    def __reduce__(self):
        if self.source is None:
            raise pickle.PicklingError(
                f"Problem {self.name!r} is made of functions that have no place to be found at; "
                'put them into a file and name it in a case: function = "model.py:loss".'
            )
        return Problem.from_spec, (self.spec(),)

    def with_parameters(self, **values: float) -> "Problem":
        """The same problem with other values of its parameters.

        Raises
        ------
        ValueError
            If it has no such parameter.
        """
        if unknown := set(values) - set(self.parameters):
            raise ValueError(
                f"Problem {self.name!r} has no parameter {', '.join(sorted(unknown))}; it has "
                f"{', '.join(self.parameters)}."
            )
        return replace(self, parameters={**self.parameters, **values})

    def scaled(self, parameter: str, window: tuple[float, float]) -> "Problem":
        """The same problem with the scales that are not given, where they are far from one."""
        scales, width = dict(self.scales), abs(window[1] - window[0])
        if "x" not in scales:
            function: Any = self.gradient if self.loss is None else self.loss
            values = (self.parameters[parameter], *window)
            at = [partial(function, **{**self.parameters, parameter: value}) for value in values]
            size = length(at, self.x0, 1 if self.loss is None else 2)
            scales |= {} if USUAL_LENGTHS[0] <= size <= USUAL_LENGTHS[1] else {"x": size}
        if parameter not in scales and not USUAL[0] <= width <= USUAL[1] and "x" in scales:
            scales[parameter] = width / 4
        if scales != self.scales:
            log.info("Problem %r is followed in the scales %s.", self.name, scales)
        return replace(self, scales=scales)

    def size_of(self, name: str) -> Any:
        """The length that counts as one of "x" or of a parameter."""
        return self.scales.get(name, 1.0)

    def along(self, parameter: str) -> PlainProblem:
        """What the engine continues when ``parameter`` runs, the others at their values.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        self.with_parameters(**{parameter: 0.0})
        fixed = {n: value for n, value in self.parameters.items() if n != parameter}
        functions, ways = self.engine_functions(parameter)
        twice = ways.get("hessian")
        units = np.append(
            np.broadcast_to(self.size_of("x"), self.x0.shape), self.size_of(parameter)
        )
        plain = PlainProblem(
            **functions,
            n=len(self.x0),
            parameter=parameter,
            fixed=fixed,
            source={**self.spec(), "parameter": parameter},
            error=0.0 if twice is None else twice.error,
            units=units if self.scales else None,
        )
        if self.group is None:
            return plain
        basis = self.group.fixed_space(self.x0[:, None])
        return SymmetricProblem.of(plain, self.group, basis)

    def start(self, plain: PlainProblem) -> np.ndarray:
        """x0 in the coordinates of what :meth:`along` returned."""
        return plain.basis.T @ self.x0 if isinstance(plain, SymmetricProblem) else self.x0

    @cached_property
    def derivatives(self) -> dict[str, str]:
        """How each derivative is got, and its relative error, in words."""
        _, ways = self.engine_functions(next(iter(self.parameters)))
        return {name: "given" if way is None else str(way) for name, way in ways.items()}

    def engine_functions(self, parameter: str) -> tuple[dict[str, Any], dict[str, Way | None]]:
        """The functions of (x, lam) that the engine asks for, and how each is got.

        What was given has no way.
        """
        fixed = {n: value for n, value in self.parameters.items() if n != parameter}
        x, lam, size = self.x0, self.parameters[parameter], self.size_of("x")

        def bound(function):
            return asked(function, f"Problem {self.name!r}", parameter, fixed)

        if self.gradient is _missing:
            return dict.fromkeys(("gradient", "hessian", "gradient_dlam"), _missing), {}
        functions: dict[str, Any] = {}
        loss: Any = None
        if self.loss is not None:
            loss = bound(self.loss)
            functions["loss"] = lambda x, lam: float(np.real(loss(x, lam)))
            automatic = jax_functions(loss, x, lam) if self.gradient is None else None
            if automatic is not None:
                derived = ("gradient", "hessian", "gradient_dlam")
                return functions | automatic, dict.fromkeys(derived, BY_JAX)
        if self.gradient is not None:
            gradient, by = bound(self.gradient), None
        else:
            by = best_way(lambda at: loss(at, lam), x, size)

            def gradient(x, lam):
                return by(lambda at: loss(at, lam), x)

        functions["gradient"] = lambda x, lam: np.asarray(gradient(x, lam), dtype=float)
        slopes, twice, mixed = self._slopes(loss, gradient, parameter)
        by_hessian = None if self.hessian is not None else twice
        ways = {"gradient": by, "hessian": by_hessian, "gradient_dlam": mixed}
        one, every = np.eye(len(x) + 1)[:, -1:], np.eye(len(x) + 1)[:, :-1]
        functions["gradient_dlam"] = lambda x, lam: slopes(x, lam, one)[:, 0]
        if self.hessian is None:
            functions["hessian"] = lambda x, lam: slopes(x, lam, every)
            functions["slopes_times"] = slopes
            return functions, ways
        matrix = bound(self.hessian)
        functions["hessian"] = lambda x, lam: _dense(matrix(x, lam))
        if hasattr(matrix(x, lam), "toarray"):

            def times(x, lam, columns):
                along_lam = slopes(x, lam, one) * columns[-1] if columns[-1].any() else 0.0
                return matrix(x, lam) @ columns[:-1] + along_lam

            functions["slopes_times"] = times
        return functions, ways

    def _slopes(self, loss, gradient, parameter: str) -> tuple[Callable, Way | None, Way]:
        """[Hessian | d²/dx dlam] times columns (n + 1, m), and how both are got.

        A Hessian that is given has no way, and is left out of the product.
        """
        x, size, lam = self.x0, self.size_of("x"), self.parameters[parameter]
        at, every = np.array([lam]), np.eye(len(x) + 1)

        def exact(x, lam, columns):
            return hyperdual.second(loss, x, lam, columns)

        if (
            self.gradient is None
            and agrees(lambda y: exact(y, lam, every[:, :-1]), lambda y: gradient(y, lam), x, size)
            and agrees(
                lambda l: exact(x, l[0], every[:, -1:]),
                lambda l: gradient(x, l[0]),
                at,
                self.size_of(parameter),
            )
        ):
            return exact, BY_NUMBERS, BY_NUMBERS
        needed = self.hessian is None
        twice = best_way(lambda y: gradient(y, lam), x, size) if needed else None
        mixed = best_way(lambda l: gradient(x, l[0]), at, self.size_of(parameter))

        def slopes(x, lam, columns):
            found = np.zeros((len(x), columns.shape[1]))
            if twice is not None and columns[:-1].any():
                found += twice(lambda y: gradient(y, lam), x, columns[:-1])
            if columns[-1].any():
                rates = mixed(lambda l: gradient(x, l[0]), np.array([lam]))
                found += rates * columns[-1]
            return found

        return slopes, twice, mixed


def _missing(*_, **__):
    raise ValueError(
        "The functions of this problem are not in the file; give it to bifurc.load as problem=..."
    )


def _checked_scales(scales: Any, x0: np.ndarray, parameters: Mapping[str, float]) -> dict:
    """Scales by name, as positive numbers; that of x may have the shape of x0."""
    found = {}
    for name, size in one_of("scales", scales, Mapping, 'a table such as {"x": 0.1}').items():
        listed("The scale of", name, ("x", *parameters))
        try:
            array = np.array(size, dtype=float)
        except (TypeError, ValueError):
            array = np.array(np.nan)
        if (
            array.shape not in [(), x0.shape][: 1 + (name == "x")]
            or not ((array > 0) & np.isfinite(array)).all()
        ):
            raise ValueError(f"The scale of {name} needs a positive number, got {size!r}.")
        found[name] = array if array.ndim else float(array)
    return found


def _check_names(parameters: Any) -> None:
    """Raise ValueError unless there are parameters, with names that no argument has."""
    named = one_of("parameters", parameters, Mapping, 'a table such as {"lam": 0.5}')
    if not named:
        raise ValueError('A problem needs a parameter, such as parameters={"lam": 0.5}.')
    for name in named:
        if not isinstance(name, str) or not name.isidentifier() or name in ("x", *ARGUMENTS):
            raise ValueError(
                f"A parameter cannot be called {name!r}: it needs a name of Python that is not x "
                "and no argument of bifurc's calls. Call it otherwise."
            )


def _takes(what: str, function: Callable | None, parameters: Mapping[str, float]) -> None:
    """Raise ValueError unless the function takes x and these parameters by name."""
    if function is None:
        return
    if not callable(function):
        raise ValueError(f"{what} needs a function of (x, {', '.join(parameters)}).")
    try:
        inspect.signature(function).bind(None, **parameters)
    except TypeError as error:
        raise ValueError(
            f"{what} does not take (x, {', '.join(parameters)}): {error}; name its parameters as "
            "in `parameters`."
        ) from None
    except ValueError:
        pass  # a function of C tells no signature


def _dense(matrix: Any) -> np.ndarray:
    """An array of a matrix that may be sparse."""
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=float)
