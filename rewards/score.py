"""What a reward can say: a number, a Score with a reason, or that it does not apply; and what a fault leaves."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from data.programs import line_in

_ROUNDING = 1e-9


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
    """A reward that failed on a completion. Where it could have made a difference, the total is None: a fault is no
    judgement of the policy.
    """

    reward: str
    case: str
    error: str
    """What was raised, and where in the reward's own file: ``KeyError: 'market' (my_rewards.py:12)``."""

    @classmethod
    def by(cls, error: Exception, reward: str, case: str, file: str | None) -> "Unscored":
        """What an exception leaves.

        Args:
            file: the one that the reward stands in; of all that was under way its innermost line is named.
        """
        line = line_in(file, error) if file is not None else None
        place = f" ({Path(file).name}:{line})" if file is not None and line is not None else ""
        return cls(reward, case, f"{type(error).__name__}: {error}{place}")


Outcome = float | Score | type[NotApplicable]


class RewardError(ValueError):
    """A reward broke its own contract; names the reward and the case."""


def checked(outcome: Any, reward: str, range: tuple[float, float], case: str) -> Outcome:
    """The outcome, held against the contract of a reward.

    Args:
        reward: its name.
        range: its lowest and highest value.
        case: the id of the case.

    Raises:
        RewardError: the value is not a number within the range.
    """
    low, high = range
    if outcome is NotApplicable:
        return NotApplicable
    value = outcome.value if isinstance(outcome, Score) else outcome
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise RewardError(f"reward '{reward}' returned {value!r}, not a number (case '{case}')") from None
    if not low - _ROUNDING <= number <= high + _ROUNDING:  # NaN fails both
        kind = "NaN" if math.isnan(number) else f"{number:g}, outside of its range [{low:g}, {high:g}]"
        raise RewardError(f"reward '{reward}' returned {kind} (case '{case}')")
    return replace(outcome, value=number) if isinstance(outcome, Score) else number
