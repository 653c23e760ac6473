# %% [markdown]
# # From a loss to its branches, saved and drawn
#
# A file in percent format: an editor with Jupyter runs it cell by cell, Python as a whole.

# %%
import numpy as np

import bifurc

# %% [markdown]
# Six particles on a ring, each in a double well that opens as `lam` grows, coupled to their
# neighbours by `c`. The loss is all that is needed.


# %%
def loss(x, lam, c):
    wells = -lam * x @ x / 2 + (x**4).sum() / 4
    return wells + c * ((x - np.roll(x, 1)) ** 2).sum() / 2


problem = bifurc.Problem(
    loss, np.zeros(6), {"lam": -0.5, "c": 0.3}, group=bifurc.groups.dihedral(6)
)
problem

# %% [markdown]
# Do derivatives and symmetry fit? How were derivatives found?

# %%
for claim in bifurc.check(problem):
    print(claim)
print(problem.derivatives)

# %% [markdown]
# One branch. Its events lie at `c` times the eigenvalues 0, 1, 3, 4 of the ring.

# %%
branch = bifurc.trace(problem, lam=(-0.5, 2), events=[bifurc.when(lambda at: at.smallest, -1)])
print(branch)
branch.events[1]

# %%
state = branch.at(lam=1.0)[0]
print(state, state.eigenvalues)

# %% [markdown]
# What is born there, saved, drawn, and taken up again in a wider window.

# %%
graph = bifurc.explore(problem, lam=(-0.5, 0.5))
print(graph)
graph.save("ring")
again = bifurc.load("ring", problem=problem)

# %%
fig, ax = bifurc.draw.diagram(again)
bifurc.draw.save(fig, "ring.png")

# %%
born = again.branches["b0-1.0"]
further = bifurc.trace(problem, lam=(-0.5, 0.8), start=born)
print(further)
