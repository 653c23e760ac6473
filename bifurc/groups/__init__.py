"""Finite groups that act on R^n by orthogonal matrices.

A problem with the symmetry of a group G has a Hessian that commutes with the
isotropy group H of each state. R^n is then a sum of irreps of H, and the
Hessian one small block for each irrep, as large as the number of its copies;
where eigenvalues of a block vanish, the kernel is that irrep, and the
branches born there have for isotropy those subgroups of H that fix some of
the kernel.

What one needs of G is therefore little (:mod:`bifurc.groups.symmetry`): the
fixed space of a subgroup, its irreps, the isotropy groups of a kernel up to
conjugacy, and whether two vectors are images of each other. Groups of up to
10^5 elements are known by all their elements, and S_n and its products by
partitions.

>>> from bifurc import groups
>>> group = groups.dihedral(6)
>>> print(group, group.order, *group.isotypic)
D_6 12 1·B1 1·E1 1·E2
>>> for isotropy in group.lattice():
...     print(isotropy)
D_6: order 12, fixes 1, 1 conjugate
D_3: order 6, fixes 2, 1 conjugate
D_2: order 4, fixes 2, 3 conjugate
C_2: order 2, fixes 3, 1 conjugate
C_2 #2: order 2, fixes 3, 3 conjugate
C_2 #3: order 2, fixes 4, 3 conjugate
trivial: order 1, fixes 6, 1 conjugate

References
----------
.. [1] Golubitsky, Stewart, Schaeffer, "Singularities and Groups in Bifurcation
   Theory II", Springer 1988, chapters XII and XIII.
.. [2] Serre, "Linear Representations of Finite Groups", Springer 1977.
"""

from bifurc.groups.check import check_hessian, check_symmetry
from bifurc.groups.finite import FiniteGroup
from bifurc.groups.lattice import IsotropyLattice
from bifurc.groups.make import (
    automorphisms,
    cyclic,
    dihedral,
    joined,
    matrices,
    minus,
    permutations,
    product,
    symmetric,
)
from bifurc.groups.symmetry import Isotypic, Smaller, Symmetry
from bifurc.groups.young import SymmetricGroups

__all__ = [
    "FiniteGroup",
    "IsotropyLattice",
    "Isotypic",
    "Smaller",
    "SymmetricGroups",
    "Symmetry",
    "automorphisms",
    "check_hessian",
    "check_symmetry",
    "cyclic",
    "dihedral",
    "joined",
    "matrices",
    "minus",
    "permutations",
    "product",
    "symmetric",
]
