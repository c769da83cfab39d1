"""Completions: what a model wrote on cases, and the log that keeps it safe from a crash.

The log is one JSON object a line: first the settings that everything below was made with, then one line a completion.
It is only ever appended to, and each batch is on disk before the next is begun. A last line that was cut off is taken
away when the log is opened again; what is missing can then be made, and nothing is made twice.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data import DataError

Key = tuple[str, int]
"""A case's id and the number of the sample."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote on a case."""

    text: str
    tokens: int | None = None
    """Its length in tokens of the model, without the token that ends it; None where that is not known."""
    verdict_logprob: float | None = None
    """Natural logarithm of the probability of the verdict's tokens, given all before them; None where there is no
    verdict or the probability is not known. It is the model's own, at temperature 1."""


class CompletionLog:
    """Completions by case and sample, on disk if there is a file for them.

    Args:
        path: the log, which need not exist; None keeps everything in memory.
        settings: what completions follow from; a log that was made with others is refused.

    Raises:
        DataError: the file was made with other settings, or is no such log.
    """

    def __init__(self, path: Path | None, settings: Mapping[str, Any]):
        self.path, self.settings = path, json.loads(json.dumps(settings))
        self.facts: dict[str, Any] = {}
        """What is known of how the completions were made beyond the settings: device, packages."""
        self._found: dict[Key, Completion] = {}
        if path is not None and path.is_file():
            self._read(path)

    def __getitem__(self, key: Key) -> Completion:
        return self._found[key]

    def __contains__(self, key: Key) -> bool:
        return key in self._found

    def __len__(self) -> int:
        return len(self._found)

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Notes how what is missing will be made; to be called before anything is added."""
        self.facts = dict(facts)
        self._append([{"settings": self.settings, "facts": self.facts}])

    def add(self, completions: Mapping[Key, Completion]) -> None:
        """Adds a batch; what is there already stays as it is."""
        new = {key: completion for key, completion in completions.items() if key not in self._found}
        self._append([{"case": case, "sample": sample, **asdict(new[case, sample])} for case, sample in new])
        self._found |= new

    def _append(self, rows: list[dict[str, Any]]) -> None:
        if self.path is None or not rows:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
            file.flush()
            os.fsync(file.fileno())

    def _read(self, path: Path) -> None:
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        for number, row in self._rows(whole, path):
            try:
                if "settings" in row:
                    self._check(row["settings"])
                    self.facts = row["facts"]
                else:
                    self._found.setdefault((row.pop("case"), row.pop("sample")), Completion(**row))
            except (KeyError, TypeError, AttributeError) as error:
                raise DataError("not a log of completions", file=path, line=number) from error
        if len(whole) < len(content):
            with path.open("r+b") as file:
                file.truncate(len(whole))

    def _rows(self, content: bytes, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in enumerate(content.splitlines(), start=1):
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise DataError("not a log of completions", file=path, line=number) from error

    def _check(self, found: Mapping[str, Any]) -> None:
        before, now = _flat(found), _flat(self.settings)
        differing = [key for key in {**before, **now} if before.get(key) != now.get(key)]
        if differing:
            changes = ", ".join(f"{key} {before.get(key)} → {now.get(key)}" for key in differing)
            raise DataError(
                f"holds completions made with other settings ({changes}): give another --out, or remove it",
                file=self.path,
            )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat
