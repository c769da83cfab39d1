"""Reward: one named scoring function with a stated range.

Example:
    >>> from data import Case, Rule, Rulebook, Ruling
    >>> from rewards.score import NotApplicable
    >>> @reward(name="doc_names_the_market", range=(0, 1))
    ... def names_the_market(ruling, case, excerpt):
    ...     market = case.meta.get("market")
    ...     return float(market in ruling.reasoning) if market else NotApplicable
    >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No guns.")])
    >>> ruling = Ruling(reasoning="In SG.\\nA-1: clear", verdict="approve", confidence=0.9)
    >>> names_the_market(ruling, Case(id="1", meta={"market": "SG"}), book)
    1.0
    >>> names_the_market(ruling, Case(id="2"), book)
    <class 'rewards.score.NotApplicable'>
"""

import dataclasses
import functools
import inspect
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from data import Case, Rulebook, Ruling
from rewards.batch import Item, file_of
from rewards.score import Outcome, Score, Unscored, checked
from rewards.settings import check_settings


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
        return checked(self.function(ruling, case, excerpt, **self.params), self.name, self.range, case.id)

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome | Unscored]:
        """The checked outcomes, one for each item; a fault takes the place of the outcome."""
        # As little as can be stands in this loop: it is run for every completion and every reward.
        ask = functools.partial(self.function, **self.params) if self.params else self.function
        low, high = self.range
        for item in items:
            brief = item.brief
            try:
                outcome = ask(item.ruling, brief.case, brief.excerpt)
                value = outcome.value if type(outcome) is Score else outcome
                if type(value) is not float or not low <= value <= high:  # the usual case is kept quick
                    outcome = checked(outcome, self.name, self.range, brief.id)
            except Exception as error:
                outcome = Unscored.by(error, self.name, brief.id, self.file)
            yield outcome

    @property
    def file(self) -> str | None:
        """The file that its function stands in; None where that is not written in Python."""
        return file_of(self.function)

    def with_params(self, params: Mapping[str, Any], range: tuple[float, float] | None = None) -> "Reward":
        """The same reward with some of its keyword parameters fixed.

        Raises:
            DataError: the function has no such parameter, or the value is of another type.
        """
        checked_params = check_settings(self.function, params, self.name)
        return dataclasses.replace(self, params={**self.params, **checked_params}, range=range or self.range)


REGISTRY: dict[str, Reward] = {}
"""The plain rewards by name."""


def reward(
    *, name: str, range: tuple[float, float], on_failure: bool = False
) -> Callable[[Callable[..., Any]], Reward]:
    """Makes a function a reward and enters it into the registry.

    Args:
        name: how rubrics call it, and how it is logged. A function that is defined again, in the same file whatever
            that is imported as or in a notebook, takes the place of what it was.
        range: lowest and highest value.
        on_failure: ask it about ParseFailures too.

    Raises:
        ValueError: the range is empty, the function does not take these three, or another function has the name.
    """
    low, high = range
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"reward '{name}': range {range} is not a finite (low, high) with low < high")

    def register(function: Callable[..., Any]) -> Reward:
        _check_signature(name, function)
        before = REGISTRY.get(name)
        if before and not set(_origins(before.function)) & set(origins := _origins(function)):
            raise ValueError(f"two rewards are called '{name}': {_origins(before.function)[0]} and {origins[0]}")
        REGISTRY[name] = Reward(name, function, (float(low), float(high)), on_failure)
        return REGISTRY[name]

    return register


def _check_signature(name: str, function: Callable[..., Any]) -> None:
    signature = inspect.signature(function)
    required = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.kind <= parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty
    ]
    try:
        signature.bind_partial(*"rce")
    except TypeError:
        fits = False
    else:
        fits = len(required) <= 3
    if not fits:
        raise ValueError(
            f"reward '{name}': {function.__name__}{signature} must take (ruling, case, excerpt) by position, and "
            "settings by keyword only, as in (ruling, case, excerpt, *, least=0.5)"
        )


def source_of(function: Callable[..., Any]) -> str | None:
    """The file that a function was defined in, links followed; None where there is none, as in a notebook."""
    file = file_of(function)
    return os.path.realpath(file) if file is not None and os.path.isfile(file) else None


def _origins(function: Callable[..., Any]) -> list[str]:
    """Where a function was defined. What shares one of these is the same reward, perhaps in another version: one file
    may be imported under many names (``__main__``, a path's, a test runner's), and a module may lie in another file
    than before (a notebook's next cell, a copied folder).
    """
    file, name = source_of(function), function.__qualname__
    return [*([f"{file}:{name}"] if file else []), f"{function.__module__}.{name}"]
