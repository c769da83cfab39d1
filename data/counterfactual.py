"""Counterfactual: a reasoning as it would be if one finding were another one.

Whether an answer follows from its findings can be seen from whether it changes with them.
"""

import random
from dataclasses import dataclass

from data.case import Case
from data.finding import Finding, with_finding
from data.ruling import Ruling

_WORDS = 8
"""Most words that are quoted from a case."""


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A ruling's reasoning with the outcome of one finding turned round."""

    reasoning: str
    finding: Finding
    """As it is now."""

    @classmethod
    def of(cls, ruling: Ruling, case: Case) -> "Counterfactual | None":
        """A broken rule is clear or, where none is broken, a clear one is broken; which of several follows from the
        case's id. All else stays to the letter, but that a rule cannot be broken by nothing: where its finding saw
        nothing, it now sees the first words of the case, or its first picture.

        Returns:
            None where no finding is broken or clear.

        Example:
            >>> said = Ruling(reasoning="A-1: a cure -> broken\\nA-2: clear", verdict="reject", confidence=1)
            >>> Counterfactual.of(said, Case(id="b-17")).reasoning
            'A-1: a cure -> clear\\nA-2: clear'
            >>> said = Ruling(reasoning="A-2: clear", verdict="approve", confidence=1)
            >>> Counterfactual.of(said, Case(id="b-17", text={"title": "Fresh bread"})).reasoning
            'A-2: "Fresh bread" -> broken'
        """
        broken, clear = ([f for f in ruling.findings if f.outcome == outcome] for outcome in ("broken", "clear"))
        if not broken and not clear:
            return None
        chosen = random.Random(case.id).choice(broken or clear)
        if broken:
            finding = Finding(chosen.rule, "clear", chosen.seen)
        else:
            finding = Finding(chosen.rule, "broken", chosen.seen or _something(case))
        return cls(with_finding(ruling.reasoning, finding), finding)


def _something(case: Case) -> str:
    """What can be seen in a case: its first words, up to a quotation mark, or else its first picture."""
    pieces = (piece.split() for text in case.fields.values() for piece in text.split('"'))
    if words := next(filter(None, pieces), None):
        return f'"{" ".join(words[:_WORDS])}"'
    return "frame 0" if case.frames and not case.images else "image 0"
