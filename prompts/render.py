"""Renders a case and the excerpt it is judged by into messages of typed parts.

The rulebook excerpt comes first (system) and the case last (user), so that cases under one excerpt share their
prefix. Everything printed by a template passes through `neutralise` and has its further lines indented: no text,
field name or rule can open a special token, start a field or add a rule. Media paths are never printed.
"""

import hashlib
import json
import re
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from data import Case, DataError, Rulebook
from prompts.message import Message
from prompts.neutralise import neutralise
from prompts.parts import Medium, Text, media_of

TEMPLATES = Path(__file__).parent / "templates"

_LINE_BREAK = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_PLAIN_NAME = re.compile(r"[\w.-]+(?: [\w.-]+)*")
# Templates mark the place of media by their names; content cannot: neutralised text has no '<' before a letter.
_MARK = re.compile(r"<([a-z]+ \d+)>")


def _version() -> str:
    content = b"".join(path.read_bytes() for path in sorted(TEMPLATES.rglob("*.j2")))
    return hashlib.sha256(content).hexdigest()[:8]


TEMPLATE_VERSION = _version()
"""Hash of the shipped templates, for the provenance of predictions."""


def render(
    case: Case, excerpt: Rulebook, template: str = "default", special_tokens: tuple[str, ...] = ()
) -> list[Message]:
    """The messages that ask for a ruling on a case.

    Args:
        case: what is under review; its gold plays no part.
        excerpt: the rules that it is judged by.
        template: ``default``, or ``compact`` for models of a few million parameters.
        special_tokens: literals of the tokenizer at hand, beyond the shapes that `neutralise` knows.

    Returns:
        A system and a user message, pictures and timed frames standing where they belong; no file is opened.
        ``[message.for_processor() for message in messages]`` is what a transformers processor takes.

    Raises:
        DataError: there is no such template.
    """
    environment = _environment(tuple(special_tokens))
    if not (TEMPLATES / template / "user.j2").is_file():
        shipped = ", ".join(sorted(path.name for path in TEMPLATES.iterdir()))
        raise DataError(f"no prompt template '{template}': choose from {shipped}")
    system = environment.get_template(f"{template}/system.j2").render(book=excerpt).rstrip("\n")
    user = environment.get_template(f"{template}/user.j2").render(case=case).rstrip("\n")
    return [Message("system", (Text(system),)), Message("user", _parts(user, case))]


def _parts(text: str, case: Case) -> tuple[Text | Medium, ...]:
    """Splits the rendered text at its media marks."""
    media = {part.name: part for part in media_of(case)}
    pieces = _MARK.split(text)
    parts = [media[piece] if place % 2 else Text(piece) for place, piece in enumerate(pieces) if piece]
    return tuple(parts) or (Text(""),)


@lru_cache(maxsize=16)
def _environment(special_tokens: tuple[str, ...]) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=partial(printed, special_tokens=special_tokens),
    )
    environment.filters["name"] = _name
    environment.filters["seconds"] = _seconds
    return environment


def printed(value: Any, special_tokens: tuple[str, ...] = ()) -> str:
    """Content as it is printed: neutralised, and its further lines indented."""
    return _LINE_BREAK.sub("\n  ", neutralise(str(value).strip(), special_tokens))


def _name(name: str) -> str:
    """A field name as a label: quoted where it is more than plain words, so that it cannot pass for several."""
    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _seconds(time: float) -> str:
    """To a hundredth, in as few signs as will do: ``2``, ``1.5``."""
    return f"{time:.2f}".rstrip("0").rstrip(".")
