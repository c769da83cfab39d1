"""Desks: the desk that a recipe describes, for any number of cases: tools are found, and rules indexed, once."""

import hashlib
import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from data import Brief, DataError, Rulebook
from prompts import Message, render
from prompts.parts import Text
from rl.config.desk import DeskConfig
from rl.desk.desk import Desk
from rl.desk.instructions import compact, instructions
from rl.desk.material import Search
from rl.desk.registry import find_tool
from rl.desk.search import search_in
from rl.desk.tool import Tool


@dataclass(frozen=True)
class Desks:
    """Desks under one book."""

    config: DeskConfig
    book: Rulebook
    tools: tuple[Tool, ...]

    @classmethod
    def of(cls, config: DeskConfig, book: Rulebook, folder: str | Path = ".") -> "Desks":
        """The desks that a recipe describes.

        Args:
            folder: where relative paths of tools of one's own start.

        Raises:
            DataError: there is no such tool, two have one name, or one that is to be blank is not there.
        """
        tools = tuple(find_tool(reference, folder) for reference in config.tools)
        names = [tool.name for tool in tools]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise DataError(f"two tools are called '{twice}': rename one", field="tools")
        if missing := next((name for name in config.blank if name not in names), None):
            raise DataError(f"'{missing}' is to be blank, and is none of the tools: {', '.join(names)}", field="blank")
        return cls(config, book, tools)

    def at(self, brief: Brief, special_tokens: tuple[str, ...] = ()) -> Desk:
        """The desk for one episode about a case."""
        return Desk(brief, self.book, self.tools, self.config, search=self._search, special_tokens=special_tokens)

    def check_parallel(self) -> None:
        """To be asked by whoever writes several episodes side by side.

        Raises:
            DataError: a tool may have side effects, which episodes would then see of one another.
        """
        if unsafe := [tool.name for tool in self.tools if not tool.safe]:
            raise DataError(
                f"tool '{unsafe[0]}' may change something, and episodes are written side by side: say "
                "@tool(safe=True) above it if it does not, or write one episode at a time",
                field="tools",
            )

    @property
    def schemas(self) -> list[dict[str, Any]]:
        """What chat templates and the APIs of servers take as ``tools``."""
        return [tool.schema for tool in self.tools]

    def prompt(
        self, brief: Brief, template: str, special_tokens: tuple[str, ...] = (), told: bool = False
    ) -> list[Message]:
        """The messages that ask for a ruling, with what is to be said of the desk at the end of the first.

        Args:
            told: whether something else tells of the tools: the chat template, or a server's API.
        """
        system, *rest = render(brief.case, brief.excerpt, template, special_tokens)
        said = (compact if template == "compact" else instructions)(self.tools, self.config, told)
        text = "".join(part.text for part in system.texts)
        return [Message("system", (Text(f"{text}\n\n{said}" if text else said),)), *rest]

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that tells what its tools say from what others would: JSON."""
        own = [_source(tool) for tool in self.tools if tool.own]
        source = {"own": hashlib.sha256("\0".join(own).encode()).hexdigest()[:12]} if own else {}
        return {**json.loads(self.config.model_dump_json()), "book": self.book.fingerprint, **source}

    @cached_property
    def _search(self) -> Search:
        return search_in(self.book, self.config.search)


def _source(tool: Tool) -> str:
    """A tool as it was written; of one that stands in no file, what Python made of it."""
    try:
        return inspect.getsource(tool.function)
    except OSError:
        return f"{tool.signature} {tool.function.__code__.co_code.hex()} {tool.function.__code__.co_consts!r}"


def names_of(tools: str) -> Sequence[str]:
    """Tools as a command line names them: ``search_rules,zoom``."""
    return [name.strip() for name in tools.split(",") if name.strip()]
