# %% [markdown]
# # A figure for a paper and the numbers in it
#
# The smallest eigenvalue of two families, in our print style, with text as text.

# %%
import csv

import bifurc
from bifurc import draw

branches = {name: bifurc.trace(name, d=(12, 4.5)) for name in ("II", "I")}

# %%
with draw.style("print"):
    fig, ax = draw.diagram(branches, "smallest")
    ax.axhline(0.0, color="0.6", linewidth=0.8, zorder=0)
    draw.save(fig, "smallest.pdf")

# %% [markdown]
# Every point that is drawn, as a table.

# %%
rows = [row for piece in draw.curves(branches, "smallest") for row in piece.rows()]
with open("smallest.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
print(len(rows), "points")
