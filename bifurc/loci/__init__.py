"""Events in two parameters: the curves they lie on, and what happens along those.

A branch of critical points x(lam) of a family has events: an eigenvalue of one
isotypic block B_rho of the Hessian is zero. When a second parameter mu moves
(the number p of flipped neurons, the slope of the kernel), the event moves with
it, on a *locus* in the plane (lam, mu). A locus is again a branch: of the
extended system

    g(x; lam, mu) = 0,   eigenvalue of B_rho(x; lam, mu) = 0,

with (x, lam) for its state and mu for its parameter, so the engine walks it as
it walks any other (:mod:`bifurc.loci.problem`). Sizes stay real numbers, and so
the locus of M_p over p is one curve through all whole p.

Along it four numbers are watched (:mod:`bifurc.loci.special`), of which each
passes zero at a point of codimension two:

- an eigenvalue of another block: two irreps cross at once;
- d mu / ds: two events of the family in lam meet and vanish, a fold of the locus;
- d lam / ds: the family's critical lam is largest or smallest over mu;
- the quadratic coefficient psi' D²g[phi, phi] of the normal form: a transcritical
  crossing becomes a pitchfork, and on a locus of folds (rho = t) it is a cusp.
  The kernel phi is a vector of the fixed-point space of a smaller group, lifted
  from the copies of the irrep (:mod:`bifurc.loci.kernel`).

Each is found as a root over the position on the locus (:mod:`bifurc.loci.track`),
so that neither start nor direction nor steps matter.

A branch point of the fixed-point space itself (rho = t, but no fold) is of
codimension two: it has a locus only where a symmetry keeps it, as where the
branch has a larger isotropy than the family was written with. An unfolding
parameter shows which of the two it is.

References
----------
.. [1] Govaerts, "Numerical Methods for Bifurcations of Dynamical Equilibria",
   SIAM 2000, chapters 4 and 7.
.. [2] Golubitsky, Stewart, Schaeffer, "Singularities and Groups in Bifurcation
   Theory II", Springer 1988, chapter XIII.
"""
