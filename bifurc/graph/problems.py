"""Problems as plain data, so that a saved branch can be continued."""

import copyreg
from dataclasses import replace
from typing import Any

import numpy as np

from bifurc.continuation.problem import PlainProblem
from bifurc.loss import kernels
from bifurc.loss.problem import NetworkProblem
from bifurc.models import model
from bifurc.own.problem import Problem
from bifurc.spectra import Neutrals
from bifurc.structure.blocks import expressions
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import PointBlock, PointSet, Structure
from bifurc.switching.linear import SymmetricProblem


def component_spec(component: Component) -> dict:
    """A component as plain data."""
    return component._asdict() | {"dimension": component.dimension.text()}


def component_from(spec: dict) -> Component:
    """The component of :func:`component_spec`."""
    rest = {key: value for key, value in spec.items() if key != "points"}
    sets = tuple(spec["sets"] if "sets" in spec else filter(None, spec["points"].split(",")))
    return Component(**rest | {"sets": sets, "dimension": Polynomial.parse(spec["dimension"])})


def structure_spec(structure: Structure) -> dict:
    """A structure as plain data."""
    blocks = ("students", "inputs", "teachers")
    return {
        "sets": [[points.name, points.size.text()] for points in structure.sets],
        **{kind: [[b.name, b.points] for b in getattr(structure, kind)] for kind in blocks},
        **{
            name: [
                [row, column, *(value.text() for value in pair)]
                for (row, column), pair in table.items()
            ]
            for name, _, table in structure.tables
        },
        "decay": structure.decay.text(),
        "bias": list(structure.bias),
        "common_bias": structure.common.text(),
        "trained": structure.trained,
        "sphere": structure.sphere.text(),
        "row_norm": structure.row_norm.text(),
        **{
            name: {row: w.text() if isinstance(w, Polynomial) else w for row, w in given.items()}
            for name, given in (
                ("student_weights", structure.student_weights),
                ("teacher_weights", structure.teacher_weights),
            )
        },
        "ties": [dict(generator) for generator in structure.ties],
    }


def structure_from(spec: dict) -> Structure:
    """The structure of :func:`structure_spec`."""
    students, inputs, teachers = (
        tuple(PointBlock(*block) for block in spec[kind])
        for kind in ("students", "inputs", "teachers")
    )
    return Structure(
        tuple(PointSet(name, Polynomial.parse(size)) for name, size in spec["sets"]),
        students,
        inputs,
        teachers,
        _table(spec["teacher"]),
        expressions(spec["student_weights"]),
        expressions(spec["teacher_weights"]),
        tuple(spec["ties"]),
        Polynomial.parse(spec.get("decay", "0")),
        _table(spec.get("reference", ())),
        tuple(spec.get("bias", ())),
        Polynomial.parse(spec.get("common_bias", "0")),
        spec.get("trained", ""),
        Polynomial.parse(spec.get("sphere", "0")),
        Polynomial.parse(spec.get("row_norm", "0")),
    )


def _table(entries) -> dict:
    parse = Polynomial.parse
    return {(row, column): (parse(one), parse(off)) for row, column, one, off in entries}


def neutrals_spec(neutrals: Neutrals) -> dict:
    """Zeros set apart as plain data."""
    zeros = [[component_spec(c), n, neutrals.reasons[c]] for c, n in neutrals.zeros.items()]
    return {"zeros": zeros, "stiffness": neutrals.stiffness}


def neutrals_from(spec: dict) -> Neutrals:
    """The zeros of :func:`neutrals_spec`."""
    zeros = [(component_from(c), count, reason) for c, count, reason in spec["zeros"]]
    reasons = {c: reason for c, _, reason in zeros}
    return Neutrals({c: count for c, count, _ in zeros}, reasons, spec["stiffness"])


def problem_spec(problem: Any) -> dict:
    """A problem as plain data.

    Raises
    ------
    ValueError
        If it is made of functions that have no name.
    """
    if isinstance(problem, NetworkProblem):
        return {
            "type": "network",
            "structure": structure_spec(problem.structure),
            "kernel": kernels.name_of(problem.kernel),
            "kernel_parameters": {
                name: Polynomial.of(value).text()
                for name, value in problem.kernel_parameters.items()
            },
            "line": {name: poly.text() for name, poly in problem.line.items()},
            "pinned": problem.pinned,
            "neutrals": neutrals_spec(problem.neutrals),
        }
    if isinstance(problem, PlainProblem) and problem.source is not None:
        neutrals = neutrals_spec(problem.neutrals)
        spec: dict = {"type": "model", **problem.source, "neutrals": neutrals}
        if isinstance(problem, SymmetricProblem):
            spec["basis"] = problem.basis.tolist()
        return spec
    raise ValueError(
        "A problem made of plain functions cannot be saved; use a model of bifurc.models, or "
        "explore without an output folder."
    )


def problem_from(spec: dict) -> Any:
    """The problem of :func:`problem_spec`."""
    return _bare(spec).with_neutrals(neutrals_from(spec["neutrals"]))


def _bare(spec: dict) -> Any:
    if spec["type"] == "network":
        return NetworkProblem(
            structure_from(spec["structure"]),
            kernels.kernel(spec["kernel"]),
            spec["line"],
            kernel_parameters=spec.get("kernel_parameters"),
            pinned=spec.get("pinned", False),
        )
    if spec["type"] == "own":
        problem = Problem.from_spec(spec).along(spec["parameter"])
    else:
        problem = model(spec["model"], **spec["parameters"])
    if isinstance(problem, SymmetricProblem) and "basis" in spec:
        basis = np.array(spec["basis"]).reshape(problem.full.n, -1)
        return SymmetricProblem.of(problem.full, problem.group, basis)
    return problem


def with_functions(loaded: Any, problem: Problem) -> Any:
    """A problem that was loaded, on the functions of ``problem`` instead of its own."""
    scales = loaded.source["scales"]
    plain = replace(problem.with_parameters(**loaded.fixed), scales=scales).along(loaded.parameter)
    if isinstance(plain, SymmetricProblem):
        plain = SymmetricProblem.of(plain.full, plain.group, loaded.basis)
    return plain.with_neutrals(loaded.neutrals)


def _pickled(problem: PlainProblem):
    """A problem that has a name goes to another process by it: its functions cannot go."""
    if problem.source is None:
        return object.__reduce_ex__(problem, 4)
    return problem_from, (problem_spec(problem),)


copyreg.pickle(PlainProblem, _pickled)  # type: ignore[arg-type]
copyreg.pickle(SymmetricProblem, _pickled)  # type: ignore[arg-type]
