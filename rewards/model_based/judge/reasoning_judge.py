"""ReasoningJudge: whether what the reasoning says in free words agrees with what the answer cites.

The findings at the end of a reasoning decide, and the gate `reasoning_agreement` holds them against the answer.
What stands before them, and what they describe as seen, is prose: it could call a rule broken that the findings clear.
Here a model reads that prose, and nothing else: not the case, not the answer, not the findings' outcomes. It cannot
be swayed by what would be right. It says of each rule what the prose claims, and the comparison is made by machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from data import Rulebook, Ruling
from data.finding import OUTCOMES, Outcome, prose_of
from prompts import Message
from prompts.parts import Text
from rewards.batch import Item
from rewards.model_based.judge.document import as_json, rule_shown, system_text
from rewards.model_based.judge.form import Answer, Form
from rewards.model_based.judge.server_reward import Consultation, Count, ServerReward
from rewards.score import NotApplicable, Score
from rewards.score import Outcome as Scored

NOT_SAID = "not said"


@dataclass(kw_only=True, eq=False)
class ReasoningJudge(ServerReward):
    """How far the reasoning's prose agrees with the ruling about the rules of the excerpt, 0..1; see `agreement`. One
    question for each rule of the excerpt, answered by a choice alone. Prose that says nothing costs no call and
    contradicts nothing: 1. Without rules it does not apply.

    Example:
        ``craft: {reasoning_judge: {weight: 0.1, base_url: "http://localhost:8000/v1", model: "Qwen/Qwen3-8B"}}``
    """

    name: ClassVar[str] = "reasoning_judge"

    tokens_per_answer: Count = 48
    """Tokens allowed for each rule; more for models that think before they answer."""

    def consult(self, item: Item, ruling: Ruling) -> Consultation | Scored:
        """What the reasoning says of each rule."""
        if not item.excerpt.rules:
            return NotApplicable
        prose = without_outcomes(ruling)
        if not any(character.isalnum() for character in prose):
            return Score(1.0, "no prose")
        if (low := self.too_long(prose)) is not None:
            return low
        names = {f"rule_{number}": rule.id for number, rule in enumerate(item.excerpt.rules, start=1)}
        form = Form(tuple(names), (*OUTCOMES, NOT_SAID), explained=False)
        return Consultation(_messages(prose, item.excerpt, form), form, partial(_worth, ruling, item.excerpt, names))


def without_outcomes(ruling: Ruling) -> str:
    """The reasoning's prose, then what its findings say is seen, each behind the id of its rule; not what they find.

    Example:
        >>> said = "It sells tea.\\nA-1: clear\\nA-2: \\"cures all\\", no exception -> broken"
        >>> print(without_outcomes(Ruling(reasoning=said, verdict="reject", confidence=1)))
        It sells tea.
        A-2: "cures all", no exception
    """
    seen = [f"{finding.rule}: {finding.seen}" for finding in ruling.findings if finding.seen]
    return "\n".join([prose_of(ruling.reasoning), *seen]).strip()


def agreement(said: Mapping[str, str], ruling: Ruling, excerpt: Rulebook) -> Score:
    """How far prose agrees with a ruling: the mean over the rules that one of them, at least, does not call clear. So
    neither many rules that both call clear nor a long excerpt hides a contradiction; 1 where there is no such rule.

    For the ruling, a rule is broken if it is cited, else unclear if a finding says so, else clear. To say the same is
    worth 1, and so is to say nothing: prose need not repeat what the findings say. Broken against clear is worth 0,
    and unclear against either ½. A rule whose category is cited for it may be called broken or clear.

    Args:
        said: by the rules' ids, what prose says: an outcome, or ``not said``.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="three", rules=[Rule(id=id_, text="…") for id_ in ("A-1", "A-2", "A-3")])
        >>> ruling = Ruling(verdict="reject", confidence=1, violations=[{"rule": "A-1"}])
        >>> agreement({"A-1": "not said", "A-2": "clear", "A-3": "clear"}, ruling, book).value
        1.0
        >>> agreement({"A-1": "broken", "A-2": "broken", "A-3": "clear"}, ruling, book)
        Score(value=0.5, reason='A-2: the prose says broken, the ruling clear', parts={'A-1': 1.0, 'A-2': 0.0})
    """
    cited = {violation.rule for violation in ruling.violations}
    unclear = {finding.rule for finding in ruling.findings if finding.outcome == "unclear"}
    parts: dict[str, float] = {}
    reasons = []
    for rule in excerpt.rules:
        ruled: Outcome = "broken" if rule.id in cited else "unclear" if rule.id in unclear else "clear"
        told = said[rule.id]
        if ruled == "clear" and (told in ("clear", NOT_SAID) or cited & set(excerpt.ancestors(rule.category))):
            continue
        parts[rule.id] = 1.0 if told in (ruled, NOT_SAID) else 0.5 if "unclear" in (told, ruled) else 0.0
        if parts[rule.id] < 1:
            reasons.append(f"{rule.id}: the prose says {told}, the ruling {ruled}")
    value = sum(parts.values()) / len(parts) if parts else 1.0
    return Score(value, "; ".join(reasons) or "the prose contradicts nothing", parts)


def _messages(prose: str, excerpt: Rulebook, form: Form) -> list[Message]:
    rules = [{"name": name, **rule_shown(rule)} for name, rule in zip(form.names, excerpt.rules, strict=True)]
    system = system_text("reasoning.j2", form=form.example)
    document = as_json({"rules": rules, "reasoning": prose})
    return [Message("system", (Text(system),)), Message("user", (Text(document),))]


def _worth(ruling: Ruling, excerpt: Rulebook, names: Mapping[str, str], answers: Mapping[str, Answer]) -> Score:
    return agreement({rule: answers[name].answer for name, rule in names.items()}, ruling, excerpt)
