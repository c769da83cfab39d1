"""Alarms: raised once so many windows in a row find a rule broken, and cleared once as many in a row do not.

One window may err; several in a row seldom do. A window without a ruling to be relied on says neither, but where
nothing else can be told for as long, a person has to look.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from data.rulebook import Rulebook
from data.ruling import Verdict
from data.windows.memory import Sighting
from data.windows.settings import Span


class Alarm(BaseModel):
    """What happened to an alarm."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    """Of the stream's alarms, from 1: what is raised and cleared under one number is one event."""
    rule: str
    change: Literal["raised", "cleared"]
    first: float
    """The first second that shows the violation, of the stream."""
    last: float
    """The last one so far."""
    at: float
    """When it was raised or cleared, by the stream's time: the end of the window that decided it."""


@dataclass
class _Case:
    """What is known of one rule: a suspicion, or an alarm."""

    first: float
    last: float
    found: int = 0
    """Windows in a row."""
    missed: int = 0
    number: int = 0
    """Of its alarm; 0 while it is a suspicion."""

    def told(self, rule: str, change: Literal["raised", "cleared"], at: float) -> Alarm:
        return Alarm(number=self.number, rule=rule, change=change, first=self.first, last=self.last, at=round(at, 3))


class Alarms:
    """The alarms of one stream.

    Args:
        agree: how many windows in a row must agree.
    """

    def __init__(self, agree: int):
        self._agree = agree
        self._cases: dict[str, _Case] = {}
        self._raised = 0
        self._undecided = 0
        """Windows in a row that escalate, or have no ruling to be relied on."""

    def look(self, found: Sequence[Sighting] | None, verdict: Verdict | None, span: Span) -> list[Alarm]:
        """What the next window changes.

        Args:
            found: what it finds broken; None where it has no ruling to be relied on.
            verdict: its own.
        """
        self._undecided = self._undecided + 1 if verdict in (None, "escalate") and not found else 0
        if found is None:
            return []
        by_rule = {sighting.rule: sighting for sighting in found}
        return [*self._found(by_rule, span), *self._missed(by_rule, span)]

    def _found(self, by_rule: dict[str, Sighting], span: Span) -> Iterator[Alarm]:
        for rule, sighting in by_rule.items():
            case = self._cases.setdefault(rule, _Case(sighting.start, sighting.end))
            case.first, case.last = min(case.first, sighting.start), max(case.last, sighting.end)
            case.found, case.missed = case.found + 1, 0
            if not case.number and case.found >= self._agree:
                self._raised += 1
                case.number = self._raised
                yield case.told(rule, "raised", span.end)

    def _missed(self, by_rule: dict[str, Sighting], span: Span) -> Iterator[Alarm]:
        for rule in [rule for rule in self._cases if rule not in by_rule]:
            case = self._cases[rule]
            case.found, case.missed = 0, case.missed + 1
            if not case.number:
                del self._cases[rule]
            elif case.missed >= self._agree:
                yield self._cases.pop(rule).told(rule, "cleared", span.end)

    def end(self, at: float) -> list[Alarm]:
        """Clears those that are open: the stream is over."""
        open_ = [(rule, case) for rule, case in self._cases.items() if case.number]
        self._cases.clear()
        return [case.told(rule, "cleared", at) for rule, case in open_]

    @property
    def open(self) -> list[Alarm]:
        """Those that are raised and not cleared, as far as they are known."""
        return [case.told(rule, "raised", case.last) for rule, case in self._cases.items() if case.number]

    def state(self, excerpt: Rulebook) -> Verdict:
        """Of the stream: what the open alarms call for; else escalate where that has been said for long enough."""
        called = excerpt.called_for(alarm.rule for alarm in self.open)
        return "escalate" if called == "approve" and self._undecided >= self._agree else called
