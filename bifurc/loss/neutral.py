"""Directions along which the loss does not change: norm exchange of parallel neurons, rescaling.

For a positively homogeneous activation, two neurons with parallel weights
can pass norm to one another at no cost. The Hessian then has an exact zero
eigenvalue, at critical points and elsewhere, that is no bifurcation. Such a
direction is u_i = eps_i w_i with sum signs eps |w| = 0 over the rows of each
class of parallel ones; it lies in the irreps t and s only. Where output
weights are trained, a neuron is rescaled against its own: (w_i, -alpha_i).
"""

import numpy as np

from bifurc.loss.layout import Layout
from bifurc.loss.reduced import Rows
from bifurc.structure.irreps import Component
from bifurc.structure.structure import ALPHA

# 1 - cosine of the angle that still counts as parallel, as in kernels.PARALLEL
_TURN = 0.5e-14
# of its length: a vector that leaves a space by less lies in it; eigenvectors of zeros are found
# to rounding over the gap to other eigenvalues
SPANNED = 1e-6


def norm_exchanges(rows: Rows, layout: Layout, component: Component, keep: np.ndarray):
    """Neutral directions in the copies of ``component``, or None.

    Rows count as parallel where they are so in the whole batch.

    Parameters
    ----------
    rows : Rows
    component : Component
        Of irrep t or s.
    keep : ndarray
        Reads off coefficients in the copies, see :func:`~bifurc.loss.layout.dual`.

    Returns
    -------
    ndarray, shape (..., copies, m), or None if m = 0
    """
    students = len(layout.structure.students)
    vertex = component.irrep == "s"
    apart, same = parallel(rows, students)
    if apart.any():
        apart = apart & _have_other_points(rows, layout)
    if not apart.any() and np.count_nonzero(same) == students:
        return None  # each row is parallel to itself alone
    lengths = np.sqrt(rows.norms[..., 0, :students])
    if vertex:
        mine, _ = layout.on(*component.sets)
    else:
        mine = np.ones(students, dtype=bool)
    beta, sigma = _entries(rows, students, 0.0)
    found = []
    for members in _classes((same if vertex else same | apart) & np.outer(mine, mine)):
        pull = _signs(rows, members) * lengths[..., members]
        if vertex and np.diagonal(apart)[members].any():
            shares = np.broadcast_to(np.eye(len(members)), (*pull.shape, len(members)))
        else:
            if not vertex:
                pull = pull * rows.sizes[..., 0, members]
            shares = np.linalg.qr(pull[..., None], mode="complete")[0][..., 1:]
        for share in np.moveaxis(shares, -1, 0):
            found.append(_exchange(beta, sigma, members, share, layout, vertex, keep))
    return np.stack(found, axis=-1) if found else None


def rescalings(rows: Rows, layout: Layout, component: Component, keep: np.ndarray):
    """Directions (w_i, -alpha_i) in the copies of ``component``, one for each trained weight.

    Returns
    -------
    ndarray, shape (..., copies, m), or None if m = 0
    """
    s, vertex = layout.structure, component.irrep == "s"
    if not s.trained:
        return None
    beta, sigma = _entries(rows, len(s.students), -1.0)
    groups = trained_rows(layout)
    if vertex:
        mine, _ = layout.on(*component.sets)
        groups = [[i] for i in np.flatnonzero(mine).tolist()]
    found = [
        _exchange(beta, sigma, np.array(rows_of), np.ones(len(rows_of)), layout, vertex, keep)
        for rows_of in groups
    ]
    return np.stack(found, axis=-1) if found else None


def trained_rows(layout: Layout) -> list[list[int]]:
    """The row blocks behind each output weight that is trained: ties make several one."""
    s = layout.structure
    return [
        [layout.row_of(s.entries[i]) for i in orbit]
        for orbit in s.orbits
        if s.entries[orbit[0]].column == ALPHA
    ]


def _entries(rows: Rows, students: int, alpha: float):
    """beta and sigma of the student's rows, output weights times ``alpha``."""
    beta, sigma = rows.beta[..., 0, :students, :], rows.sigma[..., 0, :students, :]
    if rows.frame.alpha is not None:
        beta = beta * (1.0 + (alpha - 1.0) * rows.frame.at_alpha[: rows.frame.columns])
    return beta, sigma


def _signs(rows: Rows, members) -> np.ndarray:
    """Second-layer weights of some rows, of all points where they differ; (..., members)."""
    return rows.signs[members] if rows.signs.ndim == 1 else rows.signs[..., 0, members]


def parallel(rows: Rows, students: int, turn: float = _TURN) -> tuple[np.ndarray, np.ndarray]:
    """Which student blocks have parallel rows at different and at the same point, in all the batch.

    ``turn`` is 1 - cosine of the angle that still counts as parallel.
    """
    close = parallel_each(rows, students, turn)
    everywhere = np.asarray(close.all(axis=tuple(range(close.ndim - 3))))
    return everywhere[..., 0], everywhere[..., 1]


def parallel_each(rows: Rows, students: int, turn: float = _TURN) -> np.ndarray:
    """The same point by point of the batch: (..., students, students, 2)."""
    norms = rows.norms[..., 0, :students]
    inner = rows.inner[..., 0, :students, :students, :]
    if rows.biases is not None:
        b = rows.biases.b[..., 0, :students]
        norms, inner = norms + b * b, inner + (b[..., :, None] * b[..., None, :])[..., None]
    lengths = np.sqrt(norms[..., :, None] * norms[..., None, :])
    return inner >= (1 - turn) * lengths[..., None]


def _have_other_points(rows: Rows, layout: Layout) -> np.ndarray:
    """Which pairs of student blocks have rows at different points: not two on a set of one."""
    together = layout.on_one_set
    sizes = rows.sizes[..., 0, : len(together)]
    single = (sizes <= 1.0).reshape(-1, len(together)).all(axis=0)
    return ~(together & single)


def _classes(linked: np.ndarray) -> list[np.ndarray]:
    """Connected components of a symmetric relation; blocks not in it are left out."""
    classes, left = [], set(np.flatnonzero(linked.diagonal()).tolist())
    while left:
        members: set[int] = set()
        front = {left.pop()}
        while front:
            members |= front
            front = {int(j) for i in front for j in np.flatnonzero(linked[i])} - members
        left -= members
        classes.append(np.array(sorted(members)))
    return classes


def shared_classes(rows: Rows, layout: Layout, turn: float = _TURN) -> list[np.ndarray]:
    """Classes of two or more student blocks whose rows are parallel: they share their norm."""
    apart, same = parallel(rows, len(layout.structure.students), turn)
    return [members for members in _classes(same | apart) if len(members) > 1]


def equal_norms(rows: Rows, layout: Layout, x: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Coordinates ``x`` with rows of one norm in place of the parallel ``members``.

    The sum of signs times norms stays, so for a homogeneous kernel the loss
    stays. Blocks of which the signs
    cancel have no such representative and ``x`` comes back as it is.
    """
    s = layout.structure
    lengths = np.sqrt(rows.norms[..., 0, members])
    counts = _signs(rows, members) * rows.sizes[..., 0, members]
    total = counts.sum(axis=-1)
    common = (counts * lengths).sum(axis=-1) / np.where(np.abs(total) < 1e-9, np.nan, total)
    factors = common[..., None] / lengths
    if not (factors > 0).all():  # nan included: the signs cancel
        return x
    changed = x.copy()
    for i, member in enumerate(members):
        name = s.students[member].name
        own = [a for a, c in enumerate(s.coordinates) if c.row == name and c.column != ALPHA]
        changed[..., own] = x[..., own] * factors[..., i, None]
    return changed


def _exchange(beta, sigma, members, share, layout, vertex, keep):
    """Coefficients of u_i = share_i w_i (times z_i in the irrep s)."""
    parts = 3 if vertex else 2
    table = np.zeros((*beta.shape[:-2], layout.rows, parts, layout.columns))
    for part, entries in enumerate((beta, sigma)):
        table[..., members, part, :] = share[..., None] * entries[..., members, :]
    return table.reshape(*beta.shape[:-2], -1) @ keep


def rotations(rows: Rows, layout: Layout, component: Component, keep: np.ndarray) -> np.ndarray:
    """Directions A W in the copies of ``component``, A turning neurons into one another.

    Where the loss depends on sum_i signs_i w_i w_i' alone it is constant along
    them: signs_i A_ij = -signs_j A_ji. For each pair of student blocks r, r'
    the part of A from r' to r goes with z_i, with z_i at the same point, or
    with u_ij, and its counterpart from r to r' with what that is transposed.

    Returns
    -------
    ndarray, shape (copies, m)
        At one point; linearly dependent ones are not left out.
    """
    students, sign = len(layout.structure.students), rows.signs.reshape(-1, layout.rows)[0]
    beta, sigma = (
        part.reshape(-1, part.shape[-2], layout.columns)[0] for part in (rows.beta, rows.sigma)
    )
    total = rows.sizes.reshape(-1, len(sign))[0][:, None] * beta + sigma  # sum over a block
    on = [layout.on(points)[0][:students] for points in component.sets] or [np.ones(students, bool)]
    parts = {"t": 2, "s": 3}.get(component.irrep, 1)
    found = []

    def turn(r: int, other: int, ahead: dict, back: dict) -> None:
        """Entries by part: of row r as ``other`` turns into it, and of the other in return."""
        table = np.zeros((layout.rows, parts, layout.columns))
        for part, entries in ahead.items():
            table[r, part] += entries / sign[r]
        for part, entries in back.items():
            table[other, part] -= entries / sign[other]
        found.append(table.reshape(-1) @ keep)

    for r, other in np.argwhere(np.outer(on[0], on[-1])).tolist():
        tied = layout.on_one_set[r, other]
        match component.irrep:
            case "t" if r < other:
                turn(r, other, {0: total[other]}, {0: total[r]})
                if tied:
                    turn(r, other, {0: beta[other], 1: sigma[other]}, {0: beta[r], 1: sigma[r]})
            case "s" if r < other:
                turn(r, other, {0: beta[other], 1: sigma[other]}, {0: beta[r], 1: sigma[r]})
            case "x" if r <= other:
                turn(r, other, {0: sigma[other]}, {0: -sigma[r] * (r < other)})
            case "y" if r < other:
                turn(r, other, {0: sigma[other]}, {0: sigma[r]})
            case "sxs":
                turn(r, other, {0: sigma[other]}, {0: sigma[r]})
    if component.irrep == "s":
        for r, other in np.argwhere(np.outer(on[0], np.ones(students, bool))).tolist():
            turn(r, other, {0: total[other]}, {2: sigma[r]})
    return np.array(found).T if found else np.zeros((keep.shape[-1], 0))


def reason_of(rows, layout, component, basis, keep, root, kernel, turns: bool) -> str:
    """What the zeros of a block come of at one point, "" if it is none of these.

    Parameters
    ----------
    rows : Rows
    basis, keep : ndarrays
        The copies of ``component``, and what reads off coefficients in them.
    root : ndarray, shape (copies,)
        Lengths of the copies.
    kernel : ndarray, shape (copies, m)
        Eigenvectors of the zeros.
    turns : bool
        Whether the kernel leaves W -> OW free.
    """
    kernel = root[:, None] * kernel
    if turns and supported(kernel, root[:, None] * rotations(rows, layout, component, keep)):
        return "rotation"
    students = len(layout.structure.students)
    norms = rows.norms[0, :students]
    dead = norms <= SPANNED**2 * max(1.0, norms.max())
    equal = (rows.sigma[0, :students] == 0).all(axis=-1)
    equal &= layout.on(component.points)[0] if component.irrep == "s" else False
    own = np.abs(basis[:, :students]).reshape(len(basis), students, -1).any(axis=-1)
    for why, which in (("zero row", dead), ("plateau of equal rows", equal)):
        if supported(kernel, np.eye(len(basis))[:, (own & which).any(axis=1)]):
            return why
    return ""


def supported(kernel: np.ndarray, span: np.ndarray) -> bool:
    """Whether the columns of ``kernel`` (n, m) lie in ``span`` (n, k)."""
    if not span.shape[-1]:
        return False
    u, sizes, _ = np.linalg.svd(span, full_matrices=False)
    basis = u[:, sizes > SPANNED * sizes.max(initial=0.0)]
    off = kernel - basis @ (basis.T @ kernel)
    return bool(np.linalg.norm(off) <= SPANNED * np.linalg.norm(kernel))
