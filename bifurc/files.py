"""Files: written whole or not at all, read with one line for whatever is wrong with them.

Every file of the package goes through :func:`write_atomically`, so that a
full disk or a kill leaves what was there before. Whatever a damaged file makes
a decoder raise becomes a :class:`FileError` in :func:`reading`, the one place
that does so. Text is UTF-8 on every machine.
"""

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PART = re.compile(r"\.(?P<name>.+?)\.(?P<pid>\d+)(\.\d+)?\.part")  # as write_atomically names it

LONGEST = 1 << 28  # bytes of text

log = logging.getLogger(__name__)


class FileError(ValueError):
    """A file cannot be read, or is not what it should be; the message names it."""


def write_atomically(path: str | Path, content: bytes | str) -> None:
    """Write ``content`` so that ``path`` holds all of it or what it held before.

    Text is written as UTF-8. A link stays a link, and what is no ordinary file
    (``/dev/stdout``, a pipe) is written into.

    Raises
    ------
    OSError
        That names ``path``.
    """
    raw = content.encode() if isinstance(content, str) else content
    place = Path(os.path.realpath(path))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        if place.exists() and not place.is_file():
            place.write_bytes(raw)
        else:
            _replace(place, raw)
    except OSError as error:  # the system names the part that was written, or nothing
        if error.errno is None:
            raise OSError(f"{path} cannot be written: {error}") from None
        raise OSError(error.errno, error.strerror, str(path)) from None


def _replace(place: Path, raw: bytes) -> None:
    part = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        with open(part, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            shutil.copymode(place, part)
        os.replace(part, place)
    except BaseException:  # a full disk, Ctrl-C; a killed run leaves its parts to the next one
        part.unlink(missing_ok=True)
        raise


def parts_left(folder: Path, names: str) -> list[Path]:
    """Parts of files, named by a pattern, that writers which are no more left in ``folder``."""
    if not folder.is_dir():
        return []
    found = ((path, PART.fullmatch(path.name)) for path in sorted(folder.iterdir()))
    return [
        path
        for path, match in found
        if match and re.fullmatch(names, match["name"]) and not _alive(int(match["pid"]))
    ]


def _alive(pid: int) -> bool:
    """Whether a process of this number runs here; where that cannot be asked, it does not."""
    if os.name != "posix" or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


@contextmanager
def reading(path: str | Path, fault: str, remedy: str) -> Iterator[None]:
    """Turn whatever goes wrong while ``path`` is read into a :class:`FileError`.

    Parameters
    ----------
    path : path
    fault : str
        What is then said of the file, such as ``"is no branch file"``.
    remedy : str
        What to do, such as ``"resume the run"``.
    """
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception as error:  # a decoder may raise anything
        log.debug("reading %s", path, exc_info=True)
        raise FileError(f"{path} {fault} ({reason(error)}); {remedy}.") from None


REASONS: tuple = (
    (UnicodeDecodeError, "it is not text in UTF-8"),
    (RecursionError, "it is nested too deep"),
    (MemoryError, "it asks for more memory than there is"),
    ((TypeError, AttributeError, IndexError), "its content has another form"),
)


def reason(error: Exception) -> str:
    """What a damaged file made a decoder raise, in words that speak of the file."""
    if "pickle" in str(error):
        return "it is pickled, and nothing is unpickled"
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    for kinds, said in REASONS:
        if isinstance(error, kinds):
            return said
    # what comes after a semicolon is advice to programmers
    said = " ".join(str(error).partition(";")[0].split()).rstrip(".")
    said = said if isinstance(error, ValueError) else ""
    prefix = "it is not JSON: " if isinstance(error, json.JSONDecodeError) else ""
    return prefix + said or "it is damaged"


def read_text(path: str | Path) -> str:
    """Text in UTF-8, with or without a byte order mark; not without end, as a device may be.

    Raises
    ------
    ValueError
        If it is longer than any file of the package.
    """
    with open(path, "rb") as file:
        raw = file.read(LONGEST + 1)
    if len(raw) > LONGEST:
        raise ValueError(f"it has more than {LONGEST >> 20} MB")
    return raw.decode("utf-8-sig")


def read_json(path: str | Path, fault: str, remedy: str, **hooks: Any) -> Any:
    """The content of a JSON file.

    Raises
    ------
    FileError
        If there is none.
    """
    with reading(path, fault, remedy):
        return json.loads(read_text(path), **hooks)


def sealed(data: dict) -> str:
    """Plain data as JSON, with the digest of its content."""
    return json.dumps({**data, "digest": _seal(data)}, indent=1)


def read_sealed(path: str | Path, fault: str, remedy: str) -> dict:
    """The data of a :func:`sealed` file, as it was written.

    Raises
    ------
    FileError
        If it is none, or was altered since.
    """
    data = read_json(path, fault, remedy)
    with reading(path, fault, remedy):
        if data.pop("digest") != _seal(data):
            raise ValueError("it was altered since it was written")
        return data


def _seal(data: dict) -> str:
    """Of the data as a file gives them back, where a tuple is a list."""
    return digest(json.dumps(json.loads(json.dumps(data)), sort_keys=True))


def digest(*parts: bytes | str) -> str:
    """SHA-256 of several pieces, each with its length."""
    total = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        total.update(b"%d:" % len(raw) + raw)
    return total.hexdigest()
