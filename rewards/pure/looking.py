"""What looking is worth at the desk: whether a ruling rests on what was looked at, what its calls cost, and a bonus
that gets a policy to use its tools at all.

They read what the episode looked at (`prompts.look`), and say nothing of gold: as craft they count where the verdict
is right, and nowhere else. A ruling of which no episode is known, as a designer writes one by hand, is taken to have
looked at what it cites.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from data import Case, Evidence, Interval, Quote, Region, Ruling
from data.page import PAGE
from data.transcript import TRANSCRIPT
from prompts import Look, ParseFailure
from rewards.batch import BatchReward, Item
from rewards.score import Outcome, Score

FROM_THE_PROMPT = 0.5
"""What a place in a picture or a recording counts for that the prompt alone has shown: it is there, and coarse."""
COVERED = 0.5
"""The share of a region that has to lie in what was looked at."""

Share = Annotated[float, Field(ge=0, le=1)]


class Looked(BatchReward):
    """How much of what a ruling cites its policy has seen: 1 where all is, as where nothing is cited.

    Of each citation: 0 where its rule was shown neither by the prompt nor by a tool; else the mean over its evidence,
    with ½ for a region or an interval that no tool was asked for, and 0 for words of a page that nobody has read.
    """

    name = "looked"

    def score_batch(self, items: Sequence[Item]) -> Iterator[Outcome]:
        for item in items:
            yield _seen_of(item)


class Economy(BatchReward):
    """1 for a ruling without calls, less for each, whatever came of it.

    Args:
        cost: of a call.
        free: calls that cost nothing.
    """

    name = "economy"

    def __init__(self, *, cost: Share = 0.2, free: Annotated[int, Field(ge=0)] = 0):
        self.cost, self.free = cost, free

    def score_batch(self, items: Sequence[Item]) -> Iterator[Outcome]:
        for item in items:
            calls = len(_looks(item))
            yield Score(max(0.0, 1.0 - self.cost * max(0, calls - self.free)), f"{calls} calls")


class ToolBonus(BatchReward):
    """1 where a call was of use, for as long as few of the rulings on the case have made one: without it, a policy
    that seldom calls never finds out what calls are good for, and with it for good, it calls for the bonus.

    A call is of use where it has shown what is cited; where nothing is cited, where it has shown what the prompt does
    not. Source: the curiosity reward of Pixel-Reasoner (arXiv 2505.15966) and the conditional one of DeepEyes (arXiv
    2505.14362).

    Args:
        bound: the share of a case's rulings in the batch from which on nothing is paid.
    """

    name = "tool_bonus"

    def __init__(self, *, bound: Share = 0.3):
        self.bound = bound

    def score_batch(self, items: Sequence[Item]) -> Iterator[Outcome]:
        useful = [_is_of_use(item) for item in items]
        groups: dict[str, list[bool]] = defaultdict(list)
        for item, was in zip(items, useful, strict=True):
            groups[item.case.id].append(was)
        for item, was in zip(items, useful, strict=True):
            share = sum(groups[item.case.id]) / len(groups[item.case.id])
            paid = was and share < self.bound
            yield Score(float(paid), f"{share:.0%} of the rulings on the case looked")


def shown(item: Evidence, case: Case, looks: Sequence[Look]) -> float:
    """How much of a piece of evidence was seen, 0..1: by the prompt, or in what was looked at."""
    if isinstance(item, Quote):
        return float(item.field != PAGE or _is_read(item, case, looks))
    if isinstance(item, Interval):
        return 1.0 if any(_shows_then(look, item, case) for look in looks) else FROM_THE_PROMPT
    covered = [_shared(item, region) for look in looks for region in look.regions]
    return 1.0 if max(covered, default=0.0) >= COVERED else FROM_THE_PROMPT


def _shows_then(look: Look, item: Interval, case: Case) -> bool:
    """Whether a call has shown something of an interval: one of its frames, a line that is said then. Having asked for
    a day is not enough.
    """
    start, end = item.interval
    if look.interval is None or look.interval[0] > end or start > look.interval[1]:
        return False
    frames = [region.frame for region in look.regions if region.frame is not None]
    if frames:
        return any(start <= case.frames[frame].time <= end for frame in frames if frame < len(case.frames))
    if look.field == TRANSCRIPT:
        return any(line.start is not None and line.end is not None and line.start <= end and start <= line.end
                   for line in case.transcript)  # fmt: skip
    return True


def _seen_of(item: Item) -> Score:
    ruling = item.ruling
    if isinstance(ruling, ParseFailure) or not ruling.violations:
        return Score(1.0, "nothing is cited")
    if item.source is None:
        return Score(1.0, "no episode is known")
    looks, known = _looks(item), set(item.excerpt.ids)
    parts: dict[str, float] = {}
    for violation in ruling.violations:
        found = [shown(evidence, item.case, looks) for evidence in violation.evidence]
        seen = sum(found) / len(found) if found else 1.0
        parts[violation.rule] = min(parts.get(violation.rule, 1.0), seen if violation.rule in known else 0.0)
    reason = ", ".join(f"{rule} {value:.2f}" for rule, value in parts.items())
    return Score(sum(parts.values()) / len(parts), reason, parts)


def _is_of_use(item: Item) -> bool:
    looks = [look for look in _looks(item) if not look.error]
    if isinstance(item.ruling, ParseFailure) or not looks:
        return False
    if not item.excerpt.retrieved:  # the prompt shows all the rules that there are
        looks = [look.model_copy(update={"rules": ()}) for look in looks]
    if not item.ruling.violations:
        return any(look.rules or look.regions or _opens(look, item.case) for look in looks)
    return any(_shows(look, item.ruling, item.case) for look in looks)


def _opens(look: Look, case: Case) -> bool:
    """Whether a call has read or seen what the prompt does not show: a section of the page, or seconds by more than
    the transcript."""
    if look.interval is not None and look.field != TRANSCRIPT:
        return True
    sections = case.page.sections if case.page is not None and look.field == PAGE else []
    return any(not section.shown for place, section in enumerate(sections) if look.section in (None, place))


def _shows(look: Look, ruling: Ruling, case: Case) -> bool:
    """Whether a call has shown a rule that is cited, or evidence that was not seen without it."""
    if any(violation.rule in look.rules for violation in ruling.violations):
        return True
    evidence = [item for violation in ruling.violations for item in violation.evidence]
    return any(shown(item, case, [look]) > shown(item, case, ()) for item in evidence)


def _looks(item: Item) -> tuple[Look, ...]:
    """What its episode looked at; nothing where none is known."""
    return item.episode.looks if item.episode is not None else ()


def _is_read(item: Quote, case: Case, looks: Sequence[Look]) -> bool:
    sections = case.page.sections if case.page is not None else []
    opened = {look.section for look in looks if look.field == PAGE and not look.error}

    def is_open(place: int) -> bool:
        return (place < len(sections) and sections[place].shown) or not opened.isdisjoint((None, place))

    if item.section is not None:
        return is_open(item.section)
    # Who does not say where a quote stands has still to have been there: it may stand in a section that was not read.
    places = range(len(sections))
    within = [place for place in places if case.find(item.model_copy(update={"section": place})) is not None]
    return any(map(is_open, within)) if within else bool(places) and all(map(is_open, places))


def _shared(item: Region, looked: Region) -> float:
    """The share of a region that another one covers."""
    if (item.image, item.frame) != (looked.image, looked.frame):
        return 0.0
    (x0, y0, x1, y1), (a0, b0, a1, b1) = item.region, looked.region
    area = (x1 - x0) * (y1 - y0)
    return max(0.0, min(x1, a1) - max(x0, a0)) * max(0.0, min(y1, b1) - max(y0, b0)) / area if area else 0.0
