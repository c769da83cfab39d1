"""A sweep: every input tried on a copy of the good folder, and what came of it.

``python -m tests.fuzz.sweep`` prints the table of what was accepted, as Markdown.
"""

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rl.terminal.errors import DEBUG, OWN_FAULT
from tests.fuzz.accepted import REASONS, reason_for
from tests.fuzz.command import Done, run
from tests.fuzz.inputs import Input, Verb, inputs_of

SEED = 0


@dataclass(frozen=True)
class Tried:
    """An input, and how its command ended."""

    name: str
    verb: Verb
    done: Done

    @property
    def crashed(self) -> bool:
        """Whether somebody who typed this saw a traceback, or was told of a fault that is not theirs."""
        return self.done.code is None or "Traceback" in self.done.err or OWN_FAULT in self.done.err

    @property
    def accepted(self) -> bool:
        """Whether the command ended as it does where nothing is wrong."""
        return self.done.code == self.verb.ends

    @property
    def refused(self) -> bool:
        """Whether it was said what is wrong: by an error, or by a check of data or a dry run that found it."""
        said = "error" in self.done.err.lower() and self.done.code == 2
        words = self.verb.words.split()
        found = {"data check": "error:", "data prepare": "rejected, see"}.get(" ".join(words[:2]))
        if "--dry-run" in words:
            found = "not yet: "
        return said or (found is not None and self.done.code == 1 and found in self.done.out)


def sweep(verb: Verb, good: Path, scratch: Path) -> Iterator[Tried]:
    """Tries every input of a verb; the current folder is another for each."""
    os.environ.pop(DEBUG, None)
    for one in inputs_of(verb, SEED):
        here = scratch / "here"
        shutil.copytree(good, here, symlinks=True)
        os.chdir(here)
        try:
            yield _tried(one, verb)
        finally:
            os.chdir(scratch)
            shutil.rmtree(here)


def _tried(one: Input, verb: Verb) -> Tried:
    said = one.prepare()
    return Tried(f"{one.name}: {said}" if said else one.name, verb, run(one.words, one.room))


def table(tried: Iterable[Tried]) -> str:
    """What was accepted, and why, as Markdown."""
    every = list(tried)
    counts = Counter(reason_for(one.name) for one in every if one.accepted)
    rows = [f"| `{pattern}` | {counts[reason]} | {reason} |" for pattern, reason in REASONS.items() if counts[reason]]
    crashed = sum(one.crashed for one in every)
    heading = f"{len(every)} inputs: {crashed} tracebacks, {sum(counts.values())} accepted\n\n| input | times | why |"
    return "\n".join([heading, "|---|---|---|", *rows])


if __name__ == "__main__":
    from tests.fuzz.inputs import VERBS
    from tests.fuzz.world import build

    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder) / "good"
        good.mkdir()
        os.chdir(good)
        build(good)
        chosen = [verb for verb in VERBS if not sys.argv[1:] or verb.name in sys.argv[1:]]
        found = [one for verb in chosen for one in sweep(verb, good, Path(folder))]
        for one in found:
            if one.crashed or not (one.accepted or one.refused) or (one.accepted and reason_for(one.name) is None):
                print(f"{one.done.code} {one.name[:200]}\n    {one.done.err.strip()[-300:]}", file=sys.stderr)
        print(table(found))
        os.chdir("/")
