"""The words of a table, of a picture and of a message, each in a sentence or two."""

WORDS = {
    "t": "The trivial irrep: directions inside the fixed-point space, in which the branch itself "
    "moves. An eigenvalue of t that vanishes is a fold, or another branch of the same symmetry.",
    "s": "The standard irrep of S_n, dimension n - 1: vectors whose entries add up to zero.",
    "x": "The irrep (n-2, 1, 1) of S_n, dimension (n - 1)(n - 2)/2: antisymmetric matrices with "
    "row sums zero. It has no cubic invariant, so its events are pitchforks.",
    "y": "The irrep (n-2, 2) of S_n, dimension n(n - 3)/2: symmetric matrices with diagonal and "
    "row sums zero.",
    "sxs": "The product of the standard irreps of two point sets, dimension (m - 1)(n - 1).",
    "k": "Directions that break a finite group K alone: parts that it exchanges become different.",
    "K": "A finite group that permutes parts of equal size of a split set; K = <(1 2 3)> is made "
    "by the permutation of three parts that takes 1 to 2, 2 to 3 and 3 to 1.",
    "irrep": "An irreducible representation of the isotropy group. The Hessian is one block for "
    "each, and an event is the zero of an eigenvalue of one block, as often as the irrep has "
    "dimensions.",
    "isotropy": "The symmetries that leave a state as it is. S(d - 1) x S(1) permutes all but one "
    "neuron and input among each other.",
    "index": "The Morse index: how many eigenvalues of the Hessian are negative, with their "
    "multiplicities, which are polynomials in the sizes. Zero is a minimum.",
    "formal": "An event of an irrep that does not exist at this size, for its dimension is not "
    "positive there. Nothing happens in any network of whole size.",
    "neutral": "A direction in which the loss does not change along the whole branch, such as "
    "norm that parallel neurons exchange. It is set apart and never counted as a sign.",
    "sheet": "A branch that folds comes by a value of its parameter several times. Sheet 1 is "
    "where the walk starts, and each turn of the parameter begins the next.",
    "fold": "Where the parameter turns round along a branch, label LP: two sheets meet and end.",
    "transcritical": "Branches cross and exchange an eigenvalue's sign: the reduced equation has "
    "a quadratic term, so there is a new branch on both sides.",
    "pitchfork": "New branches leave to one side only: the reduced equation has no quadratic term.",
    "tangential": "The parameter turns where another branch is crossed: a pitchfork, met from the "
    "branch that is born there.",
    "touch": "An eigenvalue comes to zero and turns back: the index is the same on both sides, yet "
    "branches may be born there.",
    "pair": "Two eigenvalues that are not real pass the imaginary axis. It happens only where a "
    "length is negative, at sizes below one; none is zero there.",
    "degenerate": "Terms up to third order do not tell what happens; a higher one decides.",
    "BP": "Branch point: an eigenvalue vanishes and the branch goes on. Its irrep says which "
    "symmetry breaks there.",
    "LP": "Limit point: the fold, where the parameter turns round.",
    "EP": "End point of a branch.",
    "MX": "The branch could not be followed further.",
    "UZ": "A user's zero: a function given by bifurc.when takes its value there.",
    "WINDOW": "The branch reached the end of its window.",
    "JUMP": "Every step on seemed to land on another branch; the branch was stopped before it. "
    "Smaller ds_max may help.",
    "CLOSED": "The branch came back to its start: it is a loop.",
    "RETURNED": "The branch meets a state of larger isotropy and ends in a branch point of that.",
    "MET": "The branch runs into a branch point that branches are born at already.",
    "ZERO_ROW": "A row of W goes to zero, where the loss is not smooth.",
    "OUTSIDE": "The loss is not defined further on: a size leaves its range.",
    "family": "Critical points that are one branch: the one that reaches a stated pattern of W as "
    "a point set grows. Its sizes may be any real numbers.",
    "point set": "Neurons or inputs that are interchangeable; its size is a real number.",
    "bulk": "The largest point set of a built-in family, which grows with d.",
    "ds": "The length of a step along the branch, in scales; ds_min and ds_max bound it.",
    "proved": "An event that interval arithmetic encloses: it exists, is the only one in a box, "
    "and crosses at a speed that is not zero.",
}
