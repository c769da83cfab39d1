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

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
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


def _version(folder: Path) -> str:
    content = b"".join(path.read_bytes() for path in sorted(folder.rglob("*.j2")))
    return hashlib.sha256(content).hexdigest()[:8]


TEMPLATE_VERSION = _version(TEMPLATES)
"""Hash of the shipped templates, for the provenance of predictions."""


def template_version(template: str) -> str:
    """Hash of what a template is made of: of all shipped ones, or of the files in a folder of one's own.

    Raises:
        DataError: there is no such template.
    """
    folder = _folder_of(template)
    return TEMPLATE_VERSION if folder.parent == TEMPLATES else _version(folder)


def render(
    case: Case, excerpt: Rulebook, template: str = "default", special_tokens: tuple[str, ...] = ()
) -> list[Message]:
    """The messages that ask for a ruling on a case.

    Args:
        case: what is under review; its gold plays no part.
        excerpt: the rules that it is judged by.
        template: ``default``; ``edits``, which asks for edits as well; ``compact`` for models of a few million
            parameters; or a folder of one's own with ``system.j2`` and ``user.j2``, which may include or extend the
            shipped ones (``default/user.j2``).
        special_tokens: literals of the tokenizer at hand, beyond the shapes that `neutralise` knows.

    Returns:
        A system and a user message, pictures and timed frames standing where they belong; no file is opened.
        ``[message.for_processor() for message in messages]`` is what a transformers processor takes.

    Raises:
        DataError: there is no such template, or one of one's own cannot be filled in; names file and line.
    """
    folder = _folder_of(template)
    environment = _environment(folder, tuple(special_tokens))
    if folder.parent != TEMPLATES:
        case = case.model_copy(update={"gold": None})  # a template of one's own cannot tell what is to be found
    try:
        system = environment.get_template("system.j2").render(book=excerpt).rstrip("\n")
        user = environment.get_template("user.j2").render(case=case).rstrip("\n")
    except TemplateNotFound as error:
        raise DataError(f"there is no {error.name} in it, nor among the shipped ones", file=folder) from error
    except TemplateSyntaxError as error:
        raise DataError(f"line {error.lineno}: {error.message}", file=error.filename or folder) from error
    except (TemplateError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise DataError(f"case '{case.id}' cannot be put into it: {error}", file=folder) from error
    return [Message("system", (Text(system),)), Message("user", _parts(user, case))]


def _folder_of(template: str) -> Path:
    """The files of a template: a shipped one by its name, or a folder.

    Raises:
        DataError: there is none.
    """
    shipped = sorted(path.name for path in TEMPLATES.iterdir())
    folder = TEMPLATES / template if template in shipped else Path(template)
    missing = [name for name in ("system.j2", "user.j2") if not (folder / name).is_file()]
    if missing and folder.is_dir() and template not in shipped:
        raise DataError(f"a prompt template is two files, system.j2 and user.j2: {missing[0]} is missing", file=folder)
    if missing:
        message = f"no prompt template '{template}': choose from {', '.join(shipped)}, or name a folder of your own"
        raise DataError(message)
    return folder


def _parts(text: str, case: Case) -> tuple[Text | Medium, ...]:
    """Splits the rendered text at its media marks."""
    media = {part.name: part for part in media_of(case)}
    pieces = _MARK.split(text)
    unknown = [piece for piece in pieces[1::2] if piece not in media]
    if unknown:
        raise DataError(f"case '{case.id}' has no <{unknown[0]}>, which the prompt template has a place for")
    if left_out := [name for name in media if name not in pieces[1::2]]:
        raise DataError(f"case '{case.id}': the prompt template has no place for <{left_out[0]}>")
    parts = [media[piece] if place % 2 else Text(piece) for place, piece in enumerate(pieces) if piece]
    return tuple(parts) or (Text(""),)


@lru_cache(maxsize=16)
def _environment(folder: Path, special_tokens: tuple[str, ...]) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=FileSystemLoader([folder, TEMPLATES]),
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
