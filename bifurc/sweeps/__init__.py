"""Many members of a family at once.

Members of one shape have the same sets, rows and copies of irreps; what differs is a table of
constants. So one evaluator serves a batch of points of which each belongs to a member of its own
(:mod:`~bifurc.sweeps.several`), and the branches of all members are walked side by side, each
with steps of its own length (:mod:`~bifurc.sweeps.walk`).

A step is taken if it passes what a step of a single branch has to pass: it turns and bows little,
no eigenvalue of the branch's own block changes sign, lam does not turn, and half way the branch
is where the cubic says (:mod:`bifurc.continuation.middle`), which is asked of every step that did
not come out where it was predicted. Newton is that of a single branch, for points of which each
has a problem of its own. A member for which a step does not get through is left to the walk of one
(:mod:`bifurc.continuation.trace`), and so is whatever is not of the same shape. What happens along
a branch is found by the same function for all (:func:`bifurc.events.branch.examine`); of members
that were walked together the eigenvalues and the zeros of other blocks have been computed in
batches before.

The members' first points are found side by side as well: far out, where a family is nearly its
pattern, by Newton's method from single members between which they lie; of each it is asked that
the Jacobian hardly changes on the way, and that its deviation from the pattern is that of its
neighbours.
"""
