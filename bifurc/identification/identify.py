"""Which critical point a weight matrix is: family, loss, index and spectrum."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse.linalg import eigsh

from bifurc.events.records import morse_index
from bifurc.given import number
from bifurc.identification.catalogue import TOLERANCE, Catalogue, label, own_diagonals
from bifurc.identification.checks import nearly_parallel, outer, valid
from bifurc.identification.form import Form, block_form
from bifurc.identification.polish import FIXED, SPECTRAL, Polished, operator
from bifurc.identification.settle import settle
from bifurc.identification.teacher import rotated
from bifurc.loss import full, kernels
from bifurc.loss.embedding import matrices
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.families import Family
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Structure
from bifurc.switching.names import isotropy_of
from bifurc.threads import one_thread

RELU = kernels.ReLU()
SMALL = 1e-9  # an eigenvalue that is zero up to rounding
ZERO = 1e-6  # length of a row that counts as zero, relative to the longest
TRAINED = 1e-3  # a trained matrix moves less on the way to its critical point, over its norm
NEARER = 0.1  # so much less must a transpose move than the matrix that was given
MANY = 400  # coordinates past which the full Hessian is cheaper than its t block
FEW = 12  # of its eigenvalues, the smallest, where it is too large to be formed


@dataclass(frozen=True, eq=False)
class Identified:
    """What a weight matrix is.

    Attributes
    ----------
    polished : Polished
        The matrix after Newton, in the order it was given, zero rows left out
        and, for a teacher that is orthonormal, with its rows as basis;
        ``polished.status`` says whether it is a critical point. If not, all
        below is None or empty.
    form : Form or None
        Its ``rows`` count all rows of the matrix given.
    family : Family or None
        With the parameters at this matrix: a known one, or a new one.
    known : bool
    loss : float or None
    spectrum : dict from Component to (eigenvalues, number of neutral directions)
        Through the reduced problem; multiplicities are the components' dimensions.
    zero_rows : tuple of int
        Rows that are zero. They were left out: the loss is not smooth there.
    parallel : tuple of (int, int, float)
        Pairs of rows and the angle between them in degrees, if below one.
    notes : tuple of str
    kernel : str or object
        The activation.
    """

    polished: Polished
    form: Any = None
    family: Any = None
    known: bool = False
    loss: Any = None
    spectrum: Mapping[Component, tuple[np.ndarray, int]] = field(default_factory=dict)
    zero_rows: tuple[int, ...] = ()
    parallel: tuple[tuple[int, int, float], ...] = ()
    notes: tuple[str, ...] = ()
    kernel: Any = "relu"

    def __repr__(self) -> str:
        if not self.ok:
            return f"Identified: no critical point. {self.polished.status.value}"
        name = self.family.name if self.family is not None else "no family"
        return f"Identified: {name}, loss {self.loss:.10g}"

    @property
    def ok(self) -> bool:
        """Whether the matrix is a critical point, so that the rest means something."""
        return self.polished.status.ok

    @property
    def name(self) -> Any:
        """The family's name and parameters."""
        return label(self.family) if self.family else None

    @property
    def structure(self) -> Structure | None:
        """The structure with sizes in d and k."""
        return self.form.structure if self.form else None

    @cached_property
    def problem(self) -> NetworkProblem:
        """The reduced problem along d, k - d fixed; ``form.x`` solves it at ``d``."""
        return problem_of(self.form, kernels.kernel(self.kernel))

    @property
    def index(self) -> Any:
        """Morse index, neutral directions aside."""
        if self.form is None:
            return None
        negatives = {c: int((values < -SMALL).sum()) for c, (values, _) in self.spectrum.items()}
        return round(morse_index(negatives, self.form.parameters)(**self.form.parameters))

    @property
    def is_minimum(self) -> bool:
        """Whether all eigenvalues are positive, neutral directions aside."""
        return self.index == 0 and not self.flat

    @property
    def flat(self) -> list[str]:
        """The blocks with zero eigenvalues that are no exchange of norm."""
        return [
            c.label for c, (values, _) in self.spectrum.items() if np.any(np.abs(values) <= SMALL)
        ]


@one_thread()
def identify(
    W,
    V=None,
    families=None,
    catalogue: Catalogue | None = None,
    kernel: Any = "relu",
    tolerance: float | None = None,
    weights=None,
    teacher_weights=None,
) -> Identified:
    """Polish a weight matrix, find its isotropy and say which family it is.

    Parameters
    ----------
    W : array_like, shape (k, d)
        Rows are neurons.
    V : array_like, shape (h, d), optional
        The teacher; the identity by default.
    families : sequence of Family, optional
        Known families beside the built-in ones.
    catalogue : Catalogue, optional
        To identify many matrices: keeps the members it has computed, and brings its kernel.
    kernel : str or object
        The activation of the network, see :func:`bifurc.kernels.kernel`.
    tolerance : float, optional
        Of noisy weights: entries that differ by less count as equal, and Newton starts at
        the nearest matrix with that isotropy.
    weights, teacher_weights : array_like, shape (k,) and (h,), optional
        Second-layer weights, which stay as they are; 1 by default.

    Returns
    -------
    Identified

    Raises
    ------
    ValueError
        If the tolerance is not positive, or a matrix has a wrong shape or entries that are
        no finite numbers.

    Examples
    --------
    >>> from bifurc.identification.embed import embed
    >>> found = identify(embed("II", d=8)[::-1])
    >>> found.name, found.index, round(found.loss, 6)
    ('II', 0, 0.021508)
    """
    w, v = valid(W, V)
    ab = outer(weights, len(w), "W"), outer(teacher_weights, len(v), "the teacher")
    catalogue = catalogue or Catalogue.beside(families, kernel)
    made = kernels.kernel(catalogue.kernel)
    about: dict[str, Any] = {}
    if tolerance is not None:
        w, v, said = _symmetrised(*rotated(w, v), tolerance, made, ab)
        about["notes"] = (said,)
    (polished, classes, kept), v, turned = _as_given_or_transposed(w, v, made, ab)
    zero = tuple(np.setdiff1d(np.arange(len(w)), kept).tolist())
    parallel = tuple((int(kept[i]), int(kept[j]), a) for i, j, a in nearly_parallel(polished.w))
    about |= {"zero_rows": zero, "parallel": parallel}
    if not polished.status.ok:
        return Identified(polished, **about)
    ab = _rows(ab, kept)
    form = block_form(polished.w, v, TOLERANCE, ab)
    if form.deviation > 10 * TOLERANCE:
        form = block_form(polished.w, v, 0.01 * TOLERANCE, ab)
    loss = full.loss(polished.w, v, made, *ab)
    family, notes = catalogue.recognise(form, w.shape[1], len(kept))
    notes = [*about.pop("notes", ()), *turned, *notes, *_notes(form, loss, classes, kept)]
    spectrum = spectrum_of(form, polished.w, v, made, ab)
    if (count := sum(len(values) for values, _ in spectrum.values())) < len(form.x):
        notes.append(f"Computed are the {count} smallest of {polished.w.size} eigenvalues.")
    found = Identified(
        polished=polished,
        form=replace(form, rows=tuple(kept[list(form.rows)].tolist())),
        family=family or new_family(form, catalogue.kernel),
        known=family is not None,
        loss=loss,
        spectrum=spectrum,
        notes=tuple(notes),
        kernel=catalogue.kernel,
        **about,
    )
    if not found.flat:
        return found
    note = (
        f"Blocks {', '.join(found.flat)} have zero eigenvalues beside exchanges of norm: second "
        "order does not decide whether it is a minimum there."
    )
    return replace(found, notes=(*found.notes, note))


def _symmetrised(w, v, tolerance: float, made, ab) -> tuple[np.ndarray, np.ndarray, str]:
    """The nearest matrix with the approximate isotropy of ``w``, the teacher, and a word on it."""
    if not number("tolerance", tolerance) > 0:
        raise ValueError(f"tolerance needs a positive number, got {tolerance!r}.")
    form = block_form(w, v, tolerance, ab)
    near = w.copy()
    near[np.ix_(form.rows, form.columns)] = canonical(form)[0]
    away = np.linalg.norm(near - w) / np.linalg.norm(w)
    said = (
        f"Entries within {tolerance:g} of one another were taken as equal: its approximate "
        f"isotropy is {isotropy_of(problem_of(form, made))}, and the nearest matrix with it is "
        f"{away:.2%} of its norm away."
    )
    return near, v, said


def _as_given_or_transposed(w, v, made, ab=FIXED):
    """The matrix polished, or its transpose where that is much nearer to a critical point.

    Returns
    -------
    polished, classes and rows kept, see :func:`_settled`
    v : ndarray
        The teacher in the form in which it is looked at.
    notes : list of str
    """
    mine, v_mine = rotated(w, v)
    given = _settled(mine, v_mine, made, ab)
    moved = given[0].moved if given[0].status.ok else np.inf
    if w.shape[0] != w.shape[1] or moved < TRAINED or ab[0] is not None:
        return given, v_mine, []
    theirs, v_theirs = rotated(w.T, v)
    turned = _settled(theirs, v_theirs, made)
    if not turned[0].status.ok or turned[0].moved > NEARER * moved:
        return given, v_mine, []
    how = f"moves by {moved:.1%} of its norm" if np.isfinite(moved) else "is near none"
    return (
        turned,
        v_theirs,
        [
            f"Described is the transpose, a critical point (it moves by {turned[0].moved:.1e} of "
            f"its norm); the matrix as it was given {how}. Rows are neurons."
        ],
    )


def _settled(w, v, made, ab=FIXED) -> tuple[Polished, list[np.ndarray], np.ndarray]:
    """Polish without rows that are zero or become so; also which rows were kept."""
    kept, rays = np.arange(len(w)), getattr(made, "homogeneous", False)
    while True:
        lengths = np.linalg.norm(w, axis=1)
        small = lengths <= ZERO * lengths.max() * rays
        w, kept = w[~small], kept[~small]
        polished, classes = settle(w, v, made, _rows(ab, kept))
        lengths = np.linalg.norm(polished.w, axis=1)
        if not (rays and polished.status.ok and lengths.min() <= ZERO * lengths.max()):
            return polished, classes, kept
        w = polished.w


def _rows(ab, kept):
    """Second-layer weights of the rows that are kept, and the teacher's."""
    return ab[0] if ab[0] is None else ab[0][kept], ab[1]


def _notes(form: Form, loss: float, classes, kept) -> list[str]:
    """What a reader should know beside the numbers."""
    notes = []
    for rows in classes:
        names = ", ".join(str(int(kept[row])) for row in rows)
        notes.append(
            f"Rows {names} are parallel and exchange norm at no cost: the matrix lies on a "
            "continuum; described is the point on it where their norms are equal."
        )
    if form.said:
        notes.append(f"{form.said}; its isotropy group may be larger.")
    if abs(loss) < 1e-13 * len(form.columns):
        notes.append("The loss is zero: a global minimum.")
    if not form.structure.parameters:
        notes.append(
            "No two columns are exchanged by a symmetry that leaves the rest: no size can grow."
        )
    return notes


def new_family(form: Form, kernel: Any = "relu") -> Family:
    """A family for a form that no known family has; its name is its group."""
    name = f"new: {form.structure if form.structure.parameters else 'no symmetry'}"
    if form.structure.ties:
        name = f"new: {isotropy_of(problem_of(form, kernels.kernel(kernel)))}"
    d = int(form.parameters["d"])
    parameters: dict[str, Any] = {"d": d}
    if "k" in form.parameters:
        parameters["k"] = (Polynomial.parse("d") + int(form.parameters["k"] - d)).text()
    own = own_diagonals(form)
    coordinates = {
        c.name: float(v) for c, v in zip(form.structure.coordinates, form.x, strict=True)
    }
    return Family(
        name,
        form.structure,
        start={row: float(np.sign(round(value, 9))) for row, value in own.items()},
        parameters=parameters,
        found={"at": {"d": d}, "coordinates": coordinates},
        kernel=kernel,
    )


def problem_of(form: Form, made) -> NetworkProblem:
    """The reduced problem of a form along d."""
    line = {"d": Polynomial.parse("lam")}
    if "k" in form.parameters:
        line["k"] = line["d"] + round(form.parameters["k"] - form.parameters["d"])
    return NetworkProblem(form.structure, made, line)


def spectrum_of(form: Form, w, v, made, ab=FIXED) -> dict[Component, tuple[np.ndarray, int]]:
    """Eigenvalues of each block and how many neutral directions it has."""
    if len(form.x) > MANY:
        return {Component.on("t", len(form.x)): (lowest(w, v, made, ab), 0)}
    spectrum = {}
    problem = problem_of(form, made)
    for component, block in problem.blocks(form.x, form.parameters["d"]).items():
        spectrum[component] = block.eigen().values, block.neutrals
    return spectrum


def lowest(w, v, made=RELU, ab=FIXED) -> np.ndarray:
    """All eigenvalues of the full Hessian, ascending; of a large one those up to a positive one."""
    if w.size <= SPECTRAL:
        return np.linalg.eigvalsh(full.hessian(w, v, made, *ab))
    hessian, count, values = operator(w, v, made, *ab), FEW, np.zeros(0)
    while count < w.size and not (values > SMALL).any():
        values = np.sort(eigsh(hessian, count, which="SA", return_eigenvectors=False))
        count *= 4
    return values


def canonical(form: Form) -> tuple[np.ndarray, np.ndarray]:
    """The matrices W and V in block order."""
    return matrices(form.structure, form.x, form.parameters)
