"""The document that a judge is shown: everything that others wrote, as one JSON text that cannot speak to the judge.

Every text in it, names included, is neutralised and a JSON string: it can open no special token and leave no string.
The system message is filled in from a template, and holds nothing of a case or a ruling.
"""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from data import Rule
from prompts import neutralise

TEMPLATES = Path(__file__).parent / "templates"

# What a reader does not see, or sees in another order: controls, line separators, bidirectional controls, zero-width
# spaces, tag characters (which can spell out invisible sentences), and halves of surrogate pairs, which are no text.
_UNSEEN = re.compile(
    r"[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def as_json(document: Any, special_tokens: tuple[str, ...] = ()) -> str:
    """A document as a judge is shown it.

    Args:
        special_tokens: literals of the tokenizer at hand, beyond the shapes that `neutralise` knows.
    """
    text = json.dumps(_neutral(document, special_tokens), ensure_ascii=False, indent=1)
    return _UNSEEN.sub(lambda match: json.dumps(match.group())[1:-1], text)


def rule_shown(rule: Rule) -> dict[str, Any]:
    """What a judge is shown of a rule."""
    return {"id": rule.id, "title": rule.title, "text": rule.text, "exceptions": list(rule.exceptions)}


def system_text(template: str, **values: Any) -> str:
    """A template, filled in."""
    return _environment().get_template(template).render(**values).rstrip("\n")


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _neutral(value: Any, special_tokens: tuple[str, ...]) -> Any:
    """The value with every text in it neutralised, names included."""
    if isinstance(value, str):
        return neutralise(value, special_tokens)
    if isinstance(value, dict):
        return {neutralise(key, special_tokens): _neutral(inner, special_tokens) for key, inner in value.items()}
    return [_neutral(inner, special_tokens) for inner in value] if isinstance(value, list) else value
