"""What happens along a branch: crossings, folds and branch points, found and located.

The Hessian on a branch falls into isotypic blocks. Of every block all points
know the eigenvalues and their speeds along the branch
(:mod:`bifurc.events.spectra`), so between two points each one is about a cubic.
Where a cubic may do more than its ends show, another point is put
(:mod:`bifurc.events.detect`); then a change of sign is a crossing, and is
located by Newton on g(x, lam) = 0 together with that eigenvalue
(:mod:`bifurc.events.locate`). In the branch's own block, t, a zero is a fold, where
lam turns, or a branch point, where g_lam is in the range of the Jacobian
(:mod:`bifurc.continuation.singular`). No sign tells of an eigenvalue that
touches zero and turns back (:mod:`bifurc.events.touch`): it is told from one
that comes near, or crosses and comes back, by the rounding that is measured
there (:mod:`bifurc.events.bottom`).

What is at one point is one event, with all that vanishes as its kernel
(:mod:`bifurc.events.place`, :mod:`bifurc.events.records`); between events the Morse
index is constant, on pieces (:mod:`bifurc.events.pieces`). All of it makes a
branch (:mod:`bifurc.events.branch`).
"""
