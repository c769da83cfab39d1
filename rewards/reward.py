"""Reward: one named scoring function with a stated range.

Example:
    >>> from data import Case, Rule, Rulebook, Ruling
    >>> @reward(name="doc_names_the_market", range=(0, 1))
    ... def names_the_market(ruling, case, excerpt):
    ...     market = case.meta.get("market")
    ...     return float(market in ruling.reasoning) if market else NotApplicable
    >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No guns.")])
    >>> ruling = Ruling(reasoning="In SG, A-1: no.", verdict="approve", confidence=0.9)
    >>> names_the_market(ruling, Case(id="1", meta={"market": "SG"}), book)
    1.0
    >>> names_the_market(ruling, Case(id="2"), book)
    <class 'rewards.score.NotApplicable'>
"""

import dataclasses
import functools
import importlib
import importlib.util
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data import Case, DataError, Rulebook, Ruling
from data.errors import suggest
from rewards.score import NotApplicable, Outcome, Score

_ROUNDING = 1e-9


class RewardError(ValueError):
    """A reward broke its own contract; names the reward and the case."""


@dataclass(frozen=True)
class Reward:
    """A scoring function ``f(ruling, case, excerpt, **params)`` under a name, with its range."""

    name: str
    function: Callable[..., Any]
    range: tuple[float, float]
    on_failure: bool = False
    """Whether it is asked about a ParseFailure too; otherwise a parse failure earns the low end of the range."""
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Its function's name, documentation and examples, so that help() and doctest find them here.
        for attribute in functools.WRAPPER_ASSIGNMENTS:
            object.__setattr__(self, attribute, getattr(self.function, attribute, None))
        object.__setattr__(self, "__wrapped__", self.function)

    def __call__(self, ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
        """The checked outcome.

        Raises:
            RewardError: the value is not a number within the range.
        """
        outcome = self.function(ruling, case, excerpt, **self.params)
        if outcome is NotApplicable:
            return outcome
        value = outcome.value if isinstance(outcome, Score) else outcome
        low, high = self.range
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise self._error(case, f"returned {value!r}, not a number") from None
        if not low - _ROUNDING <= number <= high + _ROUNDING:  # NaN fails both
            kind = "NaN" if math.isnan(number) else f"{number:g}, outside of its range [{low:g}, {high:g}]"
            raise self._error(case, f"returned {kind}")
        return outcome if isinstance(outcome, Score) else number

    def with_params(self, params: Mapping[str, Any], range: tuple[float, float] | None = None) -> "Reward":
        """The same reward with some of its keyword parameters fixed.

        Raises:
            DataError: the function has no such parameter.
        """
        known = [p.name for p in inspect.signature(self.function).parameters.values() if p.kind is p.KEYWORD_ONLY]
        for name in params:
            if name not in known:
                raise DataError(f"reward '{self.name}' has no parameter '{name}'{suggest(name, known)}")
        return dataclasses.replace(self, params={**self.params, **params}, range=range or self.range)

    def _error(self, case: Case, what: str) -> RewardError:
        return RewardError(f"reward '{self.name}' {what} (case '{case.id}')")


_REGISTRY: dict[str, Reward] = {}


def reward(
    *, name: str, range: tuple[float, float], on_failure: bool = False
) -> Callable[[Callable[..., Any]], Reward]:
    """Makes a function a reward and enters it into the registry.

    Args:
        name: how rubrics call it, and how it is logged.
        range: lowest and highest value.
        on_failure: ask it about ParseFailures too.

    Raises:
        ValueError: the range is empty, or another function has the name.
    """
    low, high = range
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"reward '{name}': range {range} is not a finite (low, high) with low < high")

    def register(function: Callable[..., Any]) -> Reward:
        before = _REGISTRY.get(name)
        if before and _origin(before.function) != _origin(function):
            raise ValueError(f"two rewards are called '{name}': {_origin(before.function)} and {_origin(function)}")
        _REGISTRY[name] = Reward(name, function, (float(low), float(high)), on_failure)
        return _REGISTRY[name]

    return register


def find_reward(reference: str, folder: str | Path = ".") -> Reward:
    """The reward of a name, of ``package.module:function`` or of ``path/to/file.py:function``.

    Args:
        folder: where relative file paths start.

    Raises:
        DataError: there is no such reward.
    """
    place, _, function = reference.rpartition(":")
    if not place:
        if reference not in _REGISTRY:
            raise DataError(
                f"no reward is called '{reference}'{suggest(reference, _REGISTRY)}: give one of "
                f"{', '.join(sorted(_REGISTRY))}, package.module:function or path/to/file.py:function"
            )
        return _REGISTRY[reference]
    module = _load_file(Path(folder) / place) if place.endswith(".py") else _load_module(place)
    found = getattr(module, function, None)
    if found is None:
        raise DataError(f"'{place}' has no '{function}'{suggest(function, vars(module))}")
    if not isinstance(found, Reward):
        raise DataError(f"'{reference}' is not a reward: decorate it with @reward(name=…, range=…)")
    return found


def _load_module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise DataError(f"no module '{error.name}' for the reward module '{name}'") from error


def _load_file(path: Path) -> Any:
    if not path.is_file():
        raise DataError("no such file for a reward", file=path)
    spec = importlib.util.spec_from_file_location(f"_reward_file_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _origin(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
