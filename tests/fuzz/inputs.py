"""Hostile inputs: what the package takes, changed at random.

Each maker takes a generator of random numbers and an empty folder, writes the
files of one trial there and returns its command line. What is left to a maker
is what is damaged; that nothing but one line may come of it is for
:mod:`tests.fuzz.trial` to judge.
"""

import io
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.fuzz.problems import one_size, own_problem, theorem, word

ROOT = Path(__file__).parent.parent.parent
CASES = sorted(ROOT.glob("cases/*.toml"))
CERTIFICATES = sorted(ROOT.glob("cases/certificates/*.json"))
FAMILIES = ["A", "I", "II", "M", "global", "Z", "", "ii", "M;", "a" * 5000, "λ", "../x.toml"]
NUMBERS = [
    "0", "-1", "1", "2", "3", "5.5", "12", "1e3", "1e9", "1e300", "1e-300", "nan", "inf", "-inf",
    "", "x", "1e400", "0x10", "1_000", "10" * 200, "d", "d+1", "1/3", "1/0", "--", "é", "7.0000001",
]  # fmt: skip
NEAR = ["5.9", "6", "6.1", "nan", "inf", "-inf", "x", "-1", "0", "1", "", "1e-300", "é", "1e400"]
VALUES = [
    "nan", "inf", "-1", "0", "1", "2.5", "1e308", "1e-308", "10" * 160, "true", '""', '"q"',
    '"d"', '"d - 1"', '"d*d"', '"1/0"', '"nan"', "[]", "[1]", '["q"]', "[nan, 1]", "{}",
    "{ a = 1 }", '"' + "+".join(["d"] * 1500) + '"', "[" * 500 + "]" * 500, '"\\u0000"', '"λ"',
]  # fmt: skip
JSONS = [
    None, True, 0, -1, 1.5, 1e308, float("nan"), "", "x", "0x1p0", "d*d*d", "λ", [], [1], {},
    {"a": 1}, [[[]]], "9" * 5000, 10**400,
]  # fmt: skip


def damaged(rng: random.Random, content: bytes) -> bytes:
    """Some bits flipped, or the end cut off, or a piece taken out, doubled or emptied."""
    raw = bytearray(content)
    match rng.randrange(6) if raw else 0:
        case 0 | 1:
            for _ in range(rng.choice([1, 1, 1, 5, 50])):
                if raw:
                    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        case 2:
            del raw[rng.randrange(len(raw)) :]
        case 3:
            a, b = sorted(rng.randrange(len(raw)) for _ in "ab")
            del raw[a:b]
        case 4:
            a, b = sorted(rng.randrange(len(raw)) for _ in "ab")
            raw[a:a] = raw[a:b]
        case 5:
            raw = bytearray(rng.choice([b"", b"\x00" * 100, b"[" * 100_000, b"\xef\xbb\xbf" + raw]))
    return bytes(raw)


def changed(rng: random.Random, data):
    """JSON data with one value somewhere changed, taken away or given another type."""
    if isinstance(data, dict) and data and rng.random() < 0.85:
        key = rng.choice(sorted(data))
        less = rng.random() < 0.1
        rest = {k: v for k, v in data.items() if k != key}
        return rest if less else {**data, key: changed(rng, data[key])}
    if isinstance(data, list) and data and rng.random() < 0.85:
        place = rng.randrange(len(data))
        kept = [] if rng.random() < 0.1 else [changed(rng, data[place])]
        return [*data[:place], *kept, *data[place + 1 :]]
    if isinstance(data, str) and data and rng.random() < 0.3:
        return "".join(rng.sample(data, len(data)))
    if isinstance(data, int | float) and rng.random() < 0.3:
        return data * rng.choice([-1, 1 + 1e-12, 2, 0.5]) + rng.choice([0, 1])
    return rng.choice(JSONS)


def case(rng: random.Random, folder: Path) -> list[str]:
    """A case file with changed values, lines and bytes."""
    lines = rng.choice(CASES).read_text(encoding="utf-8").splitlines()
    lines = [line.replace("depth = 1", "depth = 0") for line in lines]
    if "[options]" not in lines:  # no more of an honest computation than its beginning
        lines += ["[options]", "max_steps = 12"]
    for _ in range(rng.choice([1, 1, 2, 3])):
        place = rng.randrange(len(lines))
        key, equals, _ = lines[place].partition("=")
        match rng.randrange(6):
            case 0 | 1 | 2 if equals:
                lines[place] = f"{key}= {rng.choice(VALUES)}"
            case 3:
                del lines[place]
                lines = lines or [""]
            case 4:
                lines.insert(rng.randrange(len(lines)), lines[place])
            case _:
                lines.insert(place, f"{rng.choice(WORDS)} = {rng.choice(VALUES)}")
    raw = "\n".join(lines).encode()
    path = folder / rng.choice(["case.toml", "ca se.toml", "κ.toml"])
    path.write_bytes(damaged(rng, raw) if rng.random() < 0.1 else raw)
    if rng.random() < 0.4:
        return ["run", str(path), "-o", str(folder / "out")]
    if rng.random() < 0.5:
        return ["critical", str(path), *rng.choice([[], ["--json"], ["--csv"]])]
    return ["spectrum", str(path), "--at", f"d={rng.choice(NUMBERS)}"]


WORDS = [
    "d", "p", "lam", "depth", "explicit", "sizes", "equal_parts", "shares", "max_branches", "ds",
    "tolerance", "multiplicity", "count", "end", "kernel", "x", "window", "family", "set", "only",
    "[explore]", "[options]", "[expect]", "[[expect.events]]", "[model.parameters]", "teacher",
]  # fmt: skip


def model(rng: random.Random, folder: Path) -> list[str]:
    """A plain model with one hostile parameter, start, window or setting."""
    name, x = rng.choice(
        [
            ("chain", "[0, 0, 0, 0, 0]"),
            ("permuted", "[0]"),
            ("pitchfork", "[0]"),
            ("dihedral", "[]"),
        ]
    )
    low, depth, parameter = "-0.5", "0", ""
    match rng.randrange(5):
        case 0:
            low = rng.choice(VALUES)
        case 1:
            depth = rng.choice(["1", "100000000", "-1", "nan", "1"])
        case 2:
            x = rng.choice(["[]", "[0]", "[1e300]", "[nan]", '["a"]', "[1e-300, 1]", "[0.5]"])
        case 3 | 4:
            keys = {"chain": ["force"], "permuted": ["n", "square"], "pitchfork": ["q"]}
            key = rng.choice(keys.get(name, ["m", "quadratic", "cubic", "twist"]))
            parameter = f"{key} = {rng.choice([*VALUES, '3', '5', '[0, 0, 0.1, 0, 0]'])}\n"
    text = (
        f"window = {{ lam = [{low}, 1.5] }}\n[model]\nname = {name!r}\nx = {x}\n"
        f"[model.parameters]\n{parameter}[explore]\ndepth = {depth}\n"
    )
    (folder / "model.toml").write_text(text, encoding="utf-8")
    return ["run", str(folder / "model.toml"), "-o", str(folder / "out")]


def line(rng: random.Random, folder: Path) -> list[str]:
    """A command line of known words with hostile values."""
    family, some = rng.choice(FAMILIES[: rng.choice([4, 4, len(FAMILIES)])]), rng.choice
    setting = [["--set", f"{some('dpkq')}={some(NUMBERS)}"], []]
    window = ["--from", some(NUMBERS), "--to", some(NUMBERS)]
    at = ["--at", some([f"{some('dp')}={some(NUMBERS)}", some(NUMBERS), "d=6..9", "=", ""])]
    out = str(folder / some(["W.npy", "W.csv", "W.npz", "W", "no/W.npy", "W.toml"]))
    commands: list[Callable[[], list[str]]] = [
        lambda: ["critical", family, *some(setting), *some([window, ["--from", "7", "--to", "6"]])],
        lambda: ["critical", family, "--param", some(["p", "d", "q", ""]), *window],
        lambda: ["spectrum", family, *at, *some(setting)],
        lambda: ["embed", family, *at, "-o", out, *some(setting)],
        lambda: ["descend", "--d", some(["1", "2", "3", "x", "-1", "4"]), "--runs", some("012x")],
        lambda: ["asymptotics", family, "--order", some(["0", "1", "2", "-1", "x", "3"])],
        lambda: ["certify", family, "--event", some(["s:bulk", "", "t", "x", ":", "s:"]), *window],
        lambda: ["certify", family, *at, "--digits", some(["15", "0", "-1", "x", "30"])],
        lambda: ["locus", family, "--event", some(["s:bulk", "fold", "", "x"])],
        lambda: ["verify", some([out, str(folder), ""])],
        lambda: ["plot", some([out, str(folder), ""]), "--y", some(["loss", "graph", "", "λ"])],
        lambda: ["check", some([out, str(folder), ""])],
        lambda: ["identify", some([out, str(folder), ""])],
        lambda: ["run", some([out, str(folder), ""]), "--jobs", some(["0", "-1", "x"])],
        lambda: ["run", some([out, ""]), "--executor", some(["dask://x", "dask:", "x", ""])],
        lambda: ["critical", family, f"{some('dpkq')}={some(NUMBERS)}..{some(NUMBERS)}", "p=2"],
        lambda: [
            "certify",
            some(["A", "Z"]),
            "--infinity",
            "--to",
            some(["1e9", "nan", "0", "-1", "x"]),
        ],
        lambda: ["certify", family, "--branch", "--partial", "--from", "6", "--to", some(NEAR)],
        lambda: [some(["families", "help", "--help", "", "-v", "critical", "plot"]) for _ in "ab"],
    ]
    return some(commands)()


@np.errstate(all="ignore")
def matrix(rng: random.Random, folder: Path) -> list[str]:
    """A matrix of odd sizes, entries, types and formats, perhaps damaged."""
    random_state = np.random.default_rng(rng.randrange(2**32))
    k, d = rng.choice([(1, 1), (2, 2), (3, 3), (4, 3), (3, 5), (5, 5), (0, 3), (3, 0), (1, 6)])
    w = random_state.normal(size=(k, d)) if rng.random() < 0.5 else np.eye(max(k, 1), max(d, 1))
    w = w * rng.choice([1, 1, 1, -1, 1e-160, 1e-300, 1e150, 1e160, 0, 1e-8])
    if w.size and rng.random() < 0.5:
        row = rng.randrange(len(w))
        w[row] = w[row] * rng.choice([0, 1e-12, 1e-200, 1e12, 1e149, np.nan, np.inf])
    if rng.random() < 0.1:
        w = (
            w.astype(rng.choice([complex, int, bool, "U9", np.float16]))
            if np.isfinite(w).all()
            else w
        )
    if rng.random() < 0.1:
        w = rng.choice([w.ravel(), w[None], np.array(1.0), np.array([], dtype=float)])
    path = folder / f"W{rng.choice(['.npy', '.npz', '.csv', '.NPY', '.txt'])}"
    path.write_bytes(_written(rng, w, path.suffix.lower()))
    if rng.random() < 0.2:
        return ["identify", str(path), "--array", rng.choice(["W", "a", "b", "", "λ", "x" * 9000])]
    return ["identify", str(path), "-o", str(folder / "mine.toml"), *rng.choice([["--json"], []])]


def _written(rng: random.Random, w: np.ndarray, kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == ".npz":
        np.savez(buffer, **rng.choice([{"W": w}, {"a": w}, {"a": w, "b": w}, {}]))
    elif kind == ".npy":
        np.save(buffer, w)
    else:
        mark = rng.choice([",", ";", " ", "\t"])
        rows = [mark.join(map(str, np.atleast_1d(row))) for row in np.atleast_2d(w)]
        buffer.write(rng.choice([b"", b"", b"\xef\xbb\xbf"]) + "\n".join(rows).encode())
    raw = buffer.getvalue()
    return damaged(rng, raw) if rng.random() < 0.4 else raw


def certificate(rng: random.Random, folder: Path) -> list[str]:
    """The certificate of an event with a changed value, signed anew or not, or changed bytes."""
    small = sorted(CERTIFICATES, key=lambda file: file.stat().st_size)[:6]
    altered_certificate(rng, rng.choice(small), folder / "cert.json")
    return ["check", str(folder / "cert.json")]


def altered_certificate(rng: random.Random, source: Path, path: Path) -> None:
    """Write a certificate anew with something changed in it."""
    from bifurc.proof.record import sign

    raw = source.read_bytes()
    if rng.random() < 0.3:
        path.write_bytes(damaged(rng, raw))
        return
    data = changed(rng, json.loads(raw))
    if isinstance(data, dict) and rng.random() < 0.6:
        data = sign(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def finished_run(rng: random.Random, folder: Path, run: Path) -> list[str]:
    """A copy of a finished run with a damaged, swapped or changed file."""
    out = folder / "out"
    shutil.copytree(run, out)
    shutil.copy(run.parent / "small.toml", folder)
    files = sorted(path for path in out.rglob("*") if path.is_file())
    path = rng.choice(files)
    if path.suffix == ".json" and rng.random() < 0.6:
        data = changed(rng, json.loads(path.read_bytes()))
        path.write_text(json.dumps(data), encoding="utf-8")
    elif path.suffix == ".npz" and rng.random() < 0.4:
        _change_arrays(rng, path)
    elif rng.random() < 0.1:
        path.unlink()
    elif rng.random() < 0.1:
        path.write_bytes(rng.choice(files).read_bytes())
    else:
        path.write_bytes(damaged(rng, path.read_bytes()))
    if rng.random() < 0.3 and out.joinpath("graph.json").exists():
        out.joinpath("graph.json").unlink()  # a run that was stopped
    if rng.random() < 0.4:
        # one in five without -q, which leaves out the proof of what is found
        quiet = rng.choice([["-q"], ["-q"], ["-q"], ["-q"], []])
        return ["run", str(folder / "small.toml"), "-o", str(out), "--resume", *quiet]
    if rng.random() < 0.6:
        page = ["report", str(out), "-o", str(folder / "a.html")]
        return rng.choice([["verify", str(out)], ["status", str(out)], page])
    y = rng.choice(["loss", "graph", "eigenvalues", "isotropy", "norm"])
    return ["plot", str(out), "--y", y, "-o", str(folder / "a.png")]


def _change_arrays(rng: random.Random, path: Path) -> None:
    """Another array, or another description, in a branch file; its digest is as it was."""
    with np.load(io.BytesIO(path.read_bytes())) as arrays:
        data = {name: arrays[name] for name in arrays.files}
    name = rng.choice(sorted(data))
    if name == "about":
        data[name] = np.array(json.dumps(changed(rng, json.loads(str(data[name])))))
    else:
        data[name] = rng.choice([data[name] * (1 + 1e-12), data[name][:-1], data[name] * np.nan])
    np.savez(path, **data)


SHARES = {
    "case": 6, "model": 4, "line": 2, "matrix": 4, "certificate": 2, "finished run": 3,
    "own problem": 3, "one size": 1, "word": 2, "theorem": 2,
}  # fmt: skip
MAKERS = {
    "case": case,
    "model": model,
    "line": line,
    "matrix": matrix,
    "certificate": certificate,
    "finished run": finished_run,
    "own problem": own_problem,
    "one size": one_size,
    "word": word,
    "theorem": theorem,
}
