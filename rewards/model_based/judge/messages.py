"""What a judge is shown: the questions in the system message, and the material as one JSON document in the user's.

The system message holds nothing of the case or the ruling: it is the same, byte for byte, for every ruling with as
many citations. In the user's message every text is neutralised (`judge.document`). Rules come first and the ruling
last: the completions of one case share their prefix.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from data import Case, Rulebook, Ruling
from prompts import Message
from prompts.parts import MEDIA, Medium, Text, media_of
from rewards.model_based.judge.document import as_json, rule_shown, system_text
from rewards.model_based.judge.form import Form
from rewards.model_based.judge.questions import Inquiry, Question


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
        "rules": [rule_shown(rule) for rule in excerpt.rules],
        "case": _case(case, pictures),
        "ruling": ruling_shown(ruling, inquiry),
    }
    content: list[Text | Medium] = [Text(as_json(document, special_tokens))]
    if pictures:
        for part in media_of(case):
            content += [Text(f"\n{part.label}:\n"), part]
    return [Message("system", (Text(_system(asked, one_word)),)), Message("user", tuple(content))]


def ruling_shown(ruling: Ruling, inquiry: Inquiry) -> dict[str, Any]:
    """What a judge is shown of a ruling."""
    citations = [
        {
            "citation": number,
            "rule": rule,
            "evidence": [item.model_dump(mode="json", exclude_none=True) for item in items],
        }
        for number, (rule, items) in enumerate(inquiry.citations.items(), start=1)
    ]
    return {"reasoning": ruling.reasoning, "verdict": ruling.verdict, "citations": citations}


@lru_cache(maxsize=256)
def _system(questions: tuple[Question, ...], one_word: bool) -> str:
    form = Form(tuple(question.name for question in questions))
    return system_text("system.j2", questions=questions, one_word=one_word, form=form.example)


def _case(case: Case, pictures: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": dict(case.text)}
    if case.transcript:
        shown["transcript"] = [{"seconds": line.seconds, "text": line.text} for line in case.transcript]
    if case.page is not None and case.page.sections:
        shown["page"] = [
            {"section": at, "title": section.title, "text": section.text, "hidden from visitors": section.hidden}
            for at, section in enumerate(case.page.sections)
            if section.shown
        ]
    if case.window is not None:
        shown["found before, in seconds from the beginning"] = [item.model_dump() for item in case.window.earlier]
    unseen = {
        **{medium.case_field: bool(medium.of(case)) and not pictures for medium in MEDIA},
        "video": case.video is not None and not case.frames,
        "audio": case.audio is not None and not case.transcript,
        "page": case.page is not None and not case.page.sections,
    }
    shown["not shown"] = [kind for kind, hidden in unseen.items() if hidden]
    return shown
