"""Programs: files and modules of the user's own, which hold rewards or tools. To find what is in one is to run it."""

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

from data.errors import DataError, suggest

Around = Callable[[Path], AbstractContextManager[Any]]

_LOADED: dict[Path, tuple[int, ModuleType]] = {}
"""The files that were run, with the time of their last change: those that are being run among them."""


def found_in(place: str, name: str, noun: str, folder: str | Path = ".", around: Around | None = None) -> Any:
    """What goes by a name in ``package.module``, or in ``path/to/file.py``.

    Args:
        noun: what is looked for: ``reward``.
        folder: where relative file paths start.
        around: what is entered while a file is run.

    Raises:
        DataError: there is no such file or module, it cannot be read, or has no such name.
    """
    if place.endswith(".py"):
        module = _from_file(Path(folder) / place, noun, around or (lambda _: nullcontext()))
    else:
        module = _from_module(place, noun)
    found = getattr(module, name, None)
    if found is None:
        raise DataError(f"'{place}' has no '{name}'{suggest(name, vars(module))}")
    return found


def line_in(file: str, error: BaseException) -> int | None:
    """The innermost line of a file that was under way when something was raised; None where none was."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
    return lines[-1] if lines else None


def _from_module(name: str, noun: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise DataError(
            f"no module '{error.name}' for the {noun} module '{name}': install it, or name a file by its path, as in "
            f"{name.replace('.', '/')}.py:function"
        ) from error
    except (Exception, SystemExit) as error:  # whatever a user's module raises is its mistake; the cause is kept
        raise _cannot_be_read(error, name) from error


def _from_file(path: Path, noun: str, around: Around) -> ModuleType:
    if not path.is_file():
        raise DataError(f"no such file for a {noun}", file=path)
    try:
        return _load_file(path.resolve(), path.stat().st_mtime_ns, noun, around)
    except (Exception, SystemExit) as error:  # one that ends the program would end it as if all was well
        raise _cannot_be_read(error, str(path.resolve())) from error


def _cannot_be_read(error: BaseException, file: str) -> DataError:
    """What a module raised while it was read, with the line of its own file that raised it."""
    line = error.lineno if isinstance(error, SyntaxError) else line_in(file, error)
    what = error.msg if isinstance(error, SyntaxError) else error
    return DataError(f"cannot be read: {type(error).__name__}: {what}", file=file, line=line)


def _load_file(path: Path, changed: int, noun: str, around: Around) -> ModuleType:
    """The file as a module: run once for each version of it, so that its classes stay the same."""
    main = sys.modules["__main__"]
    if os.path.realpath(getattr(main, "__file__", None) or "") == str(path):
        return main  # a program that names itself is not run a second time within itself
    if path in _LOADED and _LOADED[path][0] == changed:
        return _LOADED[path][1]
    # Entered where imported modules are: dataclasses and pickle look their module up.
    name = f"_{noun}_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    _LOADED[path], sys.modules[name] = (changed, module), module
    try:
        with around(path):
            spec.loader.exec_module(module)
    except BaseException:
        del _LOADED[path], sys.modules[name]
        raise
    return module
