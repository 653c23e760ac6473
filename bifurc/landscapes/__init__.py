"""What there is, and what lies between: critical points beyond those that a branch leads to.

The rest of the package follows what it is given. Here critical points of one
loss, at fixed parameters, are looked for.

Arcs (:mod:`bifurc.landscapes.arcs`). Critical points of L - lam/2 |W - c|² are
the points where a level set of L is tangent to a sphere around c. From a
critical point c they leave at the eigenvalues of its Hessian, and where they
come through lam = 0 there are critical points of L.

Connections (:mod:`bifurc.landscapes.flow`, :mod:`bifurc.landscapes.connections`).
The gradient flow from a saddle along its unstable directions, each in the fixed
space of an axial subgroup, ends at critical points of lower loss. With them
the points of one size are a network: which minima are joined, and how high
the lowest pass found between them is.

Many starts (:mod:`bifurc.landscapes.discover`, :mod:`bifurc.landscapes.starts`). In one
fixed space Newton goes from random states, also pushed away from what is known, and how
often each point was met tells how much was likely missed. Homotopies
(:mod:`bifurc.landscapes.homotopy`), along tangency arcs inside the space, weight decay, the
slope of a leaky ReLU or a bias of all neurons, lead from the points that are known to
others, and from a loss with fewer critical points to this one. What is found in several
spaces is kept in an atlas (:mod:`bifurc.landscapes.atlas`), each point once, with its family.

A critical point, however found, is one record (:mod:`bifurc.landscapes.points`):
its state in the fixed space of its own isotropy, loss, index, the size of its
orbit, and the name of the family that it belongs to, if that is known. Two are
the same if their losses and the sums of powers of their entries agree, which
no relabelling changes.

Nothing here is complete unless it is said to be: arcs that end early, groups
that were not tried and points without a name are listed with the result.

References
----------
.. [1] Arjevani, "Symmetry & Critical Points", arXiv 2312.16819.
"""
