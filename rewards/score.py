"""What a reward can say: a number, a Score with a reason, or that it does not apply; and what a fault leaves."""

from dataclasses import dataclass, field


class NotApplicable:
    """Returned, as it stands, by a reward that has nothing to say about a *case*: ``return NotApplicable``.

    It must never depend on the completion: a policy would learn to choose the cases that it is scored on.
    """


@dataclass(frozen=True, slots=True)
class Score:
    """A reward's value, with the reason for it and the parts that it is made of."""

    value: float
    reason: str = ""
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unscored:
    """A reward that failed on a completion. Its total is None: a fault is no judgement of the policy."""

    reward: str
    case: str
    error: str


Outcome = float | Score | type[NotApplicable]
