"""Finding a reward by the name that a rubric gives it.

A reward of one's own is a function or a class in a file or a module, and finding it runs that file: whoever loads a
rubric runs the programs that it names (`code_of`).
"""

import importlib
import importlib.util
import inspect
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from data import DataError
from data.errors import suggest
from rewards.batch import BatchReward
from rewards.reward import REGISTRY, Reward, source_of
from rewards.score import line_in

SHIPPED = {
    "judge": "rewards.model_based.judge:Judge",
    "local_judge": "rewards.model_based.local_judge:LocalJudge",
    "reasoning_effect": "rewards.model_based.reasoning_effect:ReasoningEffect",
    "reasoning_judge": "rewards.model_based.judge:ReasoningJudge",
    "reward_model": "rewards.model_based.reward_model:RewardModel",
    "self_consistency": "rewards.model_based.self_consistency:SelfConsistency",
}
"""Model-based rewards by name: their modules are imported when a rubric asks for them."""

_LOADED: dict[Path, tuple[int, ModuleType]] = {}
"""The files that were run, with the time of their last change: those that are being run among them."""


def find_reward(reference: str, folder: str | Path = ".") -> Reward | type[BatchReward]:
    """The reward of a name, of ``package.module:function`` or of ``path/to/file.py:function``.

    A plain reward is ready to be called; a batch reward is a class, to be built with its settings.

    Args:
        folder: where relative file paths start.

    Raises:
        DataError: there is no such reward.
    """
    if reference in REGISTRY:
        return REGISTRY[reference]
    place, _, name = SHIPPED.get(reference, reference).rpartition(":")
    if not place:
        names = sorted([*REGISTRY, *SHIPPED])
        raise DataError(
            f"no reward is called '{reference}'{suggest(reference, names)}: give one of "
            f"{', '.join(names)}, package.module:function or path/to/file.py:function"
        )
    module = _from_file(Path(folder) / place) if place.endswith(".py") else _from_module(place)
    found = getattr(module, name, None)
    if found is None:
        raise DataError(f"'{place}' has no '{name}'{suggest(name, vars(module))}")
    if isinstance(found, Reward) or _is_batch_reward(found):
        return found
    raise DataError(
        f"'{reference}' is not a reward: decorate a function with @reward(name=…, range=…), or derive a class that "
        "has a name from BatchReward and define score_batch"
    )


def code_of(reference: str, folder: str | Path = ".") -> str | None:
    """The file or module that finding a reward runs; None for one that is called by its name alone.

    Args:
        folder: where relative file paths start.

    Example:
        >>> code_of("my_package.rewards:mine"), code_of("my_rewards.py:mine", "rubrics"), code_of("judge")
        ('my_package.rewards', 'rubrics/my_rewards.py', None)
    """
    place = "" if reference in REGISTRY else reference.rpartition(":")[0]
    return (Path(folder) / place).as_posix() if place.endswith(".py") else place or None


def _is_batch_reward(found: Any) -> bool:
    if not (isinstance(found, type) and issubclass(found, BatchReward)):
        return False
    return not inspect.isabstract(found) and isinstance(getattr(found, "name", None), str)


def _from_module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise DataError(
            f"no module '{error.name}' for the reward module '{name}': install it, or name a file by its path, as in "
            f"{name.replace('.', '/')}.py:function"
        ) from error
    except Exception as error:  # whatever a user's module raises: it is its mistake, and the cause is kept
        raise _cannot_be_read(error, name) from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise DataError("no such file for a reward", file=path)
    try:
        return _load_file(path.resolve(), path.stat().st_mtime_ns)
    except Exception as error:
        raise _cannot_be_read(error, str(path.resolve())) from error


def _cannot_be_read(error: Exception, file: str) -> DataError:
    """What a module raised while it was read, with the line of its own file that raised it."""
    line = error.lineno if isinstance(error, SyntaxError) else line_in(file, error)
    what = error.msg if isinstance(error, SyntaxError) else error
    return DataError(f"cannot be read: {type(error).__name__}: {what}", file=file, line=line)


def _load_file(path: Path, changed: int) -> ModuleType:
    """The file as a module: run once for each version of it, so that its classes stay the same."""
    main = sys.modules["__main__"]
    if os.path.realpath(getattr(main, "__file__", None) or "") == str(path):
        return main  # a program that names itself is not run a second time within itself
    if path in _LOADED and _LOADED[path][0] == changed:
        return _LOADED[path][1]
    # Entered where imported modules are: dataclasses and pickle look their module up.
    name = f"_reward_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    # An edit may give a reward's name to another function of the file.
    earlier = {own: found for own, found in REGISTRY.items() if source_of(found.function) == str(path)}
    for own in earlier:
        del REGISTRY[own]
    _LOADED[path], sys.modules[name] = (changed, module), module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        REGISTRY.update(earlier)
        del _LOADED[path], sys.modules[name]
        raise
    return module
