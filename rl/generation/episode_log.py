"""EpisodeLog: what an engine wrote, kept safe from a crash.

The log is one JSON object a line: first the settings that everything below was made with, then one line an episode:
``case``, ``sample``, ``text``, ``tokens`` and ``verdict_logprob``; where there are several ``turns``, those in place
of the text, with what tools let the policy look at; and of a server's what it ``served`` besides: why it refused,
what it did not take, the prompt's length.
The ids of tokens are not kept, nor are their log-probabilities.

It is only ever appended to, and each batch is on disk before the next is begun. A last line that was cut off is taken
away when the log is opened again; what is missing can then be made, and nothing is made twice.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data import DataError
from data.files import at_file
from data.strict_json import parse_json
from prompts import Episode, Served, Turn
from rl.generation.engine import Key


class EpisodeLog:
    """Episodes by case and sample, on disk if there is a file for them.

    Args:
        path: the log, which need not exist; None keeps everything in memory.
        settings: what episodes follow from; a log that was made with others is refused.
        retry_refused: whether episodes that a server refused count as missing. What takes their place is added below
            them, and counts.

    Raises:
        DataError: the file was made with other settings, does not begin with any, or is no such log.
    """

    def __init__(self, path: Path | None, settings: Mapping[str, Any], retry_refused: bool = False):
        self.path, self.settings = path, json.loads(json.dumps(settings))
        self.facts: dict[str, Any] = {}
        """What is known of how the episodes were written beyond the settings: device, packages."""
        self._found: dict[Key, Episode] = {}
        if path is not None and path.is_dir():
            raise DataError("a folder, where a log of episodes should be: give another --out, or remove it", file=path)
        if path is not None and path.is_file():
            self._read(path)
        if retry_refused:
            self._found = {key: episode for key, episode in self._found.items() if episode.refused is None}

    def __getitem__(self, key: Key) -> Episode:
        return self._found[key]

    def __contains__(self, key: Key) -> bool:
        return key in self._found

    def __iter__(self) -> Iterator[Episode]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Notes how what is missing will be made; to be called before anything is added."""
        self.facts = dict(facts)
        self._append([{"settings": self.settings, "facts": self.facts}])

    def add(self, episodes: Sequence[Episode]) -> None:
        """Adds a batch; what is there already stays as it is, and of two for one key the first.

        Raises:
            TypeError: something in the batch is no episode; nothing of it is added.
        """
        new: dict[Key, Episode] = {}
        for episode in episodes:
            check_episode(episode)
            if (key := (episode.case, episode.sample)) not in self._found:
                new.setdefault(key, episode)
        self._append([_row(episode) for episode in new.values()])
        self._found |= new

    def _append(self, rows: list[dict[str, Any]]) -> None:
        if self.path is None or not rows:
            return
        with at_file(self.path, "written"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
                file.flush()
                os.fsync(file.fileno())

    def _read(self, path: Path) -> None:
        with at_file(path, "read"):
            content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        for number, row in self._rows(whole, path):
            try:
                if number == 1 or "settings" in row:  # nothing is believed that does not say what it follows from
                    self._check(row["settings"])
                    self.facts = dict(**row["facts"])
                else:
                    episode = _episode(row)
                    key = episode.case, episode.sample
                    if key not in self._found or self._found[key].refused is not None:
                        self._found[key] = episode
            except (KeyError, TypeError, AttributeError, RecursionError, ValidationError) as error:
                raise DataError("not a log of episodes", file=path, line=number) from error
        if len(whole) < len(content):
            with path.open("r+b") as file:
                file.truncate(len(whole))

    def _rows(self, content: bytes, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in enumerate(content.splitlines(), start=1):
            try:
                yield number, parse_json(line)
            except DataError as error:
                raise DataError(f"not a log of episodes: {error.message}", file=path, line=number) from error

    def _check(self, found: Mapping[str, Any]) -> None:
        before, now = _flat(found), _flat(self.settings)
        differing = [key for key in {**before, **now} if before.get(key) != now.get(key)]
        if differing:
            changes = ", ".join(f"{key} {before.get(key)} → {now.get(key)}" for key in differing)
            raise DataError(
                f"holds what was written with other settings ({changes}): give another --out, or remove it",
                file=self.path,
            )


def _row(episode: Episode) -> dict[str, Any]:
    turns = [turn.kept() for turn in episode.turns]
    plain = {"text": episode.completion, "tokens": episode.tokens}
    said = plain if len(turns) == 1 and turns[0]["author"] == "policy" else {"turns": turns}
    served = {"served": asdict(episode.served)} if episode.served is not None else {}
    key = {"case": episode.case, "sample": episode.sample}
    took = {"seconds": round(episode.seconds, 3)} if episode.seconds is not None else {}
    return {**key, **said, "verdict_logprob": episode.verdict_logprob, **served, **took}


def _episode(row: dict[str, Any]) -> Episode:
    """Raises KeyError, TypeError or ValueError where a row is none of ours."""
    case, sample, verdict_logprob = row.pop("case"), row.pop("sample"), row.pop("verdict_logprob")
    served, seconds = row.pop("served", None), row.pop("seconds", None)
    turns = tuple(map(Turn.read, row.pop("turns", None) or [row]))
    if served is not None:
        served = Served(**{**served, "left_out": tuple(served["left_out"])})
    episode = Episode(case, turns, sample, verdict_logprob, served, seconds)
    check_episode(episode)
    return episode


def check_episode(episode: Any) -> None:
    """Checks the types of what is kept of an episode.

    Raises:
        TypeError: it is no episode that can be kept; says why.
    """
    if not isinstance(episode, Episode):
        raise TypeError(f"{type(episode).__name__} is no episode")
    name = f"episode {episode.case!r}#{episode.sample!r}"
    if not isinstance(episode.case, str) or type(episode.sample) is not int:
        raise TypeError(f"{name}: want a case's id and the number of a sample")
    if not episode.turns:
        raise TypeError(f"{name} has no turns")
    for turn in episode.turns:
        if not isinstance(turn, Turn) or not isinstance(turn.text, str):
            raise TypeError(f"{name} has a turn that is no text: {turn!r:.200}")
        if turn.author not in ("policy", "tool"):
            raise TypeError(f"{name} has a turn of an unknown author: {turn.author!r:.200}")
        if turn.tokens is not None and type(turn.tokens) is not int:
            raise TypeError(f"{name} has a turn whose tokens are no number: {turn.tokens!r:.200}")
    if episode.verdict_logprob is not None and not isinstance(episode.verdict_logprob, float | int):
        raise TypeError(f"{name} has a verdict_logprob that is no number: {episode.verdict_logprob!r:.200}")
    if episode.seconds is not None and not isinstance(episode.seconds, float | int):
        raise TypeError(f"{name} took seconds that are no number: {episode.seconds!r:.200}")
    if (served := episode.served) is None:
        return
    if not isinstance(served, Served) or not isinstance(served.refused, str | None):
        raise TypeError(f"{name} was served as {served!r:.200}")
    if not all(isinstance(parameter, str) for parameter in served.left_out):
        raise TypeError(f"{name} has parameters left out that are no names: {served.left_out!r:.200}")
    if served.prompt_tokens is not None and type(served.prompt_tokens) is not int:
        raise TypeError(f"{name} has a prompt whose tokens are no number: {served.prompt_tokens!r:.200}")


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat
