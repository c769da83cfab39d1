"""Exhibit: one offending completion, to be shown."""

from dataclasses import dataclass

from prompts import write
from rewards.audit.subject import Subject
from rewards.batch import Answer


@dataclass(frozen=True)
class Exhibit:
    """One offending completion."""

    case: str
    completion: str
    """As a model would write it. It may hold what somebody else wrote: escape it before it is shown."""
    total: float
    rival: float | None = None
    """What it is measured against: the total of gold, of the honest error, or of the ruling without padding."""

    @classmethod
    def of(cls, subject: Subject, answer: Answer, total: float, rival: float | None = None) -> "Exhibit":
        text = answer if isinstance(answer, str) else write(answer)
        return cls(subject.case.id, text, total, rival)
