# %% [markdown]
# # A landscape: all minima and the saddles between them
#
# A quartic with the symmetry of a square: a maximum at 0, four minima on the diagonals,
# four saddles on the axes. Arcs of constrained critical points lead from the maximum to all
# others; gradient flow from a saddle says which minima it joins.

# %%
import numpy as np

import bifurc


def quartic(x, a):
    return x[0] ** 4 + x[0] ** 2 * x[1] ** 2 + x[1] ** 4 - 2 * a * (x[0] ** 2 + x[1] ** 2)


def slope(x, a):
    return 4 * x**3 + 2 * x * x[::-1] ** 2 - 4 * a * x


quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
square = bifurc.groups.matrices([quarter, np.diag([1.0, -1.0])])
problem = bifurc.Problem(quartic, [0.0, 0.0], {"a": 1.0}, group=square, gradient=slope)

# %%
found = bifurc.landscape(problem)
print(found)

# %% [markdown]
# By hand: saddles at (1, 0) with loss -1, minima at sqrt(2/3) (1, 1) with loss -4/3.

# %%
for point in found.points:
    print(f"loss {point.loss:.10f}, index {point.index:.0f}, at {np.round(point.state, 6)}")

# %% [markdown]
# One of each class stands for all. Without the group every point is found by itself, and a
# disconnectivity graph shows below which loss minima are joined.

# %%
every = bifurc.landscape(bifurc.Problem(quartic, [0.0, 0.0], {"a": 1.0}, gradient=slope))
lines = bifurc.draw.disconnectivity(*every.drawn())
bifurc.draw.save(lines[0].figure, "landscape.png")
print(len(every.points), "points in all")
