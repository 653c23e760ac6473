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
    "neutral": "A direction in which the loss does not change along the whole branch, such as norm "
    "that parallel neurons exchange. It is set apart and never counted as a sign.",
    "sheet": "A branch that folds comes by a value of its parameter several times. Sheet 1 is "
    "where the walk starts, and each turn of the parameter begins the next.",
    "fold": "Where the parameter turns round along a branch, label LP: two sheets meet and end.",
    "transcritical": "Branches cross and exchange an eigenvalue's sign: the reduced equation has a "
    "quadratic term, so there is a new branch on both sides.",
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
    "parameter": "What runs along a branch, such as the dimension d; all others stay fixed.",
    "value": "The running parameter at an event; d* in the literature.",
    "d": "The dimension of the inputs: a real number, whole for networks that exist.",
    "k": "Of a network, the number of neurons. As an irrep: directions that break a finite group K "
    "alone, so that parts that it exchanges become different.",
    "p": "Of family M, the number of neurons that are flipped: any real number.",
    "lambda": "Of arcs, the factor in L - lambda/2 |W - c|²: where it is zero, a critical point of "
    "the loss is met.",
    "label": "What kind of place it is: BP, LP, UZ, EP or MX, as in AUTO.",
    "set": "The point set whose symmetry an irrep breaks; two joined by a comma for sxs.",
    "sets": "The point sets of a family and their sizes, expressions in its parameters.",
    "kind": "How branches meet at an event: fold, transcritical, pitchfork, tangential, touch or "
    "degenerate; unknown where it was not asked. Of a locus: what happens at a special point.",
    "unknown": "The kind of an event that was not told: it is formal, or its reduced equation "
    "could not be made.",
    "loss": "L, the mean of half the squared error over Gaussian inputs.",
    "norm": "Of W: the root of the sum of its squared entries.",
    "smallest": "The smallest eigenvalue of the Hessian, neutral directions left out.",
    "eigenvalue": "Of the Hessian in the full space of W, in the block of one irrep; it counts as "
    "often as the irrep has dimensions.",
    "eigenvalue_speed": "How fast the eigenvalue that vanishes moves with the parameter along the "
    "branch; at a fold, with the length along it.",
    "index_below": "The Morse index at parameters just below the event.",
    "index_above": "The Morse index at parameters just above the event.",
    "transition": "What a branch is below an event and above it: saddle -> minimum where it "
    "becomes one as the parameter grows.",
    "multiplicity": "How many eigenvalues of the full Hessian vanish at an event: the dimension of "
    "the irrep times its vanishing copies, a real number.",
    "dimension": "Of an irrep: a polynomial in the sizes. Of a fixed space: its coordinates.",
    "first minimum": "The first whole value of the parameter at which the branch is a minimum.",
    "first_integer": "The first whole value of the parameter at which the branch is a minimum.",
    "minimum_at": "The whole values of the parameter at which a piece of a branch is a minimum.",
    "enclosure": "Two numbers between which an event is proved to lie.",
    "enclosed": "Two numbers between which an event is proved to lie.",
    "end": "Where a branch stops, and why: WINDOW, OUTSIDE, CLOSED, RETURNED, MET and others.",
    "reason": "Why a branch ended, or why zeros of its Hessian persist along it.",
    "point": "A critical point: the gradient of the loss vanishes there.",
    "event": "A place on a branch where an eigenvalue of the Hessian vanishes: BP, LP or UZ.",
    "branch": "A curve of critical points. b0 is the first one; b0-1.2 is the third that is born "
    "at its second event.",
    "piece": "A stretch of a branch on which the Morse index is constant.",
    "node": "An event of the graph, which branches share, or an end.",
    "born_at": "Where on an arc, or on its parent, a branch leaves.",
    "gradient": "Of the loss: gradient_norm is its length, zero at a critical point.",
    "coordinate": "One entry of W that stands for all that symmetry makes equal: row block, column "
    "block, and diag or off where both are one point set.",
    "form": "Which matrix is asked for: hessian, gn (its Gauss-Newton part) or singular (the "
    "rest).",
    "part": "Of which unknowns the spectrum is: all, hidden or output.",
    "metric": "The lengths in which eigenvalues are measured; output=4 weighs output weights.",
    "half": "Whether the loss has the factor 1/2.",
    "weights": "W, a row for each neuron; output_weights are those of the second layer.",
    "block": "The Hessian on the copies of one irrep; also rows or columns of W on one point set.",
    "minimum": "The Hessian is positive, neutral directions aside.",
    "saddle": "The Hessian has negative eigenvalues: as many as its index says.",
    "note": "A remark that concerns the whole result.",
    "name": "The family that a point belongs to, where it is a known one.",
    "centre": "The critical point c that arcs start from.",
    "arc": "A curve of critical points of L - lambda/2 |W - c|², from c.",
    "beyond": "What arcs that start from the points met have found.",
    "not_followed": "Arcs without an end, and why.",
    "not followed": "Births that were left, and why: the depth was reached, or the reduced "
    "equation does not tell how many branches there are.",
    "not_solved": "Events whose reduced equation was not solved, and why.",
    "orbit": "How many points the symmetries of the loss make of one.",
    "descent": "The way of gradient flow from a saddle down to where it rests.",
    "unfinished": "Descents without an end, and saddles that were not left.",
    "met": "How many starts led to a point by Newton alone.",
    "means": "How a point was found: from starts, or by a homotopy.",
    "continuum": "How many dimensions of critical points there are through one, along which "
    "parallel neurons exchange norm at no cost.",
    "starts": "Places from which Newton was tried.",
    "lost": "How many starts led nowhere.",
    "unseen": "About the share of further starts that would lead to points not met yet.",
    "complete": "Whether it is proved that no point is missing.",
    "proof": "What is proved of a result, or why nothing is.",
    "status": "How it ended.",
    "moved": "How far Newton took the weights, over their norm.",
    "zero_rows": "Rows of the weights that are zero, which were left out.",
    "parallel": "Pairs of rows less than one degree apart.",
    "known": "Whether a family was there before.",
    "row": "A neuron; row_order says where each was in the weights that were given.",
    "column": "An input; column_order says where each was in the weights that were given.",
    "special": "Points of a locus: two irreps, fold, cusp, no quadratic term.",
    "cusp": "Where two folds of a locus meet.",
    "two irreps": "Where eigenvalues of two irreps vanish at once: two loci cross.",
    "no quadratic term": "Where a transcritical event is a pitchfork for once.",
    "order": "How many terms of a series in d^(-1/2) are given.",
    "first_power": "The power of d that a series begins with.",
    "coefficient": "Of a power of d in a series.",
    "error": "By how much a number may be wrong.",
    "closed_form": "What a coefficient seems to be, in terms of pi.",
    "integer_powers_only": "Whether no half power of d occurs, as far as the errors tell.",
    "seed": "Of random numbers: the same one gives the same result.",
    "run": "One descent of many; first_run is the first that ended there.",
    "unidentified": "Runs that ended at no critical point that could be told.",
    "max_steps": "How many steps a branch may take.",
    "newton_tol": "The error that may be left of a point, over its scales.",
    "max_iterations": "How many steps Newton may take before the step is made shorter.",
    "target_iterations": "How many steps Newton should take: fewer make the next step longer.",
    "ahead": "How many points are corrected at once, where the problem takes several.",
    "max_turn": "The largest angle between the tangents at both ends of a step.",
    "max_correction": "How far a point may lie from where it was predicted, over the step.",
    "explicit": "How many points may be split off a set, in searching for new branches.",
    "shares": "Parts of a set that are split off, between 0 and 1, such as 0.5.",
    "sizes": "Real sizes of parts that are split off, such as 2.5 or p.",
    "finite_groups": "Whether groups K that permute equal parts are searched, too.",
    "equal_parts": "How many equal parts a group K may permute.",
    "submaximal": "Whether subgroups are searched that fix more than a line of the kernel.",
    "critical": "A critical point: the gradient of the loss vanishes there.",
    "at": "The values of parameters at which something is.",
    "about": "What a special point of a locus is, in words.",
    "component": "All copies of one irrep in the space of W, such as s[bulk].",
    "negative": "How many eigenvalues of a block are negative, each counted once.",
    "number": "Which of several: of an eigenvalue in its block, smallest first.",
    "degrees": "The angle between two rows.",
    "each_once": "At a size where each eigenvalue of the full Hessian has one place in a block.",
    "full_index": "The Morse index of the full k d x k d Hessian.",
    "mismatch": "The reduced and the full network do not agree there: please report it.",
    "SIZE": "A size at which an irrep with negative eigenvalues appears: the index changes there "
    "though no eigenvalue is zero.",
    "start": "Where a walk begins; of a family, the diagonal of W that names it.",
}
