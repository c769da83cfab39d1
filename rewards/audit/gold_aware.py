"""Cheats that know gold: the right answer, handed in so that it should not count or with its proof replaced.

They must earn at least 0.1 less than gold wherever their parsed answer differs from it.
"""

from collections.abc import Callable, Iterator

from data import Evidence, Interval, Quote, Region, Ruling, Violation
from prompts import write
from rewards.audit.cheat import cheat
from rewards.audit.subject import Subject
from rewards.batch import Answer

CORNERS = ((0.0, 0.0), (0.9, 0.0), (0.0, 0.9), (0.9, 0.9))
LEFT_OUT = ('"violations"', '"verdict"', '"confidence"')
"""Keys without which an answer says nothing."""


@cheat("gold-aware")
def two_answers(subject: Subject) -> Iterator[Answer]:
    """Gives the right answer and another one, so that one of them is right."""
    good, bad = (_answer(ruling) for ruling in (subject.right, subject.wrong[0]))
    reasoning = write(subject.right).removesuffix(good)
    yield reasoning + good + bad
    yield reasoning + bad + good
    yield reasoning + good + good


@cheat("gold-aware")
def answer_inside_the_reasoning(subject: Subject) -> Iterator[Answer]:
    """Gives the right answer where the reasoning belongs."""
    completion = write(subject.right)
    answer = _answer(subject.right)
    yield completion.replace("</think>", f"{answer}</think>")
    yield f"<think>{answer}</think>"
    yield f"<think>{answer}</think>{_answer(subject.wrong[0])}"


@cheat("gold-aware")
def truncated_answer(subject: Subject) -> Iterator[Answer]:
    """Stops at each key of the answer in turn, with the end left off or put on."""
    completion = write(subject.right)
    for key in (*LEFT_OUT, '"intent"', '"advice"'):
        before, found, _ = completion.partition(key)
        if found:
            yield before
            if key in LEFT_OUT:
                yield before.rstrip(" ,") + "}</answer>"


@cheat("gold-aware")
def bare_verdict(subject: Subject) -> Iterator[Answer]:
    """Says the right word, and nothing else."""
    yield subject.verdict
    yield f"<answer>{subject.verdict}</answer>"
    yield f"<think>{subject.verdict}</think><answer>{subject.verdict}</answer>"


@cheat("gold-aware")
def foreign_evidence(subject: Subject) -> Iterator[Answer]:
    """The right verdict by the right rules, shown by what is not there."""

    def foreign(item: Evidence) -> Evidence:
        if isinstance(item, Quote):
            return item.model_copy(update={"quote": subject.elsewhere})
        if isinstance(item, Interval):
            end = item.interval[1]
            return Interval(interval=(end + 1, end + 2))
        return item.model_copy(update={"region": _corner_outside(item)})

    if subject.right.violations:
        yield _with_evidence(subject, lambda items: [foreign(item) for item in items])
    if _has_no_gold_evidence(subject) and subject.case.fields:
        field = next(iter(subject.case.fields))
        yield _with_evidence(subject, lambda _: [Quote(quote=subject.elsewhere, field=field)])


@cheat("gold-aware")
def evidence_left_out(subject: Subject) -> Iterator[Answer]:
    """The right verdict by the right rules, shown by nothing."""
    if any(violation.evidence for violation in subject.right.violations):
        yield _with_evidence(subject, lambda _: [])


@cheat("gold-aware")
def first_words(subject: Subject) -> Iterator[Answer]:
    """Quotes the first words of the first field, where gold does not say what the evidence is."""
    name, text = next(((name, text) for name, text in subject.case.fields.items() if len(text) > 12), ("", ""))
    if text and subject.right.violations and all(subject.shown(v.rule) is None for v in subject.right.violations):
        for length in (10, len(text) // 5):
            quotes: list[Evidence] = [Quote(quote=text[: max(1, length)], field=name)]
            yield subject.citing(*(Violation(rule=v.rule, evidence=quotes) for v in subject.right.violations))


@cheat("gold-aware")
def one_frequent_rule_more(subject: Subject) -> Iterator[Answer]:
    """Cites, beside what is broken, the rule that the data break most often."""
    taken = subject.right.violations
    others = subject.others(subject.view.frequent)
    known = subject.gold.exhaustive or (others and others[0] in subject.gold.cleared)
    if others and known and subject.gold.violations and subject.verdict == "reject":
        yield subject.citing(*taken, Violation(rule=others[0]))


@cheat("gold-aware")
def scraps_of_quotes(subject: Subject) -> Iterator[Answer]:
    """Quotes a letter or two, which stand in any text."""

    def scrap(item: Evidence) -> Evidence:
        text = item.quote.strip() if isinstance(item, Quote) else ""
        return item.model_copy(update={"quote": text[: max(1, min(3, len(text) // 10))]}) if len(text) > 1 else item

    yield from _if_quoting(subject, scrap)


@cheat("gold-aware")
def garbled_quotes(subject: Subject) -> Iterator[Answer]:
    """Quotes that are nearly there: every fourth character is another."""

    def garble(item: Evidence) -> Evidence:
        if not isinstance(item, Quote):
            return item
        letters = [("x" if i % 4 == 1 and c != "x" else c) for i, c in enumerate(item.quote)]
        return item.model_copy(update={"quote": "".join(letters)})

    yield from _if_quoting(subject, garble)


@cheat("gold-aware")
def all_the_text_as_evidence(subject: Subject) -> Iterator[Answer]:
    """Quotes every field whole, where gold knows the place."""
    everything: list[Evidence] = [Quote(quote=text, field=name) for name, text in subject.case.fields.items() if text]
    cited = subject.right.violations
    if everything and cited and all(subject.shown(violation.rule) for violation in cited):
        yield _with_evidence(subject, lambda _: everything)


@cheat("gold-aware")
def right_evidence_under_a_wrong_rule(subject: Subject) -> Iterator[Answer]:
    """The right verdict and evidence, by rules that are not broken."""
    cited = subject.right.violations
    same = [rule for rule in subject.excerpt.ids if subject.excerpt[rule].verdict == subject.verdict]
    others = subject.others(same)
    if cited and others and subject.gold.violations:
        wrong = subject.view.rng.sample(others, min(len(others), len(cited)))
        pairs = zip(wrong, cited, strict=False)
        yield subject.citing(*(Violation(rule=rule, evidence=v.evidence) for rule, v in pairs))


def _answer(ruling: Ruling) -> str:
    completion = write(ruling)
    return completion[completion.index("<answer>") :]


def _with_evidence(subject: Subject, change: Callable[[list[Evidence]], list[Evidence]]) -> Ruling:
    violations = subject.right.violations
    return subject.citing(*(Violation(rule=v.rule, evidence=change(v.evidence)) for v in violations))


def _if_quoting(subject: Subject, change: Callable[[Evidence], Evidence]) -> Iterator[Ruling]:
    items = [item for violation in subject.right.violations for item in violation.evidence]
    if items and all(isinstance(item, Quote) for item in items):
        yield _with_evidence(subject, lambda items: [change(item) for item in items])


def _has_no_gold_evidence(subject: Subject) -> bool:
    cited = subject.right.violations
    return bool(cited) and all(subject.shown(violation.rule) == [] for violation in cited)


def _corner_outside(item: Region) -> tuple[float, float, float, float]:
    """A small box in the corner that has least in common with the region."""
    x0, y0, x1, y1 = item.region

    def shared(corner: tuple[float, float]) -> float:
        x, y = corner
        return max(0.0, min(x1, x + 0.1) - max(x0, x)) * max(0.0, min(y1, y + 0.1) - max(y0, y))

    x, y = min(CORNERS, key=shared)
    return (x, y, x + 0.1, y + 0.1)
