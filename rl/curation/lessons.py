"""Lessons: of what was written about a case, the ruling that a rubric gives most, for SFT to imitate.

Rejection sampling: the best of n is better than what a policy writes on average, and SFT on it costs no rollouts. Only
what a completion says is learnt from. Where none is right by gold, the case is left out, since SFT would otherwise
state its gold, which nobody wrote.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data import Brief, Case, DataError, Ruling, TextEdit, fix, save_cases
from prompts import Episode
from rewards import Rubric, Scorecard
from rewards.hindsight.batches import Batches


@dataclass(frozen=True)
class Candidate:
    """An episode that might be learnt from."""

    brief: Brief
    """What it is about, as it was shown."""
    episode: Episode
    barred: str | None = None
    """Why it is not to be learnt from, whatever it earns."""


@dataclass(frozen=True)
class Lessons:
    """Cases with the best ruling on each as their teacher's, and what became of the rest."""

    cases: list[Case]
    left_out: Mapping[str, int]
    """How many completions, by why they are in no lesson."""
    without: int
    """Cases on which no completion was good enough."""


def best_of(
    candidates: Sequence[Candidate],
    rubric: Rubric,
    minimum: float | None = None,
    advance: Callable[[int], object] = lambda done: None,
) -> Lessons:
    """The best ruling on each case, in the order in which cases come up.

    Of those with one total the shorter is taken, and of those as long the one that was written first.

    Args:
        rubric: what says which is best; of one with schedules, what it is in the end.
        minimum: the least total to be learnt from. Whatever it is, the verdict has to be right where gold has one.
        advance: told the number of completions that have been scored since it was last told.

    Raises:
        DataError: nothing was good enough.
    """
    best: dict[str, tuple[tuple[float, int], Case]] = {}
    left_out = Counter[str]()
    for candidate, card in zip(candidates, cards_of(candidates, rubric, advance), strict=True):
        if why := unfit(candidate, card, minimum):
            left_out[why] += 1
            continue
        assert card.total is not None and isinstance(card.ruling, Ruling)
        rank = (-card.total, len(candidate.episode.completion))
        left_out["not the best on their case"] += candidate.brief.id in best
        if candidate.brief.id not in best or rank < best[candidate.brief.id][0]:
            best[candidate.brief.id] = rank, candidate.brief.case.model_copy(update={"teacher": card.ruling})
    cases = dict.fromkeys(candidate.brief.id for candidate in candidates)
    if not best:
        most = ", ".join(f"{count:,} {why}" for why, count in left_out.most_common(3))
        raise DataError(f"no completion is good enough to learn from ({most or 'there are none'})")
    return Lessons([best[case][1] for case in cases if case in best], left_out, len(cases) - len(best))


def cards_of(
    candidates: Sequence[Candidate], rubric: Rubric, advance: Callable[[int], object] = lambda done: None
) -> list[Scorecard]:
    """What each episode earns."""
    episodes, briefs = [candidate.episode for candidate in candidates], [candidate.brief for candidate in candidates]
    found: list[Scorecard] = []
    settled = rubric.at(1.0)
    for (cards,) in Batches.under(settled).score([settled], episodes, briefs):
        found += cards
        advance(len(cards))
    return found


def unfit(candidate: Candidate, card: Scorecard, minimum: float | None = None) -> str | None:
    """Why an episode is not to be learnt from; None where it may be."""
    if candidate.barred is not None:
        return candidate.barred
    if candidate.episode.refused is not None:
        return "refused by the server"
    if len(candidate.episode.turns) > 1:
        return "written with tools, which rulings alone do not teach"
    if not isinstance(card.ruling, Ruling):
        return "no ruling"
    if card.total is None:
        return "unscored"
    if card.right is False:
        return "with a wrong verdict"
    if card.closed is not None:
        return "stopped by a gate"
    left = fix(candidate.brief.case, card.ruling.edits).left
    if any(isinstance(one.edit, TextEdit) for one in left):
        return "with edits that cannot be applied"
    return "below the minimum" if minimum is not None and card.total < minimum else None


def check_place(cases: Iterable[Case], out: Path) -> None:
    """Makes sure that cases find their media from where they are written to.

    Raises:
        DataError: one has media, whose paths are relative to another folder.
    """
    for case in cases:
        if (first := next(case.media, None)) is None:
            continue
        if case.path(first[1]).absolute() != (out.parent / first[1]).absolute():
            raise DataError(
                f"case '{case.id}' names media by their place in the folder that it was read from: write there, "
                f"'{case.path('.').absolute() / out.name}'",
                file=out,
            )


def save_lessons(lessons: Lessons, out: str | Path) -> None:
    """Writes the cases as JSONL that ``ruling train sft`` takes.

    Raises:
        DataError: media would not be found from there.
    """
    check_place(lessons.cases, Path(out))
    save_cases(lessons.cases, out)
