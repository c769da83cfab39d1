"""What a judge is shown: the questions in the system message, and the material as one JSON document in the user's.

The system message holds nothing of the case or the ruling: it is the same, byte for byte, for every ruling with as
many citations. In the user's message every text is neutralised and a JSON string, so that it can open no special token
and leave no string. Rules come first and the ruling last: the completions of one case share their prefix.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from data import Case, Rule, Rulebook, Ruling
from prompts import Message, neutralise
from prompts.parts import MEDIA, Medium, Text, media_of
from rewards.model_based.judge.questions import Inquiry, Question

TEMPLATES = Path(__file__).parent / "templates"

# What a reader does not see, or sees in another order: controls, line separators, bidirectional controls, zero-width
# spaces, tag characters (which can spell out invisible sentences), and halves of surrogate pairs, which are no text.
_UNSEEN = re.compile(
    r"[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def messages(
    ruling: Ruling,
    case: Case,
    excerpt: Rulebook,
    inquiry: Inquiry,
    *,
    questions: Sequence[Question] | None = None,
    pictures: bool = True,
    one_word: bool = False,
    special_tokens: tuple[str, ...] = (),
) -> list[Message]:
    """The messages that put questions about a ruling; no file is opened.

    Args:
        inquiry: the ruling's.
        questions: which of the inquiry's to ask; by default, all.
        pictures: show the case's images and frames; otherwise the judge is told that it does not see them.
        one_word: ask for "yes" or "no" alone, which fits one question; otherwise for a JSON object.
        special_tokens: literals of the tokenizer at hand, beyond the shapes that `neutralise` knows.
    """
    asked = tuple(inquiry.questions if questions is None else questions)
    document = {
        "rules": [_rule(rule) for rule in excerpt.rules],
        "case": _case(case, pictures),
        "ruling": _ruling(ruling, inquiry),
    }
    content: list[Text | Medium] = [Text(_json(document, special_tokens))]
    if pictures:
        for part in media_of(case):
            content += [Text(f"\n{part.label}:\n"), part]
    return [Message("system", (Text(_system(asked, one_word)),)), Message("user", tuple(content))]


@lru_cache(maxsize=256)
def _system(questions: tuple[Question, ...], one_word: bool) -> str:
    form = {question.name: {"because": "one short sentence", "answer": "yes or no"} for question in questions}
    template = _environment().get_template("system.j2")
    return template.render(questions=questions, one_word=one_word, form=json.dumps(form)).rstrip("\n")


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _rule(rule: Rule) -> dict[str, Any]:
    return {"id": rule.id, "title": rule.title, "text": rule.text, "exceptions": list(rule.exceptions)}


def _case(case: Case, pictures: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": dict(case.text)}
    if case.transcript:
        shown["transcript"] = [{"seconds": [line.start, line.end], "text": line.text} for line in case.transcript]
    unseen = {
        **{medium.case_field: bool(medium.of(case)) and not pictures for medium in MEDIA},
        "video": case.video is not None and not case.frames,
        "audio": case.audio is not None and not case.transcript,
    }
    shown["not shown"] = [kind for kind, hidden in unseen.items() if hidden]
    return shown


def _ruling(ruling: Ruling, inquiry: Inquiry) -> dict[str, Any]:
    citations = [
        {
            "citation": number,
            "rule": rule,
            "evidence": [item.model_dump(mode="json", exclude_none=True) for item in items],
        }
        for number, (rule, items) in enumerate(inquiry.citations.items(), start=1)
    ]
    return {"reasoning": ruling.reasoning, "verdict": ruling.verdict, "citations": citations}


def _json(document: Any, special_tokens: tuple[str, ...]) -> str:
    text = json.dumps(_neutral(document, special_tokens), ensure_ascii=False, indent=1)
    return _UNSEEN.sub(lambda match: json.dumps(match.group())[1:-1], text)


def _neutral(value: Any, special_tokens: tuple[str, ...]) -> Any:
    """The value with every text in it neutralised, names included."""
    if isinstance(value, str):
        return neutralise(value, special_tokens)
    if isinstance(value, dict):
        return {neutralise(key, special_tokens): _neutral(inner, special_tokens) for key, inner in value.items()}
    return [_neutral(inner, special_tokens) for inner in value] if isinstance(value, list) else value
