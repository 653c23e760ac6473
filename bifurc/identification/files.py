"""Weight matrices from files: .npy, .npz and .csv. Nothing is unpickled."""

import io
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

from bifurc.identification.checks import matrix

KINDS = (".npy", ".npz", ".csv")
DAMAGED = (ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)


def read_matrix(path: str | Path) -> np.ndarray:
    """Read one matrix of finite numbers.

    From an .npz file the only array, or the one called ``W``.

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
    reader = {".npy": _npy, ".npz": _npz, ".csv": _csv}[path.suffix.lower()]
    return matrix(reader(path), str(path))


def write_matrix(path: str | Path, w: np.ndarray) -> None:
    """Write a matrix in the format that the file's name asks for.

    Raises
    ------
    ValueError
        If it asks for none.
    """
    path = Path(path)
    match path.suffix.lower():
        case ".npy":
            np.save(path, w, allow_pickle=False)
        case ".npz":
            np.savez(path, W=w)
        case ".csv":
            np.savetxt(path, w, fmt="%.17g", delimiter=",")
        case _:
            raise ValueError(f"{path} ends with none of {', '.join(KINDS)}; choose one.")


def _npy(path: Path):
    return _load(path)


def _npz(path: Path):
    with _load(path) as arrays:
        names = arrays.files
        if "W" not in names and len(names) != 1:
            raise ValueError(f"{path} holds {', '.join(names) or 'nothing'}; call the matrix W.")
        try:
            return arrays["W" if "W" in names else names[0]]
        except DAMAGED as error:
            raise _unreadable(path, error) from None


def _load(path: Path):
    try:
        loaded = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    except DAMAGED as error:
        raise _unreadable(path, error) from None
    if isinstance(loaded, np.ndarray) != (path.suffix.lower() == ".npy"):
        raise ValueError(f"{path} is not what its name says; name it .npy or .npz accordingly.")
    return loaded


def _unreadable(path: Path, error: Exception) -> ValueError:
    why = "it is pickled" if "pickle" in str(error).lower() else "it is damaged"
    return ValueError(
        f"{path} is no array that can be read ({why}); save plain numbers with numpy.save."
    )


def _csv(path: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an empty file is a warning to numpy
        try:
            return np.loadtxt(path, delimiter=",", ndmin=2)
        except (ValueError, UserWarning) as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"{path} is no table of numbers with commas: {reason}") from None
