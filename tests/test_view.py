"""What pictures of many branches show, and what they say of the rest."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from matplotlib.figure import Figure

from bifurc.draw.curves import Curve
from bifurc.draw.lattice import Box, beside, layout
from bifurc.draw.style import GREY, PALETTE
from bifurc.draw.view import across, coloured, few, grouped, number, ranked, scale_to

X = np.linspace(0, 10, 1001)


def curve(branch, label, stable=False):
    return Curve(branch, label, "1", stable, X, X)


def lattice(seed, count=12):
    """Isotropies with long names, born at random from larger ones."""
    rng, found = np.random.default_rng(seed), nx.DiGraph()
    for i in range(count):
        name = ", ".join(f"set{j}: {rng.integers(1, 9)} + rest" for j in range(rng.integers(1, 4)))
        found.add_node(f"{name} {i}", dimension=int(3 + 4 * (i // 3)))
    nodes = list(found)
    for i, node in enumerate(nodes[3:], start=3):
        for parent in rng.choice(3 * (i // 3), 2, replace=False):
            found.add_edge(nodes[parent], node, irrep="s[bulk]")
    return found


def test_colours_never_repeat():
    labels = [f"class {i}" for i in range(9)]
    colour = coloured(labels)
    own = [hue for hue in colour.values() if hue != GREY]
    assert len(own) == len(set(own)) == len(PALETTE) - 1
    assert coloured(labels[: len(PALETTE)]) == dict(zip(labels, PALETTE, strict=False))


def test_minima_come_before_saddles_and_after_the_root():
    pieces = [curve("a", "root"), curve("b", "saddle"), curve("c", "minimum", stable=True)]
    assert ranked(["root", "saddle", "minimum"], pieces, []) == ["root", "minimum", "saddle"]


def test_the_legend_counts_the_branches_of_each_class_and_of_the_others():
    labels = [f"class {i}" for i in range(9)]
    pieces = [curve(f"{label} {i}", label) for label in labels for i in range(2)]
    names = grouped(coloured(labels), pieces)
    assert list(names) == [*(f"class {i} (2)" for i in range(6)), "3 others (6)"]
    assert names["3 others (6)"] == GREY
    assert grouped({"one": "#000000"}, [curve("b0", "one")]) == {"one": "#000000"}


def test_what_runs_off_at_an_end_is_cut_and_said():
    ax = Figure().add_subplot()
    wild = np.where(X > 9.99, -100.0, 0.1 * X)
    assert scale_to(ax, [X, X], [0.1 * X, wild]) == [1]
    low, high = ax.get_ylim()
    assert -1 < low < 0
    assert 1 < high < 2
    assert ax.get_yscale() == "linear"


def test_heights_of_both_signs_and_many_sizes_get_a_scale_that_shows_zero():
    ax = Figure().add_subplot()
    assert scale_to(ax, [X, X, X], [0.01 * (X - 5), 0.02 * (X - 4), 5 + X]) == []
    assert ax.get_yscale() == "symlog"
    low, high = ax.transData.transform([(0, -0.05), (0, 0.05)])[:, 1]
    assert high - low > 0.2 * ax.bbox.height
    assert ax.get_ylim()[1] > 15


@pytest.mark.parametrize("seed", range(5))
def test_boxes_of_a_lattice_stand_apart_and_lines_pass_between_them(seed):
    found = lattice(seed)
    boxes, ways, rows = layout(found)
    assert list(rows) == sorted(rows)
    assert list(rows.values()) == sorted(rows.values(), reverse=True)
    for one, other in combinations(boxes.values(), 2):
        assert not one.overlaps(other)
    for (u, v), way in ways.items():
        assert {tuple(way[0]), tuple(way[-1])} == {(boxes[n].x, boxes[n].y) for n in (u, v)}
        for x, y in way[1:-1]:
            assert not any(box.overlaps(Box(x, y, 0, 0)) for box in boxes.values())


def test_names_on_lines_avoid_boxes_and_other_names():
    way = np.array([[0.0, 0.0], [0.0, -200.0]])
    taken = [Box(0, 0, 50, 20), Box(0, -200, 50, 20)]
    for _ in range(4):
        at = beside(way, "s[bulk]", taken, [])
        assert not any(at.overlaps(box) for box in taken)
        taken.append(at)


def test_of_very_many_names_some_are_given():
    assert few(["a", "b", "a"]) == "a, b"
    assert few(map(str, range(50))).endswith("39 and 10 more")


def test_a_wide_window_goes_by_ratios_and_a_narrow_one_does_not():
    for low, high, scale in ((3.2, 40, "log"), (4, 12, "linear"), (-0.5, 2, "linear")):
        ax = Figure().add_subplot()
        across(ax, low, high)
        assert (ax.get_xscale(), ax.get_xlim()) == (scale, (low, high))
    across(ax := Figure().add_subplot(), 3.2, 40)
    assert {4, 5, 6, 10, 20, 40} <= set(ax.get_xticks()) <= set(range(4, 41))


@pytest.mark.parametrize(("low", "high"), [(-100, 4), (-0.05, 11), (-0.3, 0.9)])
def test_numbers_of_a_scale_stand_apart_and_on_both_sides_of_zero(low, high):
    ax = Figure().add_subplot()
    ax.set_yscale("symlog", linthresh=0.1, linscale=2.0)
    ax.set_ylim(low, high)
    number(ax.yaxis, low, high)
    shown = ax.get_yticks()
    places = ax.transAxes.inverted().transform(ax.transData.transform([(0, y) for y in shown]))
    places = places[:, 1]
    assert np.diff(places).min() >= 0.05 and -1e-9 < places.min() < places.max() < 1 + 1e-9
    assert 0 in shown and shown.min() < 0 < shown.max()


def test_indices_and_branches_have_colours_of_their_own_too():
    pieces = [Curve(f"b{i}", "one", str(i), i == 8, X, X) for i in range(9)]
    for by, first in (("index", "8"), ("branch", "b8")):
        names = ranked([getattr(piece, by) for piece in pieces], pieces, [], by)
        assert names[1] == first
        colour = coloured(names)
        assert len(set(colour.values()) - {GREY}) == len(PALETTE) - 1
        assert list(grouped(colour, pieces, by))[-1] == "3 others (3)"
