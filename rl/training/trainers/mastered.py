"""Mastered cases: those that the policy nearly always rules right are drawn less often, from epoch to epoch.

Completions on such a case earn the same and teach nothing (ScaleRL, arXiv 2510.13786, leaves them out for good from a
pass rate of .9). An epoch has as many draws as before; others come in their place, each at most one draw more or less
than its share. Weights make up for it, as for hard cases: what is maximised is still the mean over all cases.

What is mastered is settled when an epoch begins, from what all processes have written so far; a checkpoint holds it,
so that a resumed run draws the same.
"""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from data import DataError
from data.errors import explain
from data.files import read_json, write_json
from rl.config.cases import MasteredConfig

FILE = "mastered.json"
"""In a checkpoint."""


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    epoch: int = 0
    """The one that goes on."""
    mastered: list[str] = []
    """What was mastered when it began."""
    passed: dict[str, tuple[float, float]] = {}
    """By case, right verdicts and all, each generation counting half as much as the next."""


class Mastered:
    """What a run's policy has mastered.

    Args:
        names: the cases of the training data, in their order.
    """

    def __init__(self, config: MasteredConfig, names: Sequence[str], seed: int, checkpoint: Path | None = None):
        self._config, self._names, self._seed = config, list(names), seed
        self._state = _State() if checkpoint is None else _restored(checkpoint / FILE)
        self.cases = frozenset(self._state.mastered)
        """What was mastered when the epoch began."""

    def hear(self, verdicts: Iterable[tuple[str, bool | None]]) -> None:
        """Learns of one generation: its cases, and whether each verdict is right, if gold has one."""
        counts: dict[str, tuple[float, float]] = {}
        for case, right in verdicts:
            if right is not None:
                passed, seen = counts.get(case, (0.0, 0.0))
                counts[case] = (passed + right, seen + 1)
        for case, (passed, seen) in counts.items():
            before, all_before = self._state.passed.get(case, (0.0, 0.0))
            self._state.passed[case] = (before / 2 + passed, all_before / 2 + seen)

    def instead(self, order: Sequence[int], epoch: int, at_once: int) -> list[int]:
        """The places that are drawn in an epoch.

        Args:
            order: those of all cases, shuffled, each perhaps several times in a row or again.
            at_once: cases of a generation, among which none is to come twice.
        """
        if epoch != self._state.epoch:
            known = self._state.passed.items()
            found = {case for case, (passed, seen) in known if passed >= self._config.pass_rate * seen}
            self._state.epoch, self._state.mastered = epoch, [name for name in self._names if name in found]
            self.cases = frozenset(found)
        if not self._state.mastered:
            return list(order)
        drawn = self._drawn(random.Random(f"{self._seed} {epoch}"), at_once)
        places = dict(zip(dict.fromkeys(order), drawn, strict=False))
        return [places[slot] for slot in order]

    @property
    def share(self) -> float:
        """Of all cases, those that were mastered when the epoch began."""
        return len(self._state.mastered) / len(self._names)

    def weight(self, case: str) -> float:
        """What makes up for how often a case is drawn in this epoch."""
        return 1 / self._rates[case in self.cases]

    @property
    def _rates(self) -> tuple[float, float]:
        """How often a case is drawn that is not mastered, and one that is: together, as many draws as cases."""
        count, mastered = len(self._names), len(self._state.mastered)
        rate = count / (count - mastered + self._config.drawn * mastered)
        return rate, self._config.drawn * rate

    def _drawn(self, rng: random.Random, at_once: int) -> list[int]:
        """As many places as there are cases, each as often as its rate says, in random order."""
        rates, places = self._rates, list(range(len(self._names)))
        rng.shuffle(places)
        left, drawn = [], 0
        passed = rng.random()  # systematic sampling: each comes as often as its rate says, rounded up or down
        for place in places:
            passed += rates[self._names[place] in self.cases]
            times = max(0, min(int(passed), len(places)) - drawn)
            left += [place] * times
            drawn += times
        left += [places[-1]] * (len(places) - drawn)
        rng.shuffle(left)
        return _apart(left, at_once)

    def save(self, folder: Path) -> None:
        """Writes what a resumed run must know."""
        write_json(folder / FILE, self._state.model_dump(mode="json"), indent=None)


def _restored(file: Path) -> _State:
    try:
        return _State.model_validate(read_json(file))
    except ValidationError as error:
        field, message = explain(error)
        raise DataError(message, file=file, field=field) from error


def _apart(places: Sequence[int], at_once: int) -> list[int]:
    """The same in about the same order, but none twice in a batch of ``at_once`` as far as that can be had."""
    waiting, found = list(places), []
    while waiting:
        batch: list[int] = []
        while waiting and len(batch) < at_once:
            held = set(batch)
            batch.append(waiting.pop(next((at for at, place in enumerate(waiting) if place not in held), 0)))
        found += batch
    return found
