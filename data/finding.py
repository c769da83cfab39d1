"""Finding: what the reasoning says of one rule: what is seen, and a closed outcome.

Reasoning may hold free prose, and ends in one line a rule: ``ID: outcome`` where there is nothing to say, else
``ID: what is seen -> outcome``:

    GUN-1: clear
    CLICK-1: "you won a prize" -> broken
    SALE-1: "■■ % off", limit 50 -> unclear

The form is read to the letter: a line that begins with a blank, ends in a full stop or has a letter of another script
in its outcome is prose. So what stands in an ad, which prompts indent, is never taken for a finding when it is copied.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

Outcome = Literal["broken", "clear", "unclear"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_LINE = re.compile(rf"^(\S+):(?: (.*) ->)? ({'|'.join(OUTCOMES)})[ \t\r]*$", re.MULTILINE)


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
    """The findings of a text, in its order, one for each line of their form.

    Example:
        >>> findings_in("The title promises a cure.\\nA-1: clear\\nA-2: \\"cures all\\" -> broken\\n")[1].seen
        '"cures all"'
        >>> findings_in("A-1: no. It is clear that A-2: is broken")
        ()
    """
    return tuple(filter(None, map(_read, reasoning.split("\n"))))


@lru_cache(maxsize=1024)
def prose_of(reasoning: str) -> str:
    """The text without its findings."""
    return _LINE.sub("", reasoning).strip()


def ends_in_finding(reasoning: str) -> bool:
    """Whether the last line that is not blank is a finding."""
    return _read(reasoning.rstrip().rpartition("\n")[2]) is not None


def with_finding(reasoning: str, finding: Finding) -> str:
    """The reasoning with another finding in the place of its own on that rule; all else stays to the letter.

    Example:
        >>> with_finding("A cure.\\nA-1: clear\\nA-2: a cure -> broken\\n", Finding("A-2", "clear"))
        'A cure.\\nA-1: clear\\nA-2: clear\\n'
    """
    return _LINE.sub(lambda line: str(finding) if line[1] == finding.rule else line[0], reasoning)


def lines(findings: Iterable[Finding]) -> str:
    """The findings as a reasoning ends in them, each on its line."""
    return "".join(f"{finding}\n" for finding in findings)


@lru_cache(maxsize=1024)
def _read(line: str) -> Finding | None:
    # Remembered by the line: most lines of a batch say that a rule is clear, and say it alike.
    return next((Finding(rule, outcome, seen.strip()) for rule, seen, outcome in _LINE.findall(line)), None)
