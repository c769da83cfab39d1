"""Mix: how often each gold verdict comes up, where a mean is taken.

What pays depends on it: where one ad in fifty violates, approving everything is right 98 % of the time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data import VERDICTS, DataError, Verdict


@dataclass(frozen=True)
class Mix:
    """Shares of the gold verdicts."""

    name: str
    shares: tuple[tuple[Verdict, float], ...]
    """Need not sum to 1; verdicts that are missing do not come up."""

    @property
    def prior(self) -> float:
        """The share of cases that are not approved, 0..1."""
        shares = dict(self.shares)
        return 1 - shares.get("approve", 0.0) / sum(shares.values())

    def mean(self, values: Mapping[Verdict, float]) -> float:
        """The mean of a value for each verdict, over those that have one; NaN where none has.

        Example:
            >>> Mix("", (("approve", 3), ("reject", 1))).mean({"approve": 1.0, "reject": -1.0})
            0.5
        """
        weights = {verdict: share for verdict, share in self.shares if verdict in values}
        total = sum(weights.values())
        return sum(weights[v] * values[v] for v in weights) / total if total else float("nan")


EVEN = Mix("even", tuple((verdict, 1.0) for verdict in VERDICTS))
"""Every verdict as often as the others."""


def as_found(verdicts: Iterable[Verdict]) -> Mix:
    """The shares that these gold verdicts have."""
    found = list(verdicts)
    return Mix("as in the data", tuple((verdict, found.count(verdict) / len(found)) for verdict in VERDICTS))


def at_prior(prior: float, found: Mix) -> Mix:
    """The same cases where another share is not approved; rejections and escalations keep their proportion.

    Args:
        prior: 0..1, both excluded.

    Raises:
        DataError: it is not.
    """
    if not 0 < prior < 1:
        raise DataError(f"a prior is the share of cases that violate, above 0 and below 1, not {prior:g}")
    shares = dict(found.shares)
    rest = sum(share for verdict, share in shares.items() if verdict != "approve")
    changed = {v: 1 - prior if v == "approve" else prior * share / rest for v, share in shares.items()}
    return Mix(f"{prior:g}", tuple(changed.items()))
