"""Files: a result is written whole or not at all.

Whoever reads a file finds all of its old content or all of its new, whatever happens meanwhile: an exception, a kill,
a full disk, a power cut. Only logs that are appended to, and folders that libraries write themselves, come about
otherwise.
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from data.errors import DataError
from data.strict_json import parse_json

DRAFT = ".draft"
"""How the names of files end that are still being written; a kill leaves them behind, and they may be removed."""


@contextmanager
def at_file(path: str | Path, what: Literal["read", "written"]) -> Iterator[None]:
    """What the system refuses inside is an error that names the file. Many of its own name none: a disk that is full,
    or that fails while it is read.

    Raises:
        DataError: the file cannot be read or written; says why.
    """
    try:
        yield
    except OSError as error:
        named, own = [Path(str(name)) for name in (error.filename, error.filename2) if name is not None], Path(path)
        if not named or any(name in (own, *own.parents) or name.suffix == DRAFT for name in named):
            raise DataError(f"cannot be {what}: {error.strerror or error}", file=path) from error
        raise  # of another file, such as one that is copied here, and it names that


@contextmanager
def whole_file(path: str | Path, flushed: bool = True) -> Iterator[Path]:
    """A path to write to, which becomes ``path`` when the block is done, and nothing at all if it fails.

    It lies in the folder of ``path``, which is made where there is none. A library may be told to write there, but
    must be told the format too: the name does not show it.

    Args:
        path: the file; one that is there is replaced, and so is a link: what it leads to stays as it is.
        flushed: wait until the content is on the disk: milliseconds for each file, so not for thousands of files
            that can be made again, such as pictures. Without it, a power cut may leave an empty file.

    Raises:
        DataError: it cannot be written, or is a folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with whole_file(f"{folder}/note.txt") as draft:
        ...         _ = draft.write_text("Whole.")
        ...     Path(f"{folder}/note.txt").read_text()
        'Whole.'
    """
    target = Path(path)
    if not target.name:
        raise DataError("cannot be written: it is a folder", file=target)
    draft = target.with_name(f".{secrets.token_hex(8)}{DRAFT}")
    with at_file(target, "written"):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
            if flushed:
                _sync(draft)
            draft.replace(target)
            if flushed:
                _sync(target.parent)
        finally:
            # Also after a success: where both names are links to one file, renaming one to the other does nothing.
            if os.path.lexists(draft):
                draft.unlink()


def check_not_read(target: str | Path, sources: Iterable[Any]) -> None:
    """Refuses a file to write to that is among those that are read, or lies in a folder that is.

    Raises:
        DataError: it does; whoever wrote it would lose what was read.
    """
    target = Path(target)
    for source in sources:
        if not isinstance(source, str | Path) or not target.exists() or not os.path.exists(source):
            continue
        if target.samefile(source) or (Path(source).is_dir() and target.parent.samefile(source)):
            raise DataError("is read, and would be written over: give another --out", file=target)


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """The same file under another name as well, as a hard link; a copy where that name is on another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def write_whole(path: str | Path, content: str | bytes) -> Path:
    """Writes text in UTF-8, or bytes."""
    with whole_file(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(path)


def write_json(path: str | Path, content: Any, indent: int | None = 2) -> Path:
    """Writes JSON for people and machines.

    Raises:
        ValueError: there is a NaN or an infinity in it, which JSON does not have.
    """
    return write_whole(path, json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: str | Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        DataError: the file cannot be read, or holds no JSON object.
    """
    with at_file(path, "read"):
        raw = Path(path).read_bytes()
    try:
        content = parse_json(raw)
    except DataError as error:
        raise DataError(error.message, file=path) from error
    if not isinstance(content, dict):
        raise DataError(f"want a JSON object, not {type(content).__name__}", file=path)
    return content


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """A folder to fill, which becomes ``path`` when the block is done, and nothing at all if it fails.

    Args:
        path: the folder; where there is one by then, because another process was faster, it stays, and what was
            written here is dropped.
    """
    target = Path(path)
    draft = target.with_name(f".{secrets.token_hex(8)}{DRAFT}")
    with at_file(target, "written"):
        draft.mkdir(parents=True)
        try:
            yield draft
            flush(draft)
            try:
                draft.rename(target)
            except OSError:
                if not target.is_dir():
                    raise
            else:
                _sync(target.parent)
        finally:
            if draft.exists():
                shutil.rmtree(draft)


def move_folder(path: str | Path, target: str | Path) -> None:
    """Gives a folder another name; a folder that has this name already is removed."""
    with at_file(path, "written"):
        if Path(target).exists():
            shutil.rmtree(target)
        Path(path).rename(target)


def flush(folder: str | Path) -> None:
    """Waits until all that lies in a folder, and in the folders in it, is on the disk: for what libraries wrote."""
    for place, _, files in os.walk(folder):
        for name in files:
            _sync(Path(place) / name)
        _sync(Path(place))


def _sync(path: Path) -> None:
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):  # Windows keeps folders without being asked
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
