"""Numbers of the algorithm, each with its reason; what a user may set is in options.

Lengths are in the problem's own scales unless they are said to be shares of a
step; angles in radians.
"""

# --- Newton

STALE = 1e-6  # how far from the point its tangent and eigenvalues may have been taken
SURE = 1e-12  # below this they are those of the point; above it no sign may hang on it
SEEN = 1e-9  # a first update above this is believed only when the next one is seen: how fast
# Newton contracts depends on how near the next singular place is, and one update does not tell
TWICE = 2  # evaluations by which a middle is known: where it is, and how much the Jacobian changes
WASTED = 2  # iterations above ``target_iterations`` from which on a step is too long for Newton

EXACT = 1e-12  # last update of an extended system whose kernel is taken at the iterate before it
ENOUGH = 1e-10  # last update where the kernel is moved along: exact to its square
STUCK = 1e-9  # below this an update that no longer halves is rounding
LONGEST = 0.5  # longest update of an extended system: a wilder one leaves the branch
TRIES = 20  # iterations of an extended system

# --- one step

NEAR_PREDICTOR = 0.02  # a corrector that moved less than this share followed the curve
LEVEL = 0.05  # share by which a chord may leave its tangents though they hardly turn
BACK_BY = 0.9  # share of its length that a step back goes: it need not leave the window
BACK = 0.05  # share by which a step back may miss the curve
ENDS = 1e-6  # share by which a point may lie off the ends of a step and is still on it
BESIDE = 1e-2  # share by which it may lie beside the curve ...
TIMES = 8.0  # ... or so many times as far as the curve misses its own midpoint
UNIQUE = 0.25  # relative change of the bordered Jacobian over a correction up to which, by
# Newton-Kantorovich, there is one solution in reach of both ends of the correction
SOON = 0.1  # share of a step that its end may still move by when its middle is asked already
OFF = 4.0  # times as far as a middle was off the branch that it may be off the cubic
CALM = 1e-3  # share of a step that a batch may miss its points by and is not asked half way
PLAIN = 0.03  # such a change up to which the middle speaks for its whole step; on families of
# networks it is a tenth of this, from one curve to another that crosses it rarely less
MISSES = 0.02  # share by which the curve may miss its midpoint and still be one that is known
SLOWER = 0.7  # halves must miss their midpoints by less than this share of what the whole did:
# on one curve it is 1/8, from one curve to another beside it 2
DEEP = 40  # halvings of a step; it takes 20 to part two events that are 1e-6 of it apart
SHORT = 1e-10  # a step that is not halved any more: two places on it are one
ONE_PLACE = 1e-9  # relative size of eigenvalues that vanish together

# --- folds and branch points

APEX = 0.05  # speed of lam, over that at the ends of the step, that is none where lam turns
VANISHED = 0.1  # of its value at the ends of a step, an eigenvalue that touches zero between them
REAL = 2e-14  # unfolding parameter, over the Jacobian and x, that is rounding, no imperfection

# --- the walk

LEADING = 0.3  # part of lam in the unit tangent from which on the branch is not about to turn
FLOOR = 1e3  # times ds_min is so short a step that those before it tell why the branch ends
CLOSER = 20  # times that a pole ahead is gone closer to ...
NEARER = 0.8  # ... by which share of its distance
FIRST = 4  # steps that are tried at once from the start, where only the tangent is known
REACH = 4.0  # times its length that a step changes lam by at most, in the scale of lam
AT_EDGE = 1e-3  # of a step: how near it passes a start at the edge, beyond which nothing is asked
CLOSED = 1e-8  # how near a branch must come to its start to be closed
STRAIGHT = 1e-12  # turn that counts as none when rates of turning are compared

# --- signs

ON_EVENT = 1e-8  # an eigenvalue, over the largest, below which a start lies on an event
NOISE = 1e-13  # of the largest eigenvalue: one below it has no sign of its own

# --- the start

USUAL = (1e-3, 1e4)  # widths of a window at which lam is measured as it is
UNEVEN = 30.0  # how far the sides of what a branch fills may be from square, in its units
SLOPE = 0.1  # of how far x goes over a quarter of the window by its first slope, as its unit
COARSEST = 8  # bytes of a number that are enough
AWAY = 0.1  # how far from a start, over its size and one, the noise of functions is asked
CLOSE = 3e-7  # the same, from one of the values to the next: a few roundings of single precision
RANDOM = 8.4  # size of a fourth difference of numbers of size one that know nothing of each other
NOISY = 1e-9  # part of a value that is no rounding of double precision, whatever cancels
NOISES = 1e3  # times the error that is known of derivatives from differences
