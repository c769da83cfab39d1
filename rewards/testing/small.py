"""A small world to test rewards in: a rulebook, cases, and short ways to write rulings."""

from typing import Any

from data import Case, Category, Rule, Rulebook, Ruling
from prompts import reason, target

BOOK = Rulebook(
    name="small",
    intents=("supplement", "game"),
    categories=(
        Category(id="health"),
        Category(id="health/cures", parent="health"),
        Category(id="money"),
    ),
    rules=(
        Rule(id="CURE-1", text="No cures.", category="health/cures", severity="critical"),
        Rule(id="CURE-2", text="No doctors.", category="health/cures"),
        Rule(id="HEALTH-1", text="No scares.", category="health", severity="low"),
        Rule(id="WIN-1", text="No prizes.", category="money", severity="high"),
        Rule(id="ODD-1", text="Ask about loans.", category="money", verdict="escalate"),
    ),
)
TEXT = {
    "title": "This tea CURES diabetes",
    "body": "Doctors are amazed. You won a prize! " + "Order it now and tell your friends. " * 4,
}
CURES = {"quote": "cures diabetes", "field": "title"}
PRIZE = {"image": 0, "region": [0.1, 0.1, 0.5, 0.5]}


def make_case(**gold: Any) -> Case:
    """An ad with text, an image and ten seconds of speech, and this gold."""
    return Case(
        id="c-1",
        text=TEXT,
        images=["a.png"],
        transcript=[{"start": 0, "end": 4, "text": "Hello there"}, {"start": 4, "end": 10, "text": "you won a prize"}],
        gold=gold,
    )


def approving() -> Case:
    return make_case(verdict="approve", violations=[])


def rejecting() -> Case:
    """Two rules broken, shown by a quote and by a region."""
    violations = [{"rule": "CURE-1", "evidence": [CURES]}, {"rule": "WIN-1", "evidence": [PRIZE]}]
    return make_case(verdict="reject", violations=violations, intent="supplement")


def escalating() -> Case:
    return make_case(verdict="escalate", violations=[], unclear=["ODD-1"])


CASES = {"approve": approving, "reject": rejecting, "escalate": escalating}


def rule_on(verdict: str, *rules: Any, **fields: Any) -> Ruling:
    """A ruling that cites these rules: ids, or dicts with evidence. Its findings say the same."""
    cited = [{"rule": rule} if isinstance(rule, str) else rule for rule in rules]
    ruling = Ruling.model_validate({"violations": cited, "verdict": verdict, "confidence": 0.9, **fields})
    unclear = ["ODD-1"] if verdict == "escalate" and not cited else []
    reasoning = fields.get("reasoning", reason(ruling.violations, BOOK, unclear))
    return ruling.model_copy(update={"reasoning": reasoning})


def ideal(case: Case) -> Ruling:
    """Gold, stated with full confidence."""
    return target(case, BOOK, confidence=1.0)
