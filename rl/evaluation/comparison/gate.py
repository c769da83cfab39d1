"""Gate: what a challenger must not be worse at, and by how much, before it may take the baseline's place.

A gate is a YAML file of non-inferiority margins, and of limits that hold whatever the baseline does::

    name: launch
    criteria:
      - {metric: verdict_accuracy, margin: 0.01}
      - {metric: miss_rate, margin: 0.03, severity: critical}
      - {metric: rule_recall, margin: 0.05, each: rule, min_support: 50}
      - {metric: false_flag_rate, at_most: 0.05}
      - {metric: auprc, at_least: 0.9}

A criterion holds where the one-sided 95 % bound of the difference (or of the challenger's own figure) stays within its
margin (or limit), and is broken where the bound on the other side lies beyond it: the challenger is then worse by more
than the margin. In between it is undecided, and so it is on fewer cases than ``min_support``, whatever they say, or on
cases of so few groups that no interval can be trusted. All criteria must hold, so each can be tested at the full
level: a gate passes in error less often than any one of them (Berger 1982, *Multiparameter hypothesis testing and
acceptance sampling*; the margins are those of ICH E9 and the CONSORT extension for non-inferiority, Piaggio et al.
2012).
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from data import DataError, load_yaml, suggest
from data.rulebook import Severity
from rl.evaluation.metrics import LOWER_IS_BETTER, NEUTRAL, OF_STREAMS, SHARES, TITLES

GATED = [name for name in TITLES if name not in NEUTRAL]
"""The figures that a gate can ask for."""


Kind = Literal["severity", "category", "rule"]
"""What a criterion can pick its cases by."""


class Criterion(BaseModel):
    """One metric, on all cases or on those that break a rule of some kind, and how much worse or how bad it may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    margin: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """How much worse than the baseline, in the metric's own unit: 0.01 is one point of a share."""
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    """What the challenger's own figure may be, where less is better."""
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    """What it must be, where more is better."""
    min_support: int = Field(default=20, ge=1)
    """On fewer cases (or citations, or pairs) than that it is undecided."""
    severity: Severity | None = None
    """Only cases whose gravest broken rule has this severity."""
    category: str | None = None
    """Only cases whose gravest broken rule is of this category."""
    rule: str | None = None
    """Only cases that break this rule. The rule metrics then speak of this rule alone, on all cases."""
    each: Kind | None = None
    """One criterion for each that occurs in gold."""

    @property
    def kind(self) -> Kind | None:
        """What it picks its cases by; None if it speaks of all of them."""
        kinds: tuple[Kind, ...] = ("severity", "category", "rule")
        return self.each or next((kind for kind in kinds if getattr(self, kind) is not None), None)

    @field_validator("metric")
    @classmethod
    def _known(cls, metric: str) -> str:
        if metric not in GATED:
            raise ValueError(f"no gate can ask for '{metric}'{suggest(metric, GATED)}: choose from {', '.join(GATED)}")
        return metric

    @model_validator(mode="after")
    def _one_limit(self) -> "Criterion":
        given = [name for name in ("margin", "at_most", "at_least") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of margin, at_most and at_least, not {' and '.join(given) or 'none of them'}")
        limit = getattr(self, given[0])
        if self.metric in SHARES and not 0 <= limit <= 1:
            raise ValueError(f"'{self.metric}' is a share, so {given[0]} is from 0 to 1 (0.05 for 5 %), not {limit:g}")
        fitting = "at_most" if self.metric in LOWER_IS_BETTER else "at_least"
        if given[0] not in ("margin", fitting):
            way = "lower" if self.metric in LOWER_IS_BETTER else "higher"
            raise ValueError(f"'{self.metric}' is better the {way} it is: give {fitting}, not {given[0]}")
        return self

    @model_validator(mode="after")
    def _one_part(self) -> "Criterion":
        given = [name for name in ("severity", "category", "rule", "each") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one of {' and '.join(given)}")
        if given and self.metric in OF_STREAMS:
            raise ValueError(f"'{self.metric}' is about whole streams: leave out {given[0]}")
        return self


class Gate(BaseModel):
    """Criteria that must all hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "gate"
    criteria: list[Criterion] = Field(min_length=1)

    @classmethod
    def load(cls, path: str | Path) -> "Gate":
        """Reads a gate from YAML.

        Raises:
            DataError: the file is missing or is no gate; names the file and the field.
        """
        if not Path(path).is_file():
            raise DataError("no such gate file", file=path)
        return load_yaml(cls, path)
