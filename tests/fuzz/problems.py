"""Hostile problems of one's own, and the commands that look at one size.

A case that names a function is a program: what it does wrong is said of it,
in one line, as what is wrong with a number is.
"""

import random
from pathlib import Path

BODIES = [
    "return -lam * (x @ x) / 2 + (x**4).sum() / 4",
    "return -lam * (x @ x) / 2 + (x**4).sum() / 4",
    "return -lam * (x @ x) / 2 + (x**4).sum() / 4",
    "return lam",
    "return 0.0",
    "return float('nan')",
    "return [1, 2, 3]",
    "return 'text'",
    "return None",
    "return abs(x[0]) - lam",
    "return 1 / (lam - lam)",
    "return unknown * x @ x",
    "raise RuntimeError('mine')",
    "raise SystemExit(4)",
    "return x[100]",
    "return (x**4).sum() * 1e300",
    "return (x**2).sum() * 1e-300 + lam",
    "if lam > 0.25:\n        raise ValueError('beyond\\na quarter')\n    return -lam * x @ x / 2",
    "if lam > 0.25:\n        return float('inf')\n    return -lam * x @ x / 2 + (x**4).sum() / 4",
]
MODULES = [
    "def {name}(x, lam):\n    {body}\n",
    "def {name}(x, lam):\n    {body}\n",
    "def {name}(x, lam):\n    {body}\n",
    "def {name}(x, lam):\n    {body}\n",
    "def {name}(x):\n    {body}\n",
    "def {name}(x, lam:\n",
    "import nothing_there\n",
    "import sys\nsys.exit(4)\n",
    "raise KeyboardError\n",
    "{name} = 5\n",
    "",
    "\x00",
]
GROUPS = [
    "", "", "", "dihedral = 3", "symmetric = 3", "cyclic = 3", 'dihedral = "x"', "symmetric = -1",
    "symmetric = 100000000", "cyclic = 100000000", "permutations = [[0, 0, 1]]",
    "permutations = []", "permutations = [1]", "permutations = 3", "permutations = [[1, 0, 2]]",
    "permutations = [[1.5, 0, 2]]", 'permutations = [["a"]]', "matrices = [[[1, 0], [0, 1]]]",
    'matrices = [["a"]]', "matrices = [1]", "matrices = [[[nan]]]", "matrices = [[1], [1, 2]]",
    "unknown = 3", "dihedral = 3, cyclic = 3", "matrices = [[[-1,0,0],[0,-1,0],[0,0,-1]]]",
]  # fmt: skip
STARTS = ["[0, 0, 0]", "[0, 0, 0]", "[0, 0, 0]", "[]", "[0]", "[1e300, 0, 0]", "[0.1, 0.2, 0.3]"]
AT = ["lam=0.3", "lam=0.3", "lam=-1e300", "lam=1e-300", "lam=x", "lam=nan", "mu=1", "d=3", "lam="]


def own_problem(rng: random.Random, folder: Path) -> list[str]:
    """A case about a function that fails, or whose start, group or scales do not fit."""
    some, name = rng.choice, rng.choice(["loss", "loss", "loss", "verlust", "λ"])
    module = some(MODULES).format(name=name, body=some(BODIES))
    (folder / "model.py").write_text(module, encoding="utf-8")
    reference = some(["model.py"] * 6 + ["no.py", "model", ":", "", "os", "a..b", "../model.py"])
    called = some([name] * 6 + ["nothing", "", "__name__"])
    group, scales = some(GROUPS), some(["", "", "", "x = 0", "x = 1e-300", "x = [1]", "q = 1"])
    text = (
        f"window = {{ lam = [{some(['-0.5', '-0.5', '0', '1.5', 'nan'])}, 1.5] }}\n[problem]\n"
        f'function = "{reference}:{called}"\nx0 = {some(STARTS)}\n'
        f"parameters = {{ {some(['lam = -0.5'] * 4 + ['mu = 1', '', 'x = 1', 'd = 1'])} }}\n"
        + (f"group = {{ {group} }}\n" if group else "")
        + (f"scales = {{ {scales} }}\n" if scales else "")
        + f"[explore]\ndepth = {some('001')}\n[options]\nmax_steps = 60\n"
    )
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return some(
        [
            ["run", str(path), "-o", str(folder / "out")],
            ["run", str(path), "-o", str(folder / "out")],
            ["critical", str(path)],
            ["discover", str(path), some(AT), "--starts", "5"],
            ["arcs", str(path), some(AT), "--from", some(["0,0,0", "0", "x", "", "nan,0,0"])],
            ["landscape", str(path), some(AT)],
            ["spectrum", str(path), "--at", some(AT)],
            ["embed", str(path), some(AT), "-o", str(folder / "W.npy")],
            ["certify", str(path), "--at", some(AT)],
            ["locus", str(path), "--event", "s", "--params", "lam,c"],
            ["asymptotics", str(path)],
            ["identify", str(folder / "model.py"), "--known", str(path)],
            ["case", "new", str(path)],
        ]
    )


SIZES = ["d=2", "d=3", "d=3", "d=2.5", "d=1", "d=0", "d=-1", "d=1e9", "d=nan", "d=x", "d=", "p=2"]
COUNTS = ["0", "1", "1", "-1", "x", "1e9", "100000000", "", "nan", "2.5"]
WORDS = ["", "s", "sxs", "s[bulk]", "K = <(1 2 3)>", "λ", "x" * 10_000, "\x00", "-", "index", "[["]


def one_size(rng: random.Random, folder: Path) -> list[str]:
    """Arcs, landscape and discover at hostile sizes, with hostile numbers beside them."""
    some = rng.choice
    family, where = some(["global", "A", "II", "M", "Z", "", "λ", "no.toml"]), [some(SIZES)]
    where += some([[], [], [some(SIZES)], ["d=3..5"], ["--set", some(SIZES)]])
    few = ["--explicit", "1", "--equal-parts", "0"]
    number = [some(["--explicit", "--equal-parts"]), some(COUNTS)]
    network = some(
        [[], [], [], ["--kernel", some(["erf", "x", "a:b", "no.py:f", ""])], ["--bias", some("xd")]]
    )
    commands = [
        ["arcs", family, *where, *few, *some([number, ["--depth", some(COUNTS)]])],
        ["arcs", family, *where, *few, "--from", some(["0,0", "x", "", "nan", "1e300"])],
        ["landscape", family, *where, *few, "--depth", some(COUNTS)],
        ["landscape", family, *where, *few, "-o", str(folder / some(["a.png", "no/a.png", "a.x"]))],
        ["landscape", family, *where, *few, "--index", some(COUNTS)],
        ["discover", family, *where, "--starts", some(["0", "1", "5", "-1", "x", ""])],
        ["discover", family, *where, "--starts", "5", "--seed", some(COUNTS)],
        ["discover", family, *where, "--starts", "5", "--json", *network],
    ]
    return some([*commands, *commands[5:], *commands[5:]])


def word(rng: random.Random, folder: Path) -> list[str]:
    """Words to be explained, cases to be begun, and folders that hold no run."""
    some = rng.choice
    place = some([str(folder), "", "no", str(folder / "thesis.tex"), "\x00", "/", "x" * 5000])
    return some(
        [
            ["explain", some(WORDS)],
            ["explain", some(WORDS), some(WORDS)],
            ["case", *some([[], ["--schema"], ["new"], ["new", "Z"], ["new", ""], ["old"]])],
            ["case", "new", some(["II", "M", "λ"]), "-o", str(folder / some(["a.toml", "no/a"]))],
            ["status", place],
            ["report", place, *some([[], ["-o", str(folder / some(["a.html", "a.png", "a"]))]])],
        ]
    )


def theorem(rng: random.Random, folder: Path, pool: Path) -> list[str]:
    """A certificate of a kind that is no event, changed, signed anew or not."""
    from tests.fuzz.inputs import altered_certificate

    altered_certificate(rng, rng.choice(sorted(pool.glob("*.json"))), folder / "cert.json")
    return ["check", *rng.choice([[], [], [], ["--full"]]), str(folder / "cert.json")]
