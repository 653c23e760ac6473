"""From the weights of a trained network to the theorem about its family.

A student of eight neurons descends to where it stays, in single precision; its
weights are saved under the names of a PyTorch state dict. What minimum is that?
At which dimension is its family born, and is that proved? On a command line it is
``bifurc identify net.npz --array fc1.weight -o mine.toml`` and ``bifurc critical mine.toml``.
"""

import tempfile
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import bifurc


def trained(d: int, seed: int, samples: int = 20_000) -> np.ndarray:
    """Weights (d, d) that fit a teacher with weights I on random inputs, in single precision."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, d))
    target = np.maximum(x, 0).sum(axis=1)

    def loss(flat):
        w = flat.reshape(d, d)
        h = x @ w.T
        error = np.maximum(h, 0).sum(axis=1) - target
        slope = (error[:, None] * (h > 0)).T @ x / samples
        return error @ error / (2 * samples), slope.ravel()

    start = rng.normal(scale=np.sqrt(1 / d), size=d * d)
    return minimize(loss, start, jac=True, method="L-BFGS-B").x.reshape(d, d).astype(np.float32)


def main():
    """Train, save, identify, continue, prove."""
    with tempfile.TemporaryDirectory() as folder:
        net = Path(folder) / "net.npz"
        np.savez(net, **{"fc1.weight": trained(8, seed=8), "fc2.weight": np.ones((1, 8))})
        found = bifurc.identify(np.load(net)["fc1.weight"])
    print(found)
    branch = bifurc.trace(found.family, d=(8, 5))
    print(branch)
    for event in branch.events:
        print(event.proof)


if __name__ == "__main__":
    main()
