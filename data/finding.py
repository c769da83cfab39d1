"""Finding: what the reasoning says of one rule: what is seen, and a closed outcome.

Reasoning may hold free prose, and ends in one line a rule: ``ID: outcome`` where there is nothing to say, else
``ID: what is seen -> outcome``:

    GUN-1: clear
    CLICK-1: "you won a prize" -> broken
    SALE-1: "■■ % off", limit 50 -> unclear

The form is read to the letter: a line that begins with a blank, ends in a full stop or has a letter of another script
in its outcome is prose. Only the last lines count, one behind the other: what stands before another line that is none,
or before an empty one, is prose too, and may be a draft, an example or what an ad says.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Literal, get_args

Outcome = Literal["broken", "clear", "unclear"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_LINE = re.compile(rf"(\S+):(?: (.*) ->)? ({'|'.join(OUTCOMES)})[ \t]*")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of one rule."""

    rule: str
    outcome: Outcome
    seen: str = ""
    """What shows it, with quotes, and pictures and times by name; on one line."""

    def __str__(self) -> str:
        """The line that says it, which `findings_in` reads back.

        Example:
            >>> str(Finding("A-1", "clear")), str(Finding("A-2", "broken", '"cures all"'))
            ('A-1: clear', 'A-2: "cures all" -> broken')
        """
        seen = " ".join(self.seen.split())
        return f"{self.rule}: {seen} -> {self.outcome}" if seen else f"{self.rule}: {self.outcome}"


@lru_cache(maxsize=8192)
def findings_in(reasoning: str) -> tuple[Finding, ...]:
    """The findings that a text ends in, in its order.

    Example:
        >>> findings_in("The title promises a cure.\\nA-1: clear\\nA-2: \\"cures all\\" -> broken\\n")[1].seen
        '"cures all"'
        >>> findings_in("A-1: clear\\nOr is it?"), findings_in("A-1: no. It is clear that A-2: is broken")
        ((), ())
    """
    last = takewhile(lambda finding: finding is not None, map(_read, reversed(reasoning.rstrip("\r\n").splitlines())))
    return tuple(finding for finding in reversed(list(last)) if finding is not None)


def prose_of(reasoning: str) -> str:
    """What stands before the findings."""
    return "".join(_split(reasoning)[0]).strip()


def with_finding(reasoning: str, finding: Finding) -> str:
    """The reasoning with another finding in the place of its own on that rule; all else stays to the letter.

    Example:
        >>> with_finding("A cure.\\nA-1: clear\\nA-2: a cure -> broken\\n", Finding("A-2", "clear"))
        'A cure.\\nA-1: clear\\nA-2: clear\\n'
    """
    before, last = _split(reasoning)

    def other(line: str) -> str:
        text = line.rstrip("\r\n")
        found = _read(text)
        return f"{finding}{line[len(text) :]}" if found is not None and found.rule == finding.rule else line

    return "".join([*before, *map(other, last)])


def lines(findings: Iterable[Finding]) -> str:
    """The findings as a reasoning ends in them, each on its line."""
    return "".join(f"{finding}\n" for finding in findings)


def _split(reasoning: str) -> tuple[list[str], list[str]]:
    """The lines before the findings, and those from the first finding on; with their ends."""
    whole = reasoning.splitlines(keepends=True)
    blank = len(whole) - len(reasoning.rstrip("\r\n").splitlines())
    start = len(whole) - blank - len(findings_in(reasoning))
    return whole[:start], whole[start:]


@lru_cache(maxsize=1024)
def _read(line: str) -> Finding | None:
    # Remembered by the line: most lines of a batch say that a rule is clear, and say it alike.
    found = _LINE.fullmatch(line)
    return Finding(found[1], found[3], (found[2] or "").strip()) if found else None  # type: ignore[arg-type]
