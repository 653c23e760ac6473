"""Pictures of branches, spectra, graphs and weight matrices.

A drawing function takes data and axes (new ones if none are given) and
returns what it drew; it neither shows nor saves. The numbers behind each
picture come from its twin: ``curves`` and ``marks`` for ``diagram``,
``eigencurves`` for ``eigenvalues``, ``matrix`` for ``weights``, ``locus_curve`` for
``locus``, ``isotropies`` for ``isotropy_lattice``, ``disconnectivity_tree`` for
``disconnectivity``.
"""

from bifurc.draw.curves import Curve, EventMark, curves, marks
from bifurc.draw.diagram import diagram
from bifurc.draw.disconnectivity import disconnectivity, disconnectivity_tree
from bifurc.draw.eigenvalues import eigencurves, eigenvalues
from bifurc.draw.graph import branch_graph, isotropies
from bifurc.draw.lattice import isotropy_lattice
from bifurc.draw.locus import locus, locus_curve
from bifurc.draw.style import save, style
from bifurc.draw.weights import matrix, weights

__all__ = [
    "Curve",
    "EventMark",
    "branch_graph",
    "curves",
    "diagram",
    "disconnectivity",
    "disconnectivity_tree",
    "eigencurves",
    "eigenvalues",
    "isotropies",
    "isotropy_lattice",
    "locus",
    "locus_curve",
    "marks",
    "matrix",
    "save",
    "style",
    "weights",
]
