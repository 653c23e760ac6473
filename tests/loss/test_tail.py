"""Deeper networks whose later layers are linear, against published-style values and in full."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc.loss.embedding import network_behind
from bifurc.loss.tail import pushed, through_tail


def all_of(values, zeros, parameters):
    found = [np.zeros(zeros)]
    for component, eigenvalues in values.items():
        found.append(np.repeat(eigenvalues, round(component.dimension(**parameters))))
    return np.sort(np.concatenate(found))


def member(name, d):
    family = bifurc.family(name).with_bias("hidden, output").with_train_weights()
    problem, point = bifurc.member(family, d=d)
    return problem, point.x


# issue 17, section 2, after arXiv 2610.09919, section 4.2; without the factor 1/2
def test_the_spectrum_of_three_layers_at_the_global_minimum():
    d, b = 6, 1 / 12
    W2 = (1 - d * b) * np.eye(d) + b * np.ones((d, d))
    layers = [(W2, np.full(d, 0.3)), (np.ones((1, d)), [-0.3 * d])]
    problem, x = member("global", d)
    values, zeros = through_tail(problem, x, float(d), layers)
    assert zeros == d * (d + 2)
    expected = [39.89274642, 4.65609084, 0.75788579, 0.1963667]
    expected += 5 * [7.39863441, 0.94006774, 0.42186106]
    expected += 9 * [0.81830989] + 15 * [0.18169011] + 48 * [0.0]
    assert_allclose(2 * all_of(values, zeros, {"d": d}), np.sort(expected), atol=6e-9)


@pytest.mark.parametrize("name, d", [("II", 5), ("A", 4), ("II", 6)])
def test_it_is_the_spectrum_of_the_hessian_through_the_linear_map(name, d, rng):
    """J by differences of what layers make; four layers, with the symmetry of the point."""
    problem, x = member(name, d)
    k, single = d, name == "II"
    mask = np.ones(k)
    mask[-1] = 1.7 if single else 1.0
    A2 = np.diag(mask) + 0.1 * np.outer(mask, np.ones(k))
    A3 = np.vstack([np.ones(k), mask])
    row = np.array([[0.4, 0.2]])
    alpha = (row @ A3 @ A2)[0]
    A2 = A2 / alpha  # columns: the product is 1 for each neuron
    layers = [(A2, 0.1 * mask), (A3, [0.2, -0.1]), (row, [0.0])]
    beta = pushed(layers)[0][-1]
    own = next(
        v for c, v in zip(problem.structure.coordinates, x, strict=True) if c.row == "output"
    )
    layers[-1] = (row, [own - beta])
    values, zeros = through_tail(problem, x, float(d), layers)

    def make(theta):
        made, at = [], 0
        for A, b in layers:
            parts = (
                theta[at : at + np.size(A)],
                theta[at + np.size(A) : at + np.size(A) + np.size(b)],
            )
            made.append((parts[0].reshape(np.shape(A)), parts[1]))
            at += np.size(A) + np.size(b)
        return pushed(made)[0]

    theta = np.concatenate([np.append(np.ravel(A), b) for A, b in layers])
    h = 1e-4
    J = [(make(theta + h * e) - make(theta - h * e)) / (2 * h) for e in np.eye(len(theta))]
    network, kept = network_behind(problem, x, float(d))
    _, hessian = network.derivatives()
    assert kept.all()
    whole = np.zeros((len(hessian), d * (d + 1) + len(theta)))
    whole[: d * (d + 1), : d * (d + 1)] = np.eye(d * (d + 1))
    whole[d * (d + 1) :, d * (d + 1) :] = np.array(J).T
    expected = np.linalg.eigvalsh(whole.T @ hessian @ whole)
    found = all_of(values, zeros, problem.parameters(float(d)))
    assert_allclose(found, expected, atol=1e-7 * expected.max())


def test_layers_that_make_another_network_are_refused():
    problem, x = member("A", 4)
    with pytest.raises(ValueError, match="The layers make output weights"):
        through_tail(problem, x, 4.0, [(np.ones((1, 4)), [0.5])])
    plain, point = bifurc.member("A", d=4)
    with pytest.raises(ValueError, match="needs trained output weights"):
        through_tail(plain, point.x, 4.0, [(np.ones((1, 4)), [0.0])])
