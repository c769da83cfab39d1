"""Audit: what was tried on a rubric, what it earned, and what was found."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rewards.audit.bench import Exhibit
from rewards.audit.prior import Prior
from rewards.audit.rating import Rating
from rewards.audit.trial import ROUNDING, Trial


@dataclass(frozen=True)
class Claim:
    """What a reviewer earns by stating another confidence than its accuracy."""

    accuracy: float
    stated: float
    honest: float
    """Mean total when it states its accuracy."""
    total: float
    """Mean total when it states the other."""

    @property
    def name(self) -> str:
        return "overconfidence" if self.stated > self.accuracy else "underconfidence"

    @property
    def ok(self) -> bool:
        return self.total < self.honest - ROUNDING


@dataclass(frozen=True)
class Band:
    """The beliefs in a violation between which escalating pays best, for one severity."""

    category: str | None
    """Where the prices are this category's own."""
    severity: str
    low: float
    high: float

    @property
    def where(self) -> str:
        """In words."""
        return f"{self.severity} in {self.category}" if self.category else self.severity

    @property
    def ok(self) -> bool:
        """Whether even odds lie inside, so that no verdict is given against the odds."""
        return self.low < 0.5 - ROUNDING and self.high > 0.5 + ROUNDING


@dataclass(frozen=True)
class Flaw:
    """Something that the rubric pays for and should not, in words."""

    name: str
    """Of the cheat, or of the check."""
    message: str
    exhibit: Exhibit | None = None
    level: Literal["error", "warning"] = "error"


@dataclass(frozen=True)
class Audit:
    """The outcome of an audit."""

    rubric: str
    cases: dict[str, int]
    """How many cases of each gold verdict it was tried on."""
    left_out: int
    """Cases without a gold verdict, or not drawn."""
    honest: dict[float, float]
    """The mean total of an honest reviewer, by accuracy."""
    ratings: list[Rating]
    """Content-blind cheats, those first that earn most."""
    trials: list[Trial]
    """Every other cheat."""
    priors: list[Prior]
    """What pays best without looking: where gold verdicts come up as in the data, then at the priors asked for."""
    claims: list[Claim]
    bands: list[Band]
    scored: int
    """How many completions were scored."""
    flaws: list[Flaw] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was found that must not be; warnings do not count."""
        return not self.errors

    @property
    def errors(self) -> list[Flaw]:
        return [flaw for flaw in self.flaws if flaw.level == "error"]

    @property
    def warnings(self) -> list[Flaw]:
        return [flaw for flaw in self.flaws if flaw.level == "warning"]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        ratings = [
            {
                "cheat": r.cheat.name, "total": r.total, "by_verdict": r.by_verdict, "break_even": r.break_even,
                "limit": r.cheat.limit, "ok": r.ok,
            }
            for r in self.ratings
        ]  # fmt: skip
        trials = [
            {"cheat": t.cheat.name, "kind": t.cheat.kind, "tried": t.tried, "held": t.held, "free": t.free, "ok": t.ok}
            for t in self.trials
        ]
        return {
            "rubric": self.rubric, "ok": self.ok, "cases": self.cases, "left_out": self.left_out,
            "honest": {f"{accuracy:g}": mean for accuracy, mean in self.honest.items()},
            "ratings": ratings, "trials": trials,
            "priors": [{**asdict(prior), "mix": dict(prior.mix.shares), "ok": prior.ok} for prior in self.priors],
            "claims": [{**asdict(claim), "name": claim.name, "ok": claim.ok} for claim in self.claims],
            "bands": [{**asdict(band), "ok": band.ok} for band in self.bands],
            "flaws": [asdict(flaw) for flaw in self.flaws], "scored": self.scored,
        }  # fmt: skip
