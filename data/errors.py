"""DataError: a mistake in the user's files, said so that it can be mended.

Every message names what is known of the place (file, line and field), and a misspelt name brings up the nearest
known one.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


class DataError(ValueError):
    """A mistake in the user's input, with the place where it stands.

    Args:
        message: what is wrong and what to do.
        file: the file it stands in.
        line: the line, from 1.
        field: the field, as a dotted path.
    """

    def __init__(
        self, message: str, *, file: str | Path | None = None, line: int | None = None, field: str | None = None
    ):
        self.message, self.file, self.line, self.field = message, file, line, field
        place = ":".join(str(part) for part in (file, line) if part is not None)
        where = f"{place}: " if place else ""
        what = f"{field}: " if field else ""
        super().__init__(f"{where}{what}{message}")


def suggest(unknown: str, known: Iterable[str]) -> str:
    """The nearest known name, ready to be put behind a message; empty where none comes near.

    >>> suggest("learning_rat", ["learning_rate", "seed"])
    " (did you mean 'learning_rate'?)"
    """
    names = {name.casefold(): name for name in known}
    nearest = difflib.get_close_matches(unknown.casefold(), names, n=1)
    return f" (did you mean '{names[nearest[0]]}'?)" if nearest else ""


def explain(error: ValidationError, model: type[BaseModel] | None = None) -> tuple[str, str]:
    """The field and the message of pydantic's first complaint.

    Args:
        model: the class that was validated; with it, an unknown key brings up the nearest known one.
    """
    first, loc = _most_telling(error, _members(model) if model else set())
    field = ".".join(str(part) for part in loc)
    if first["type"] == "extra_forbidden":
        *parents, key = first["loc"]
        return field, "unknown key" + (suggest(str(key), _keys(model, parents)) if model else "")
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] not in ("missing", "value_error"):
        shown = repr(first["input"])
        message += f" (got {shown if len(shown) <= 80 else shown[:77] + '...'})"
    if first["type"] == "string_type" and isinstance(first["input"], bool):  # YAML's yes, no, on and off, too
        message += ": put it in quotes if text is meant"
    return field, message


def _most_telling(error: ValidationError, names: set[str]) -> tuple[Any, list[Any]]:
    """The complaint to show, and its place. Of a union, pydantic reports every member in turn, under its name: the
    one meant is of the right type and has the fewest complaints. An unknown key explains a missing one, so it goes
    first.
    """
    complaints: list[Any] = error.errors()
    members: list[int] = []
    while (at := _next_member(complaints[0]["loc"], names, members)) is not None:
        place = complaints[0]["loc"][:at]
        by_member: dict[Any, list[Any]] = {}
        for complaint in complaints:
            if complaint["loc"][:at] == place and len(complaint["loc"]) > at:
                by_member.setdefault(complaint["loc"][at], []).append(complaint)
        complaints = min(by_member.values(), key=lambda group: (group[0]["type"].endswith("_type"), len(group)))
        members.append(at)
    parents = complaints[0]["loc"][:-1]
    unknown = [c for c in complaints if c["type"] == "extra_forbidden" and c["loc"][:-1] == parents]
    first = unknown[0] if unknown and complaints[0]["type"] == "missing" else complaints[0]
    return first, [part for i, part in enumerate(first["loc"]) if i not in members]


def _next_member(loc: Sequence[Any], names: set[str], known: Sequence[int]) -> int | None:
    """Where the name of a union's member stands, behind those that are known already: a union may lie in another."""
    after = known[-1] + 1 if known else 0
    return next((i for i, part in enumerate(loc) if i >= after and part in names), None)


def _members(model: type[BaseModel]) -> set[str]:
    """The names under which pydantic may report the members of unions inside a model."""
    seen, todo = set(), [model]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo += [inner for _, field in _fields(current) for inner in _models(field.annotation)]
    return {m.__name__ for m in seen} | {"str"}


def _keys(model: type[BaseModel], path: Iterable[Any]) -> list[str]:
    """The keys that a model, or the models inside it at a path, may have."""
    models = [model]
    for part in path:
        fields = [(key, field) for m in models for key, field in _fields(m)]
        if any(key == part for key, _ in fields):
            models = [inner for key, field in fields if key == part for inner in _models(field.annotation)]
        elif any(m.__name__ == part for m in models):  # pydantic puts the name of a union's member into the path
            models = [m for m in models if m.__name__ == part]
    return [key for m in models for key, _ in _fields(m)]


def _fields(model: type[BaseModel]) -> list[tuple[str, Any]]:
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
