"""Writes a ruling as the completion that states it: the inverse of `parse`, and the form of an SFT target."""

import json
from typing import Any

from data import Edit, Quote, Ruling
from data.evidence import Evidence
from prompts.neutralise import neutralise
from prompts.parse import ANSWER, END_ANSWER, END_THINK, THINK


def write(ruling: Ruling, special_tokens: tuple[str, ...] = ()) -> str:
    """``<think>reasoning</think><answer>{json}</answer>``, with ``parse(write(r)) == r`` for every ruling r.

    Text is neutralised as it is in the prompt, so that a quote can neither end the answer nor hold a special token.
    An absent intent, empty advice and an empty list of edits are left out.

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

    def edit(item: Edit) -> dict[str, Any]:
        shown = item.model_dump(mode="json", exclude_none=True, exclude=None if item.why else {"why"})
        return {name: safe(value) if isinstance(value, str) else value for name, value in shown.items()}

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
    if ruling.edits:
        answer["edits"] = [edit(item) for item in ruling.edits]
    return f"{THINK}{safe(ruling.reasoning)}{END_THINK}{ANSWER}{json.dumps(answer, ensure_ascii=False)}{END_ANSWER}"
