"""At which fractional dimension does a family of my own become a minimum?

m neurons too few, each of the others flipped: k = d - m rows on d columns.
"""

import bifurc


def main():
    """Define the family, trace it, and look at it on both sides of what is found."""
    family = bifurc.Family.build(
        "too few",
        sets={"learnt": "d - m", "unseen": "m"},
        students=["learnt"],
        inputs=["learnt", "unseen"],
        start={"learnt": -1},
        parameters={"d": 20, "m": 1},
    )
    for m in (1, 2, 3):
        branch = bifurc.trace(family, d=(40, 4.5 + m), m=m)
        birth = next(e for e in branch.events if e.transition == "saddle -> minimum")
        print(f"m = {m}: d* = {birth.lam:.8f}, {birth.component.label}, {birth.kind}")

    # m is a real number as well: hold d = 8 and let it run
    branch = bifurc.trace(family, m=(1, 4), d=8)
    print(*branch.events, sep="\n")


if __name__ == "__main__":
    main()
