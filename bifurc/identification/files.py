"""Weight matrices from files: .npy, .npz and .csv. Nothing is unpickled."""

import io
import warnings
from pathlib import Path

import numpy as np

from bifurc.files import FileError, read_text, reading, write_atomically
from bifurc.identification.checks import matrix

KINDS = (".npy", ".npz", ".csv")


def read_matrix(path: str | Path, name: str | None = None) -> np.ndarray:
    """Read one matrix of finite numbers.

    From an .npz file the array called ``name``, such as ``fc1.weight``; without it
    the only array, or the one called ``W``.

    Raises
    ------
    ValueError
        If the file is missing or holds no such matrix.
    """
    path = Path(path)
    if path.suffix.lower() not in KINDS:
        raise ValueError(f"{path} ends with none of {', '.join(KINDS)}; save the matrix as one.")
    if not path.is_file():
        raise ValueError(f"{path} is no file; check the path.")
    if path.suffix.lower() == ".csv":
        with reading(path, "is no table of numbers with commas", "write one row in each line"):
            array = _csv(read_text(path))
        return matrix(array, str(path))
    with reading(path, "is no array that can be read", "save plain numbers with numpy.save"):
        array = _array(path, name)
    return matrix(array, str(path))


def write_matrix(path: str | Path, w: np.ndarray) -> None:
    """Write a matrix in the format that the file's name asks for.

    Raises
    ------
    ValueError
        If it asks for none.
    """
    buffer = io.BytesIO()
    match Path(path).suffix.lower():
        case ".npy":
            np.save(buffer, w, allow_pickle=False)
        case ".npz":
            np.savez(buffer, W=w)
        case ".csv":
            np.savetxt(buffer, w, fmt="%.17g", delimiter=",")
        case _:
            raise ValueError(f"{path} ends with none of {', '.join(KINDS)}; choose one.")
    write_atomically(path, buffer.getvalue())


def _array(path: Path, name: str | None) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a damaged header may be one to numpy
        loaded = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        if isinstance(loaded, np.ndarray) != (path.suffix.lower() == ".npy"):
            raise FileError(f"{path} is not what its name says; name it .npy or .npz accordingly.")
        if isinstance(loaded, np.ndarray):
            if name is not None:
                raise FileError(f"{path} holds one array, which has no name; leave {name!r} out.")
            return loaded
        with loaded:
            names = loaded.files
            wanted = name or ("W" if "W" in names or len(names) != 1 else names[0])
            if wanted not in names:
                held = ", ".join(f"{n} {loaded[n].shape}" for n in names) or "nothing"
                raise FileError(f"{path} holds no array {wanted!r}; it holds {held}. Name one.")
            return loaded[wanted]


def _csv(text: str) -> np.ndarray:
    """Numbers with commas or semicolons between; with semicolons a comma may be the point."""
    rows = [line for line in text.splitlines() if line.partition("#")[0].strip()]
    semicolons = any(";" in row for row in rows)
    if semicolons and not any("." in row for row in rows):
        rows = [row.replace(",", ".") for row in rows]
    if not rows:
        raise ValueError("it is empty")
    return np.loadtxt(rows, delimiter=";" if semicolons else ",", ndmin=2)
