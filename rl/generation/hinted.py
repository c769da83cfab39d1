"""Hinted: a model behind a server is told gold's verdict, and asked to find the reasons for it (rationalisation).

Cases that a teacher gets wrong are those that a student could learn most from. Told the verdict, it may find what it
had overlooked; or it may make something up, which the rubric has to see. What it was told is nothing that a reviewer
knows, and so is not to be mentioned: `mentions` says what gives it away. It goes by words, of English, that neither ad
nor rules use; who speaks of the hint in others passes.
"""

import re
from dataclasses import dataclass, fields
from typing import Any

from data import Brief, Ruling
from rl.config.decoding import Decoding
from rl.generation.endpoint import Endpoint

HINT = (
    "For this case the right verdict is known: {verdict}. Review it as you would any other: find in the case and the "
    "rules alone what calls for that verdict, and write nothing of having been told it."
)
_TOLD = re.compile(
    r"\b(?:hints?|hinted|(?:been|was|were|am|are) (?:told|informed)|as (?:told|given|instructed)|"
    r"(?:known|given|provided|expected|correct|right) (?:verdict|answer|decision|outcome|label|ruling)|"
    r"verdict (?:is|was) (?:known|given|provided|already)|already (?:known|decided)|ground truth|gold|answer key|"
    r"(?:the|this) (?:prompt|instructions?|user))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class HintedEndpoint(Endpoint):
    """An endpoint whose requests end in the verdict of gold, a closed word; nothing else of gold is told."""

    @classmethod
    def of(cls, endpoint: Endpoint) -> "HintedEndpoint":
        """The same model, told the verdict."""
        return cls(**{field.name: getattr(endpoint, field.name) for field in fields(endpoint)})

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        return {**super().identity(decoding), "hint": HINT}

    def _body(self, brief: Brief, decoding: Decoding, sample: int, messages: list[dict[str, Any]]) -> dict[str, Any]:
        assert brief.gold is not None and brief.gold.verdict is not None, "there is a verdict to be told"
        hint = HINT.format(verdict=brief.gold.verdict)
        *before, last = messages
        said = last["content"]
        told = f"{said}\n\n{hint}" if isinstance(said, str) else [*said, {"type": "text", "text": hint}]
        return super()._body(brief, decoding, sample, [*before, {**last, "content": told}])


def mentions(ruling: Ruling, brief: Brief) -> str | None:
    """The words by which a ruling gives away that its verdict was told; None where it does not.

    Words that the ad or its rules use are no sign: an ad may sell gold, and a rule may forbid hints.

    Example:
        >>> from data import Case, Rule, Rulebook
        >>> book = Rulebook(name="b", rules=[Rule(id="A", text="No guns.")])
        >>> brief = Brief(Case(id="1", text={"body": "Gold rings"}), book)
        >>> mentions(Ruling(reasoning="It sells gold. As the given verdict is reject ...", verdict="reject",
        ...                 confidence=0.9), brief)
        'given verdict'
        >>> mentions(Ruling(reasoning="It sells gold.", verdict="approve", confidence=0.9), brief)
    """
    rules = [text for rule in brief.excerpt.rules for text in (rule.title, rule.text, *rule.exceptions)]
    known = " ".join([*brief.case.fields.values(), *rules]).casefold()
    edits = (text for edit in ruling.edits for text in (edit.new, edit.why))
    found = (match[0] for match in _TOLD.finditer("\n".join((ruling.reasoning, ruling.advice, *edits))))
    return next((words for words in found if words.casefold() not in known), None)
