"""Make: of every case whose gold allows it a pair, as many that flip the verdict as that hold it, as far as can be."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data.brief import Brief, Briefs
from data.case import Case
from data.errors import DataError
from data.evidence import Quote
from data.preparing.case import kept_files
from data.preparing.store import Store
from data.reading.loading import save_cases
from data.ruling import Verdict
from data.twins.changes import (
    Change,
    Changed,
    Subject,
    exception_added,
    exception_removed,
    idle_exception_added,
    idle_left_out,
    is_plain,
    left_out,
    renumbered,
    strange_to,
)

CHANGES: dict[str, Change] = {
    "left_out": left_out,
    "exception_added": exception_added,
    "idle_left_out": idle_left_out,
    "idle_exception_added": idle_exception_added,
    "exception_removed": exception_removed,
    "renumbered": renumbered,
}
EXCEPTION = 'an ad that says "{quote}"'
HAS_ONE = "it has one"
STRANGE = 20
"""How many words of other cases are tried for an exception."""


@dataclass
class Twinned:
    """Pairs, and what became of the rest."""

    cases: list[Case] = field(default_factory=list)
    """Two by two: the case, and the same under changed rules."""
    made: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """How many pairs, by what was changed and whether that flips the verdict."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How many cases have no twin, by why."""

    @property
    def flips(self) -> int:
        """How many pairs flip the verdict."""
        return sum(count for (_, flips), count in self.made.items() if flips)


def make_twins(
    briefs: Briefs, changes: Sequence[str] = tuple(CHANGES), exception: str = EXCEPTION, seed: int = 0
) -> Twinned:
    """A twin for every case that can be given one for certain.

    Gold's worked reasoning, advice and edits speak of the rules as they were: a twin has none, nor a teacher's ruling.

    Args:
        changes: names of what may be changed; the rarest so far comes first.
        exception: how an exception is worded, with ``{quote}`` in it, in the language of the rulebook.

    Raises:
        DataError: no case can be given one; says why most cannot.
    """
    if "{quote}" not in exception:
        raise DataError("does not say where the words go: put {quote} into it", field="exception")
    rng, made = random.Random(f"twins {seed}"), Twinned()
    quotes = _quotes(briefs)
    taken = {brief.id for brief in briefs}
    used: Counter[str] = Counter()
    for brief in briefs:
        subject = _subject(brief, exception, rng.sample(quotes, min(STRANGE, len(quotes))))
        if isinstance(subject, str):
            made.left_out[subject] += 1
            continue
        verdict = subject.gold.verdict
        ways = [(name, way) for name in changes for way in CHANGES[name](subject, rng)]
        ways = [one for one in ways if (one[1][1].verdict != verdict) == (2 * made.flips <= used.total())] or ways
        if not ways:
            made.left_out["nothing can be changed for certain"] += 1
            continue
        rarest = min(used[name] for name, _ in ways)
        name, way = rng.choice([one for one in ways if used[one[0]] == rarest])
        pair = _pair(brief.case, name, way)
        if pair[1].id in taken:
            raise DataError(f"there is a case '{pair[1].id}' already: rename it", field="id")
        made.cases += pair
        used[name] += 1
        made.made[name, way[1].verdict != verdict] += 1
    if not made.cases:
        why = made.left_out.most_common(1)[0][0] if made.left_out else "there are no cases"
        use = " (training with 'pair' takes such cases as they are)" if why == HAS_ONE else ""
        raise DataError(f"no case can be given a twin; most often: {why}{use}")
    return made


def save_twins(twinned: Twinned, out: str | Path) -> Path:
    """Writes the pairs as ``twins.jsonl``, with their media beside it, linked where that can be.

    Raises:
        DataError: a file is missing.
    """
    store = Store(Path(out))
    save_cases((case.model_copy(update=kept_files(case, store)) for case in twinned.cases), store.out / "twins.jsonl")
    return store.out / "twins.jsonl"


def _subject(brief: Brief, exception: str, words: Sequence[tuple[str, str]]) -> Subject | str:
    """The case as it can be changed, or why it cannot."""
    case, gold, excerpt = brief.case, brief.gold, brief.excerpt
    if case.twin is not None:
        return HAS_ONE
    if case.window is not None:
        return "it is a window of a stream"
    if gold is None or gold.verdict is None or gold.violations is None:
        return "its gold names no verdict, or not what is broken"
    if not gold.exhaustive:
        return "its gold does not name all that is broken"
    if any(violation.rule_in(excerpt) is None for violation in gold.violations):
        return "what is broken is not among its rules"
    called_for: Verdict = excerpt.called_for(rule.id for rule in gold.broken_in(excerpt))
    if gold.verdict != ("escalate" if called_for == "approve" and gold.unclear else called_for):
        return "its verdict is not what its broken rules call for"
    return Subject(brief, gold, exception, strange_to(brief, words))


def _pair(case: Case, name: str, way: Changed) -> list[Case]:
    rules, gold = way
    twin, meta = f"{case.id}~{name}", {**case.meta, "change": name}
    both = {"group": case.cluster, "meta": meta}
    changed = {**both, "id": twin, "twin": case.id, "rules": list(rules), "gold": gold, "teacher": None}
    return [case.model_copy(update={**both, "twin": twin}), case.model_copy(update=changed)]


def _quotes(briefs: Briefs) -> list[tuple[str, str]]:
    """The plain words that gold quotes, each with the cluster that it comes from."""
    found = {
        (brief.case.cluster, evidence.quote): None
        for brief in briefs
        for violation in (brief.gold.violations if brief.gold else None) or []
        for evidence in violation.evidence or []
        if isinstance(evidence, Quote) and is_plain(evidence.quote)
    }
    return list(found)
