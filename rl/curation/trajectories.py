"""Trajectories from gold, by rule: a reviewer who looks up what the ruling rests on, and then rules. What SFT learns
to use tools from, since reinforcement learning alone seldom finds out what they are good for.

First the rules are searched for, until those that gold speaks of have been shown. Then what the ruling rests on is
looked at: a section of the page that is not shown, a part of a picture. ``meta.looks`` of a case says what that is;
else gold's evidence does, and a case without any looks where another one did, so that looking does not tell the
verdict. Every call is put to a real desk, and its answer is what a policy would have been given.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data import Brief, Briefs, DataError, Quote, Region, Ruling
from data.finding import findings_in, lines, prose_of
from data.page import PAGE
from prompts import Episode, Turn, target, write
from prompts.neutralise import neutralise
from prompts.parse import END_THINK, THINK
from rewards.pure.reasoning import contradiction
from rl.desk import Desk, Desks, ToolCall
from rl.desk.calls import neutral, written

WORDS = 12
"""Words of a text that a query has at most."""
LOOKS = "looks"
"""The key of a case's ``meta`` that says what its reviewer has to look at: a list of calls, ``{"name": "zoom",
"arguments": {…}}``."""


@dataclass(frozen=True)
class Trajectories:
    """Episodes to learn from, and what became of the other cases."""

    episodes: list[Episode]
    left_out: Mapping[str, int]
    """How many cases have none, by why."""


class _LeftOut(Exception):
    """Why a case has no trajectory."""


def make_trajectories(
    briefs: Briefs,
    desks: Desks,
    seed: int = 0,
    special_tokens: tuple[str, ...] = (),
    advance: Callable[[int], object] = lambda done: None,
) -> Trajectories:
    """One episode about each case whose gold can be looked up with the tools at hand.

    Args:
        seed: of which approvals look where.
        advance: told how many cases are done.

    Raises:
        DataError: there is not one.
    """
    names = {tool.name for tool in desks.tools}
    rng = random.Random(f"trajectories {seed}")
    elsewhere = [call for brief in briefs for call in _of_evidence(brief)]
    episodes, left_out = [], Counter[str]()
    for done, brief in enumerate(briefs, start=1):
        looks = _looks(brief, elsewhere, rng)
        try:
            # What has to be looked at cannot be left out: who learns to rule without it learns to make it up.
            usable = [call for call in looks if call.name in names or _is_needed(call, brief)]
            episodes.append(_episode(brief, desks.at(brief, special_tokens), usable, names, special_tokens))
        except _LeftOut as why:
            left_out[str(why)] += 1
        advance(done)
    if not episodes:
        reason, count = left_out.most_common(1)[0] if left_out else ("there are no cases", 0)
        raise DataError(f"no case gives a trajectory; of {count}: {reason}")
    return Trajectories(episodes, left_out)


def _episode(
    brief: Brief, desk: Desk, looks: Sequence[ToolCall], names: set[str], special_tokens: tuple[str, ...]
) -> Episode:
    turns: list[Turn] = []

    def ask(why: str, call: ToolCall) -> None:
        said = neutralise(why, special_tokens)
        text = f"{THINK}{said}{END_THINK}{written(neutral(call, special_tokens))}"
        answer = desk.answer(text)
        if answer is None or answer.looks[-1].error:
            raise _LeftOut(f"{call.name}: {answer.looks[-1].error if answer is not None else 'no calls are left'}")
        turns.extend((Turn(text), answer.turn))

    if "search_rules" in names and brief.excerpt.retrieved:
        for query in _queries(brief, desk):
            ask("which rules?", ToolCall("search_rules", {"query": query}))
    for call in looks:
        ask(_WHY.get(call.name, "a closer look"), call)
    ruling = _ruling(desk.judged)
    if fault := contradiction(ruling, brief.case, desk.judged.excerpt):
        raise _LeftOut(f"gold does not follow from its findings: {fault}")
    return Episode(brief.id, (*turns, Turn(write(ruling, special_tokens))))


_WHY = {"zoom": "small print", "read": "the page", "frames": "a closer look", "transcript": "what is said"}
"""What is thought before a call: what it is for, and nothing of what gold knows."""


def _ruling(judged: Brief) -> Ruling:
    """Gold as a ruling, its findings in the order in which the rules were shown."""
    if judged.lost:
        raise _LeftOut("a rule of its gold was not found")
    try:
        ruling = target(judged.case, judged.excerpt, imitate=False)
    except DataError as error:
        raise _LeftOut(error.message.replace(f"case '{judged.id}' ", "it ")) from error
    order = {rule: place for place, rule in enumerate(judged.excerpt.ids)}
    findings = sorted(findings_in(ruling.reasoning), key=lambda finding: order.get(finding.rule, len(order)))
    prose = prose_of(ruling.reasoning)
    return ruling.model_copy(update={"reasoning": f"{prose}\n{lines(findings)}" if prose else lines(findings)})


def _queries(brief: Brief, desk: Desk) -> Iterator[str]:
    """What to search for: the case's own words, field by field, until the rules of its gold are shown; of a case that
    breaks none, the words that one which breaks some would be looked up by first.
    """
    tried: list[str] = []
    evidence = [item for violation in _violations(brief) for item in violation.evidence or []]
    quotes = [item.quote for item in evidence if isinstance(item, Quote)]
    for text in [*brief.case.text.values(), *quotes]:
        query = " ".join(text.split()[:WORDS])
        if not query or query in tried:
            continue
        if tried and not desk.judged.lost:
            return
        tried.append(query)
        yield query


def _violations(brief: Brief) -> Sequence[Any]:
    return (brief.case.gold.violations if brief.case.gold is not None else None) or []


def _looks(brief: Brief, elsewhere: Sequence[ToolCall], rng: random.Random) -> list[ToolCall]:
    """What the reviewer looks at, once the rules are known."""
    if (told := brief.case.meta.get(LOOKS)) is not None:
        return [_call(look, brief) for look in told] if isinstance(told, list) else [_call(told, brief)]
    if own := _of_evidence(brief):
        return own
    fitting = [call for call in elsewhere if _fits(call, brief)]
    return [rng.choice(fitting)] if fitting else []


def _of_evidence(brief: Brief) -> list[ToolCall]:
    """What gold's evidence lies in, so far as the prompt does not show it."""
    found: list[ToolCall] = []
    page = brief.case.page
    for violation in _violations(brief):
        for item in violation.evidence or []:
            if isinstance(item, Region) and item.image is not None:
                found.append(ToolCall("zoom", {"image": item.image, "box": [round(side, 3) for side in item.region]}))
            section = item.section if isinstance(item, Quote) else None
            if section is not None and page is not None and not page.sections[section].shown:
                found.append(ToolCall("read", {"field": f"{PAGE} {section}"}))
    return [call for place, call in enumerate(found) if call not in found[:place]]


def _is_needed(call: ToolCall, brief: Brief) -> bool:
    """Whether the ruling rests on what a call shows: the case says so, or gold quotes what no prompt shows."""
    return LOOKS in brief.case.meta or (call.name == "read" and call in _of_evidence(brief))


def _fits(call: ToolCall, brief: Brief) -> bool:
    """Whether a case has what a call looks at."""
    if call.name == "zoom":
        return bool(call.arguments["image"] < len(brief.case.images))
    sections = brief.case.page.sections if brief.case.page is not None else []
    section = int(call.arguments["field"].removeprefix(PAGE))
    return section < len(sections) and not sections[section].shown


def _call(look: Any, brief: Brief) -> ToolCall:
    if isinstance(look, Mapping) and isinstance(look.get("name"), str) and isinstance(look.get("arguments"), Mapping):
        return ToolCall(look["name"], dict(look["arguments"]))
    raise DataError(
        f'case \'{brief.id}\': want calls, {{"name": …, "arguments": {{…}}}}, not {look!r:.80}', field=f"meta.{LOOKS}"
    )
