# %% [markdown]
# # At which fractional dimension do spurious minima appear?
#
# A student of `d` ReLU neurons learns a teacher of `d` neurons. Type II is the critical point
# with one neuron flipped; its symmetry is `S(d - 1) x S(1)`, so that `d` may be a real number.

# %%
import bifurc

branch = bifurc.trace("II", d=(40, 3.2))
print(branch)

# %% [markdown]
# Below the event it is a saddle, above it a minimum: the first whole size with this minimum is 6.

# %%
(event,) = [e for e in branch.events if e.transition == "saddle -> minimum"]
print(f"d* = {event.lam:.10f}, {event.kind}, {event.name}")
print(event.proof)

# %% [markdown]
# The spectrum on both sides, and where it is that other types are born.

# %%
for d in (5, 6):
    (state,) = branch.at(d=d)
    print(
        f"d = {d}: index {state.index}, smallest {min(v.min() for v in state.eigenvalues.values()):.4f}"
    )

for name in ("A", "I", "M"):
    born = next(e for e in bifurc.trace(name, d=(20, 5.2)).events if e.decides)
    print(f"{name}: d* = {born.lam:.10f}, {born.kind}, {born.name}")
