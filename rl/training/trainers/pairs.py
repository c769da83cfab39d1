"""Pairs: twins are drawn one beside the other, so that they are written about at once and by one process.

Where a pair comes in an epoch's order its second half is brought forward to the first; cases without a twin come two
by two. An order is changed by what it is alone, so that a resumed run draws the same.
"""

from collections.abc import Iterator, Sequence

from data import Briefs, DataError
from rewards import Scorecard
from rewards.scoring.pair import PairReward, pair_metrics


class Pairs:
    """The twins of a run's training data.

    Args:
        reward: how they are paid.
        names: the cases of the training data, in their order.
        briefs: of them, and perhaps of more.

    Raises:
        DataError: there are no twins, or only one of two is trained on.
    """

    def __init__(self, reward: PairReward, names: Sequence[str], briefs: Briefs):
        self._reward, self._names, self._briefs = reward, names, briefs
        place = {name: at for at, name in enumerate(names)}
        self._twins = {name: twin for name in names if (twin := briefs[name].case.twin) is not None}
        if not self._twins:
            raise DataError("no case of the data names a twin: make some with ruling data twins", field="pair")
        if lost := next((name for name, twin in self._twins.items() if twin not in place), None):
            message = f"case '{lost}' is trained on without its twin '{self._twins[lost]}': put both into the data"
            raise DataError(message, field="pair")
        self._twin_at = {place[name]: place[twin] for name, twin in self._twins.items()}

    def check_whole(self, at_once: int, processes: int) -> None:
        """Refuses batches that would part twins.

        Args:
            at_once: the cases of a generation, over all processes.

        Raises:
            DataError: a process would get an odd number of them.
        """
        if at_once % (2 * processes):
            each = at_once / processes
            raise DataError(
                f"each process draws for {each:g} cases at once, and pairs are drawn whole: let it be an even number",
                field="trainer.per_device_train_batch_size",
            )

    def together(self, order: Sequence[int]) -> list[int]:
        """The places that are drawn in an epoch, as many as before, with every pair whole in two slots that begin at
        an even one.

        Args:
            order: places, shuffled, each perhaps several times in a row or again; an even number of different ones.
                Those that it lacks may come in the place of those whose pair has no room.
        """
        slots = list(dict.fromkeys(order))
        there = set(slots)
        rest = [place for place in range(len(self._names)) if place not in there]
        drawn = [place for both in self._units([*slots, *rest]) for place in both]
        instead = dict(zip(slots, drawn, strict=False))
        return [instead[slot] for slot in order]

    def paid(self, cards: Sequence[Scorecard]) -> list[float | None]:
        """What each of a process's completions is paid (`PairReward.totals`).

        Args:
            cards: those on one case side by side.
        """
        totals = self._reward.totals(_by_case(cards), self._twins)
        return [total for of_case in totals.values() for total in of_case]

    def figures(self, cards: Sequence[Scorecard]) -> dict[str, float]:
        """How often they are right together (`pair_metrics`)."""
        groups = _by_case(cards)
        golds = {case: self._briefs[case].gold for case in groups}
        verdicts = {case: None if gold is None else gold.verdict for case, gold in golds.items()}
        return pair_metrics(groups, self._twins, verdicts)

    def _units(self, places: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Pairs, and cases without a twin in twos, in the order in which their first comes."""
        seen: set[int] = set()
        waiting: int | None = None
        for place in places:
            if place in seen:
                continue
            twin = self._twin_at.get(place)
            if twin is not None:
                seen.add(twin)
                yield place, twin
            elif waiting is None:
                waiting = place
            else:
                yield waiting, place
                waiting = None


def _by_case(cards: Sequence[Scorecard]) -> dict[str, list[Scorecard]]:
    groups: dict[str, list[Scorecard]] = {}
    for card in cards:
        groups.setdefault(card.case, []).append(card)
    return groups
