"""Writes a ruling as the completion that states it: the inverse of `parse`, and the form of an SFT target."""

import json
from typing import Any

from data import Quote, Ruling
from data.evidence import Evidence
from prompts.neutralise import neutralise
from prompts.parse import ANSWER, END_ANSWER, END_THINK, THINK


def write(ruling: Ruling, special_tokens: tuple[str, ...] = ()) -> str:
    """``<think>reasoning</think><answer>{json}</answer>``, with ``parse(write(r)) == r`` for every ruling r.

    Text is neutralised as it is in the prompt, so that a quote can neither end the answer nor hold a special token.
    An absent intent and empty advice are left out.

    Args:
        ruling: what to write.
        special_tokens: the same literals that `render` was given.
    """

    def safe(text: str) -> str:
        return neutralise(text, special_tokens)

    def evidence(item: Evidence) -> dict[str, Any]:
        if isinstance(item, Quote):
            item = item.model_copy(update={"quote": safe(item.quote), "field": safe(item.field)})
        return item.model_dump(mode="json", exclude_none=True)

    answer: dict[str, Any] = {
        "violations": [
            {"rule": safe(violation.rule), "evidence": [evidence(item) for item in violation.evidence]}
            for violation in ruling.violations
        ],
        "verdict": ruling.verdict,
        "confidence": ruling.confidence,
    }
    if ruling.intent is not None:
        answer["intent"] = safe(ruling.intent)
    if ruling.advice:
        answer["advice"] = safe(ruling.advice)
    return f"{THINK}{safe(ruling.reasoning)}{END_THINK}{ANSWER}{json.dumps(answer, ensure_ascii=False)}{END_ANSWER}"
