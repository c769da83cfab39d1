"""Trajectories: episodes of several turns, as JSONL. What SFT learns to use tools from.

One episode a line; what tools answered is kept for people, and asked again when it is learned from, so that pictures
need no file and answers are those of the desk at hand::

    {"case": "b-17", "turns": [{"author": "policy", "text": "<think>…</think><tool_call>…</tool_call>"},
                               {"author": "tool", "text": "FEE-17 (medium): …", "looks": [{"tool": "search_rules"}]},
                               {"author": "policy", "text": "<think>…</think><answer>{…}</answer>"}]}
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data import DataError
from data.errors import explain
from data.files import whole_file
from data.jsonl import read_jsonl
from prompts import Episode, Look, Turn


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    case: str
    sample: int = Field(default=0, ge=0)
    turns: Annotated[list[dict[str, Any]], Field(min_length=1)]


def save_trajectories(episodes: Iterable[Episode], path: str | Path) -> None:
    """Writes episodes, one a line."""
    with whole_file(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as file:
        for episode in episodes:
            turns = [turn.kept() for turn in episode.turns]
            line = {"case": episode.case, "sample": episode.sample, "turns": turns}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def read_trajectories(*files: str | Path) -> list[Episode]:
    """The episodes in JSONL files.

    Raises:
        DataError: a file is missing or holds none, or a line is no episode that ends in the policy's turn; names file,
            line and field.
    """
    found = []
    for file in files:
        for number, line in read_jsonl(file, _Line):
            try:
                turns = tuple(Turn.read({"tokens": None, **turn}) for turn in line.turns)
            except ValidationError as error:
                raise DataError("not a look: {}: {}".format(*explain(error, Look)), file=file, line=number,
                                field="turns") from error  # fmt: skip
            except (TypeError, ValueError) as error:
                raise DataError(f"not a turn: {error}", file=file, line=number, field="turns") from error
            if turns[-1].author != "policy":
                raise DataError("ends with what a tool said", file=file, line=number, field="turns")
            found.append(Episode(line.case, turns, line.sample))
    if not found:
        raise DataError("holds no trajectories", file=files[0] if files else None)
    return found
