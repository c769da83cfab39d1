"""System: what a system's turn says begins the user's, where a chat template has no place for it.

Some templates refuse such a turn (Gemma 2's, and Llama 3.2 Vision's beside pictures), others leave it out in silence.
Which they do is asked of the template itself, once. A template that puts it elsewhere on its own is left to do so.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from prompts.message import Message
from prompts.parts import Text
from prompts.processor import reads_media

if TYPE_CHECKING:
    from prompts.processor import Processor

_RULES, _AD = "No cures.", "A plain ad."
BETWEEN = "\n\n"
"""What stands between the two, in one turn."""

_said: "WeakKeyDictionary[Processor, tuple[str, bool]]" = WeakKeyDictionary()
"""A chat template, and whether it says what a system does."""


def fold_system(messages: Sequence[Message], processor: "Processor") -> Sequence[Message]:
    """The conversation as the model's chat template can say it: as it is, or with what the system says put before what
    the user does.
    """
    if len(messages) < 2 or (messages[0].role, messages[1].role) != ("system", "user"):
        return messages
    if _says(processor):
        return messages
    system, user, *rest = messages
    return [Message("user", (*system.parts, Text(BETWEEN), *user.parts)), *rest]


def _says(processor: "Processor") -> bool:
    template = str(processor.chat_template)
    if processor not in _said or _said[processor][0] != template:
        _said[processor] = template, not _loses(processor)
    return _said[processor][1]


def _loses(processor: Any) -> bool:
    """Whether the template loses or refuses a system's turn that it would say as a part of the user's."""
    seen = [False, True] if reads_media(processor) else [False]
    return any(not _shown(processor, apart=True, seen=pictures) for pictures in seen) and all(
        _shown(processor, apart=False, seen=pictures) for pictures in seen
    )


def _shown(processor: Any, apart: bool, seen: bool) -> bool:
    turns = [("system", [_RULES]), ("user", [_AD])] if apart else [("user", [_RULES, _AD])]
    picture: list[Any] = [{"type": "image"}] if seen else []
    messages: list[dict[str, Any]] = []
    for role, texts in turns:
        parts = [{"type": "text", "text": text} for text in texts]
        content = [*picture, *parts] if role == "user" else parts
        messages.append({"role": role, "content": content if reads_media(processor) else " ".join(texts)})
    try:
        return _RULES in processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    except Exception:  # a template is a program of others, and may raise anything to say no
        return False
