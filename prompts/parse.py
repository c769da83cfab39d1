"""Reads a completion: strictly, once, and quickly. The inverse of `write`.

A completion is ``<think>…</think><answer>{…}</answer>``: blanks may stand before, between and after, nothing else.
The answer is one JSON object with ``violations``, ``verdict`` and ``confidence``, and perhaps ``intent``,
``advice`` and ``edits``. Only the shape is checked here; whether a rule exists or a quote is found is for the scorer.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from data import Edit, Quote, Ruling
from data.errors import explain
from prompts.neutralise import restore

THINK, END_THINK, ANSWER, END_ANSWER = "<think>", "</think>", "<answer>", "</answer>"
REQUIRED = ("violations", "verdict", "confidence")
MOST_BLANKS = 100
"""Around the reasoning and the answer, and in a row in the answer: an indented one has far fewer."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BLANKS = re.compile(rf"\s{{{MOST_BLANKS + 1}}}")


class FailureReason(StrEnum):
    """Why a completion is not a ruling."""

    EMPTY = "empty"
    NO_THINK = "no_think"
    TEXT_BEFORE_THINK = "text_before_think"
    UNCLOSED_THINK = "unclosed_think"
    SEVERAL_THINKS = "several_thinks"
    ANSWER_IN_REASONING = "answer_in_reasoning"
    NO_ANSWER = "no_answer"
    TEXT_BEFORE_ANSWER = "text_before_answer"
    UNCLOSED_ANSWER = "unclosed_answer"
    """The answer was begun but not ended: most often, the completion was cut off."""
    SEVERAL_ANSWERS = "several_answers"
    TEXT_AFTER_ANSWER = "text_after_answer"
    PADDED = "padded"
    """Many blanks around the reasoning or in the answer."""
    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    MISSING_KEY = "missing_key"
    UNKNOWN_KEY = "unknown_key"
    BAD_VALUE = "bad_value"


@dataclass(frozen=True, slots=True)
class ParseFailure:
    """A completion that is not a ruling, with the reason."""

    reason: FailureReason
    detail: str = ""

    def __str__(self) -> str:
        """The reason and the detail, on one line."""
        return f"{self.reason.value}: {' '.join(self.detail.split())}" if self.detail else self.reason.value


class _Broken(ValueError):
    """A fault that JSON's grammar allows and ours does not."""

    def __init__(self, reason: FailureReason, detail: str):
        self.failure = ParseFailure(reason, detail)
        super().__init__(detail)


def parse(completion: str) -> Ruling | ParseFailure:
    """The ruling that a completion states, or why it states none; never raises on text.

    Example:
        >>> answer = '{"violations": [], "verdict": "approve", "confidence": 0.9}'
        >>> ruling = parse(f"<think>ALC-1: clear</think><answer>{answer}</answer>")
        >>> ruling.verdict, ruling.findings
        ('approve', (Finding(rule='ALC-1', outcome='clear', seen=''),))
        >>> parse('<think>ALC-1: clear</think><answer>{"violations": [').reason.value
        'unclosed_answer'
    """
    outer = _split(completion)
    if isinstance(outer, ParseFailure):
        return outer
    reasoning, answer = outer
    try:
        # Validated from JSON text, not from the dict: only there do strict types let a list be a tuple.
        ruling = Ruling.__pydantic_validator__.validate_json(answer, strict=True)
    except ValueError as error:
        return _refused(answer) or _complaint(error)
    if (answer.count(":") != _keys_in(ruling) or not _is_complete(ruling)) and (failure := _refused(answer)):
        return failure
    # Last: of an answer that is no JSON nobody knows where its strings end.
    if _is_padded(completion, len(reasoning), answer):
        return ParseFailure(FailureReason.PADDED, f"more than {MOST_BLANKS} blanks")
    ruling.reasoning = reasoning
    return ruling if completion.isascii() and "\\u" not in answer else _restored(ruling)


def answer_schema() -> dict[str, Any]:
    """The JSON schema of what stands between ``<answer>`` and ``</answer>``, for constrained decoding: a Ruling
    without its reasoning.
    """
    schema = Ruling.model_json_schema()
    del schema["properties"]["reasoning"]
    schema["title"] = "Answer"
    schema["required"] = list(REQUIRED)
    return schema


def _split(completion: str) -> tuple[str, str] | ParseFailure:
    """The reasoning and the answer's text, if each stands where it should and once."""
    text = completion.strip()
    if not text:
        return ParseFailure(FailureReason.EMPTY)
    if not text.startswith(THINK):
        return ParseFailure(FailureReason.TEXT_BEFORE_THINK if THINK in text else FailureReason.NO_THINK, text[:40])
    reasoning, closed, rest = text[len(THINK) :].partition(END_THINK)
    if not closed:
        return ParseFailure(FailureReason.UNCLOSED_THINK)
    if "<" in reasoning:
        if ANSWER in reasoning or END_ANSWER in reasoning:
            return ParseFailure(FailureReason.ANSWER_IN_REASONING)
        if THINK in reasoning:
            return ParseFailure(FailureReason.SEVERAL_THINKS)
    before, opened, rest = rest.partition(ANSWER)
    if not opened:
        return ParseFailure(FailureReason.NO_ANSWER, before[:40])
    if before and not before.isspace():
        return ParseFailure(FailureReason.TEXT_BEFORE_ANSWER, before[:40])
    answer, closed, after = rest.partition(END_ANSWER)
    if not closed:
        return ParseFailure(FailureReason.UNCLOSED_ANSWER, answer[-40:])
    if after:
        several = ANSWER in after or END_ANSWER in after
        return ParseFailure(FailureReason.SEVERAL_ANSWERS if several else FailureReason.TEXT_AFTER_ANSWER, after[:40])
    if "<" in answer:
        if ANSWER in answer:
            return ParseFailure(FailureReason.SEVERAL_ANSWERS)
        if THINK in answer or END_THINK in answer:
            return ParseFailure(FailureReason.SEVERAL_THINKS)
    return reasoning, answer


def _is_padded(completion: str, reasoning: int, answer: str) -> bool:
    """Whether there are many blanks in a row around the reasoning or in the answer, its strings apart."""
    around = len(completion) - reasoning - len(answer) - len(THINK + END_THINK + ANSWER + END_ANSWER)
    if around <= MOST_BLANKS and answer.isprintable() and " " * MOST_BLANKS not in answer:
        return False  # the usual case, kept quick: of all blanks, only the plain one is printable
    return around > MOST_BLANKS or bool(_BLANKS.search(answer) and _BLANKS.search(_STRING.sub("", answer)))


def _keys_in(ruling: Ruling) -> int:
    """How many different keys it was read from, those of all its objects together. A colon stands after each: where
    there are no more colons in the text than that, no key is in it twice.
    """
    keys = len(ruling.model_fields_set)
    for violation in ruling.violations:
        keys += len(violation.model_fields_set)
        for evidence in violation.evidence:
            keys += len(evidence.model_fields_set)
    return keys + sum(len(edit.model_fields_set) for edit in ruling.edits)


def _is_complete(ruling: Ruling) -> bool:
    return ruling.model_fields_set.issuperset(REQUIRED) and "reasoning" not in ruling.model_fields_set


def _refused(answer: str) -> ParseFailure | None:
    """What is wrong with the answer's JSON, its keys on top among it; None where only its values can be."""
    try:
        content = _DECODER.decode(answer)
    except _Broken as error:
        return error.failure
    except (ValueError, RecursionError) as error:
        return ParseFailure(FailureReason.INVALID_JSON, str(error))
    if type(content) is not dict:
        return ParseFailure(FailureReason.NOT_AN_OBJECT, f"the answer is a {type(content).__name__}")
    for key in REQUIRED:
        if key not in content:
            return ParseFailure(FailureReason.MISSING_KEY, key)
    if "reasoning" in content:
        return ParseFailure(FailureReason.UNKNOWN_KEY, "reasoning")
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise _Broken(FailureReason.DUPLICATE_KEY, next(key for key, count in counts.items() if count > 1))
    return content


def _constant(name: str) -> Any:
    raise _Broken(FailureReason.INVALID_JSON, f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _complaint(error: ValueError) -> ParseFailure:
    if not isinstance(error, ValidationError):
        return ParseFailure(FailureReason.INVALID_JSON, str(error))
    kinds = {"missing": FailureReason.MISSING_KEY, "extra_forbidden": FailureReason.UNKNOWN_KEY}
    kinds["json_invalid"] = FailureReason.INVALID_JSON
    first = error.errors(include_url=False, include_context=False)[0]
    # Under a union every kind of evidence complains; which key is wrong is then a matter of opinion.
    reason = kinds.get(first["type"], FailureReason.BAD_VALUE)
    if len(first["loc"]) > 3:
        reason = FailureReason.BAD_VALUE
    field, message = explain(error)
    return ParseFailure(reason, f"{field}: {message}")


def _restored(ruling: Ruling) -> Ruling:
    """The ruling in the case's own words: completions are written in neutralised text."""
    ruling.reasoning, ruling.advice = restore(ruling.reasoning), restore(ruling.advice)
    ruling.intent = ruling.intent and restore(ruling.intent)
    ruling.edits = [edit.model_copy(update=_restored_texts(edit)) for edit in ruling.edits]
    for violation in ruling.violations:
        violation.rule = restore(violation.rule)
        for evidence in violation.evidence:
            if isinstance(evidence, Quote):
                evidence.quote, evidence.field = restore(evidence.quote), restore(evidence.field)
    return ruling


def _restored_texts(edit: Edit) -> dict[str, str]:
    return {name: restore(text) for name, text in edit if isinstance(text, str) and name in edit.model_fields_set}
