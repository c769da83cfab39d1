"""An engine of one's own, for tests of what engines are given to."""

from collections.abc import Collection, Iterator
from dataclasses import asdict
from typing import Any

from data import Briefs, DataError, Ruling, Violation
from prompts import Episode, Turn, write
from rl.config.decoding import Decoding
from rl.generation.engine import Key
from rl.runs.provenance import provenance


class Parrot:
    """Reads the first rule of every excerpt and rejects by it, in three turns. It remembers what it was asked for.

    Args:
        enough: how many episodes it writes before it fails.
    """

    def __init__(self, name: str = "parrot", template: str | None = "compact", enough: int = 10**9):
        self.name, self.template, self.enough = name, template, enough
        self.asked: list[Key] = []

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        return {"parrot": self.name, "decoding": asdict(decoding)}

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        return provenance(template=decoding.template, decoding=asdict(decoding), parrot={"name": self.name})

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        for case, sample in missing:
            if len(self.asked) == self.enough:
                raise DataError(f"case '{case}': the parrot has had enough")
            self.asked.append((case, sample))
            rule = briefs[case].excerpt.rules[0]
            look = Turn(f'{{"read_rule": "{rule.id}"}}', tokens=9), Turn(rule.text, author="tool", tokens=4)
            ruling = Ruling(
                reasoning=f"{rule.id}: yes.",
                violations=[Violation(rule=rule.id)],
                verdict="reject",
                confidence=0.5 + 0.1 * sample,
            )
            yield [Episode(case, (*look, Turn(write(ruling), tokens=50 + sample)), sample, -0.25)]
