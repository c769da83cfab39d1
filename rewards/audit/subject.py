"""Subject: a case with gold as the audit puts it to a rubric, with the rulings that cheats are measured against."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from data import VERDICTS, Brief, Case, DataError, Evidence, Gold, Quote, Rulebook, Ruling, Verdict, Violation
from data.change import edits_of, mendable
from data.finding import prose_of
from data.quotes import fold
from prompts import reason, render, target
from rewards.pure.evidence import grounded, is_specific


@dataclass(frozen=True)
class View:
    """What a reviewer sees who has not looked at gold: the case without it, the excerpt, and habits of the data."""

    case: Case
    excerpt: Rulebook
    frequent: tuple[str, ...]
    """The excerpt's rules that call for reject, those first that the data break most often."""
    seed: str

    @property
    def rng(self) -> random.Random:
        """Chance, the same at every call."""
        return random.Random(self.seed)

    @cached_property
    def rule(self) -> str | None:
        """A rule that calls for reject, by chance; None where the excerpt has none."""
        return self.rng.choice(self.frequent) if self.frequent else None

    @cached_property
    def prompt(self) -> str:
        """The text that the model is asked with."""
        return "\n".join(part.text for message in render(self.case, self.excerpt) for part in message.texts)


@dataclass(frozen=True)
class Subject:
    """A case, what gold says about it, and the honest rulings on it."""

    brief: Brief
    gold: Gold
    right: Ruling
    """Gold, stated with full confidence. What gold leaves open is filled in: a rule for a rejection that names none,
    a quote from the case where the evidence is not annotated, and edits that take out quotes where words can mend it.
    """
    wrong: tuple[Ruling, ...]
    """The opposite verdict, with full confidence: approving what gold rejects, rejecting by a random rule of the
    excerpt what gold approves, and both where gold escalates.
    """
    elsewhere: str
    """Words that do not stand in the case."""
    view: View = field(repr=False)
    """The case as those see it who do not know gold."""

    @property
    def case(self) -> Case:
        return self.brief.case

    @property
    def excerpt(self) -> Rulebook:
        return self.brief.excerpt

    @property
    def verdict(self) -> Verdict:
        return self.right.verdict

    @property
    def honest(self) -> tuple[Ruling, ...]:
        """What an honest reviewer may say: the right ruling first, then the wrong ones."""
        return (self.right, *self.wrong)

    def citing(self, *violations: Violation) -> Ruling:
        """The right ruling with these citations in place of its own; see `cite`."""
        return cite(self.right, self.excerpt, *violations)

    def shown(self, rule: str) -> list[Evidence] | None:
        """Gold's evidence for a rule; None where it is not annotated."""
        found = [v.evidence for v in self.gold.violations or [] if rule in v.accepted]
        return None if not found or any(e is None for e in found) else [item for e in found for item in e or []]

    def others(self, rules: Iterable[str] | None = None) -> list[str]:
        """Rules of the excerpt, or of those given, that gold does not say are broken or unclear."""
        taken = {rule for v in self.gold.violations or [] for rule in v.accepted} | set(self.gold.unclear)
        return [rule for rule in (self.excerpt.ids if rules is None else rules) if rule not in taken]


def cite(ruling: Ruling, excerpt: Rulebook, *violations: Violation, verdict: Verdict | None = None) -> Ruling:
    """The ruling with these citations in place of its own, and findings that they follow from. An escalation that
    cites nothing finds the first rule unclear, where none was.
    """
    given = verdict or ruling.verdict
    unclear = [finding.rule for finding in ruling.findings if finding.outcome == "unclear"]
    if given == "escalate" and not violations:
        unclear = unclear or excerpt.ids[:1]
    found = reason(violations, excerpt, unclear if given != "approve" else ())
    prose = prose_of(ruling.reasoning)
    changed = {"reasoning": f"{prose}\n{found}" if prose else found, "violations": list(violations), "verdict": given}
    return ruling.model_copy(update=changed)


def decide(excerpt: Rulebook, verdict: Verdict, *rules: str, confidence: float = 1.0) -> Ruling:
    """A plain ruling that cites these rules."""
    return cite(Ruling(verdict=verdict, confidence=confidence), excerpt, *(Violation(rule=rule) for rule in rules))


def prepare(briefs: Sequence[Brief], seed: int = 0) -> list[Subject]:
    """The subjects of all cases whose gold has a verdict.

    Raises:
        DataError: gold cannot be stated under its excerpt, or there are not both approvals and rejections.
    """
    broken = Counter(v.rule for brief in briefs if brief.gold for v in brief.gold.violations or [])
    texts = [text for brief in briefs for text in brief.case.fields.values()]
    subjects = [
        _subject(brief, brief.gold, broken, texts, f"{seed} {brief.id}")
        for brief in briefs
        if brief.gold is not None and brief.gold.verdict is not None
    ]
    found = {subject.verdict for subject in subjects}
    if not {"approve", "reject"} <= found:
        have = f"only '{found.pop()}'" if len(found) == 1 else "no approvals or no rejections" if found else "none"
        raise DataError(f"an audit needs cases that gold approves and cases that it rejects; there are {have}")
    return subjects


def _subject(brief: Brief, gold: Gold, broken: Counter[str], texts: Sequence[str], seed: str) -> Subject:
    case, excerpt = brief.case, brief.excerpt
    rejecting = [rule.id for rule in excerpt.rules if rule.verdict == "reject"]
    frequent = tuple(sorted(rejecting, key=lambda rule: -broken[rule]))
    view = View(case.model_copy(update={"gold": None, "teacher": None}), excerpt, frequent, seed)
    right = _right(case, excerpt, gold)
    return Subject(brief, gold, right, _wrong(view, gold), _elsewhere(case, excerpt, texts, view.rng), view)


def _wrong(view: View, gold: Gold) -> tuple[Ruling, ...]:
    """The opposite verdicts, reasoned rule by rule as the honest do."""
    against: Verdict = "reject" if view.rule else "escalate"  # where no rule calls for it, nobody could reject
    opposite: dict[str | None, list[Verdict]] = {"approve": [against], "reject": ["approve"]}
    chosen = [v for v in opposite.get(gold.verdict, ["approve", against]) if not gold.accepts(v)]
    # Where gold accepts the opposite too, what is left is wrong.
    chosen = chosen or [verdict for verdict in VERDICTS if not gold.accepts(verdict)][:1]
    rulings = []
    for verdict in chosen:
        cited = view.rule if verdict == "reject" else None
        rulings.append(decide(view.excerpt, verdict, *([cited] if cited else [])))
    return tuple(rulings)


def _right(case: Case, excerpt: Rulebook, gold: Gold) -> Ruling:
    if gold.verdict == "reject" and not gold.violations:
        called = [rule.id for rule in excerpt.rules if rule.verdict == "reject"]
        return decide(excerpt, "reject", *called[:1])
    ruling = target(case, excerpt, confidence=1.0, imitate=False)
    if gold.edits is None and mendable(case, gold):
        ruling = ruling.model_copy(update={"edits": edits_of(case, gold)})
    evidence = {rule: v.evidence for v in gold.violations or [] for rule in v.accepted}
    filled = [
        v.model_copy(update={"evidence": _some_quote(case)}) if evidence.get(v.rule) is None else v
        for v in ruling.violations
    ]
    return ruling if filled == ruling.violations else cite(ruling, excerpt, *filled)


def _some_quote(case: Case) -> list[Quote]:
    """A specific quote from the first field that has one."""
    for name, text in case.fields.items():
        step = max(1, len(text) // 8)
        pieces = [text, *(text[start : start + len(text) // 5] for start in range(step, len(text), step))]
        for piece in pieces:
            item = Quote(quote=piece.strip(), field=name) if piece.strip() else None
            if item and grounded(item, case) and is_specific(item, case):
                return [item]
    return []


def _elsewhere(case: Case, excerpt: Rulebook, texts: Sequence[str], rng: random.Random) -> str:
    """Another case's words that neither this one nor its rules have; made up where all are alike."""
    rules = [text for rule in excerpt.rules for text in (rule.title, rule.text, *rule.exceptions)]
    own = [fold(text) for text in (*case.fields.values(), *rules)]
    for _ in range(8):
        text = rng.choice(texts)[:80].strip() if texts else ""
        if len(text) >= 8 and not any(fold(text) in field for field in own):
            return text
    return "words that stand nowhere in the case"
