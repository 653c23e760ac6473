"""Proofs by interval arithmetic: events, points, branches, and what holds at every large size.

Numbers. A :class:`~bifurc.proof.interval.Ball` is a number known to lie in an
interval, to any precision; an :class:`~bifurc.proof.rounded.Enclosure` an
array of them in doubles, rounded outwards; a
:class:`~bifurc.proof.model.Model` a function of t on [-1, 1]; a
:class:`~bifurc.proof.germ.Germ` one of e = lam^(-1/2), with its power; an
:class:`~bifurc.proof.teacher.Exact` a polynomial in lam over Q[π, 1/π]. All go
through the formulas of :mod:`bifurc.loss`, or at large sizes through those of
:mod:`bifurc.proof.sums`, in which what grows with the sizes cancels. Neurons with
biases need the normal distribution of two variables (:mod:`bifurc.proof.normal`).

One test proves that there is a zero, and no other, in a box Z around z. If

    K = z - Y F(z) + (1 - Y F'(Z)) (Z - z)

lies in the interior of Z (Krawczyk), with any Y, F has one zero in Z, and it
is in K. F is g = 0 for a point; g = 0 and B phi = 0 for an event of the block B
(:mod:`bifurc.proof.extended`); g = 0 across a direction, for all t of a Taylor
model at once, for a piece of a branch (:mod:`bifurc.proof.tube`); g in rescaled
unknowns, for all e from 0 to a bound at once, for a family at every large size
(:mod:`bifurc.proof.limit`); and the gradient in all kd weights, by formulas that
share nothing with the others (:mod:`bifurc.proof.full`).

Signs of eigenvalues are those of discs around the diagonal of Q⁻¹ B Q, Q near
the eigenvectors (:mod:`bifurc.proof.signs`). One that vanishes is a simple zero,
and crosses if its speed along the branch, from exact null vectors, is not zero
(:mod:`bifurc.proof.claims`). Along a branch signs hold on cells, and between two
cells with proved signs an eigenvalue that moves one way is zero once at most
(:mod:`bifurc.proof.cells`). From a crossing, branches are born along every line
of its irrep that parts of the points fix (:mod:`bifurc.proof.births`).

A certificate holds a problem, boxes with exact ends, and conclusions, which are
never read to prove anything: they are compared with what the boxes prove
(:mod:`bifurc.proof.certificate`, :mod:`bifurc.proof.bounds`). It may say less than what
was proved, never more. Of other problems points of the models that come with bifurc are
proved, in all coordinates (:mod:`bifurc.proof.plain`): a certificate names a kernel or a
model of bifurc, and no function is looked for where a file says.

Proved of the built-in families, with files in ``cases/certificates/theorems``: II, A, I
and M with p = 2 and p = 5/2 are each one smooth branch of minima at every real d beyond
their event, to infinity, with the limits of all isotypic eigenvalues; W = V is a
minimum at every real d > 2; Fix(S_d) has four critical points without a zero row at
every real d >= 2.2346; and branches are born at the first event of each. Not proved:
how many points Fix(S_(d-1)) has; M at all real p at once, as models have one variable,
e, and with p an interval Krawczyk's test near infinity fails even for half its width
2**-8 and d >= 4**7, so that p would have to be a second variable; what happens at
events where several eigenvalues of one block vanish, and, of births, that those along
other lines than the ones listed are not there.

References
----------
.. [1] Krawczyk, "Newton-Algorithmen zur Bestimmung von Nullstellen mit
   Fehlerschranken", Computing 4, 1969.
.. [2] Tucker, "Validated Numerics", Princeton 2011.
"""
