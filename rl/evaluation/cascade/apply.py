"""Apply: what a cascade decides, as an evaluation like any other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from data import DataError, Ruling
from data.files import read_json
from rl.evaluation.cascade.cascade import Cascade
from rl.evaluation.cascade.curve import Point, curve
from rl.evaluation.cascade.passes import Passes
from rl.evaluation.evaluation import Evaluation, aligned
from rl.evaluation.origin import KEY as ORIGIN
from rl.evaluation.origin import Part
from rl.evaluation.predictions import Prediction
from rl.evaluation.settings import Settings
from rl.runs.folder import RUN

KEY = "cascade"
"""Where the provenance says what was done."""


class Applied(Part):
    """What was done, and what there would have been at other thresholds."""

    key, says = KEY, "what the cascade did"

    cheap: str
    full: str
    """What tables call the two."""
    approve_below: float | None
    promised: float
    confidence: float
    chosen_on: str
    """What the cases are called that it was chosen on."""
    approved_alone: int = Field(ge=0)
    """Cases that the cheap pass approved without a review."""
    reviewed: int = Field(ge=0)
    """Those that were reviewed with reasoning."""
    curve_of: str = ""
    """What the cases of the curve are called: these, or those that it was chosen on, where not all were reviewed."""
    curve: list[Point] = Field(default_factory=list)

    @property
    def share(self) -> float:
        """Of the cases, those that were reviewed with reasoning, 0..1."""
        return self.reviewed / max(1, self.reviewed + self.approved_alone)

    def __str__(self) -> str:
        cases = self.reviewed + self.approved_alone
        return (
            f"{self.reviewed:,} of {cases:,} cases were reviewed with reasoning, {self.approved_alone:,} approved "
            f"without; promised miss rate: at most {self.promised:g}"
        )


def apply_cascade(cascade: Cascade, cheap: Evaluation, full: Evaluation) -> Evaluation:
    """The reviewer's predictions, but approvals of the cheap pass where it decides alone.

    A review is paid for by its tokens where it took place, and the cheap pass's everywhere, where they are known.

    Raises:
        DataError: the cascade was chosen for others or on some of these cases, or the two are not of the same cases.
    """
    cascade.check(cheap.origin, full.origin, {prediction.case for prediction in full.predictions})
    first, second = aligned([cheap, full])
    decided = [decide(cascade, *pair) for pair in zip(first, second, strict=True)]
    told = applied(cascade, cheap.name, full.name, decided, full.split, curve(Passes.of(cheap, full)))
    return together(told, decided, full.split, full.provenance, full.settings)


def together(
    told: Applied, decided: Sequence[Prediction], split: str, facts: Mapping[str, Any], settings: Settings
) -> Evaluation:
    """The evaluation of both passes: by neither's origin, and without what a review took the one that reasons.

    Args:
        facts: what is known of where the reviews come from.
    """
    known = {key: value for key, value in facts.items() if key not in (ORIGIN, "spent")}
    return Evaluation(f"{told.cheap} → {told.full}", split, decided, known | {KEY: told.model_dump()}, settings)


def applied(
    cascade: Cascade,
    cheap: str,
    full: str,
    decided: Sequence[Prediction],
    split: str,
    points: list[Point] | None = None,
) -> Applied:
    """What was done.

    Args:
        cheap: what tables call the cheap pass.
        full: what they call the one that reasons.
        split: what the cases are called.
        points: the curve of these cases; where it is not known, the one of those that the cascade was chosen on.
    """
    return Applied(
        cheap=cheap,
        full=full,
        approve_below=cascade.approve_below,
        promised=cascade.miss_rate,
        confidence=cascade.confidence,
        chosen_on=cascade.source,
        approved_alone=sum(prediction.reviewed is False for prediction in decided),
        reviewed=sum(prediction.reviewed is True for prediction in decided),
        curve_of=split if points is not None else cascade.source,
        curve=list(cascade.points) if points is None else points,
    )


def decide(cascade: Cascade, cheap: Prediction, full: Prediction | None) -> Prediction:
    """What becomes of a case.

    Args:
        full: its review, which may be missing where the cheap pass decides alone.
    """
    if not cascade.approves(cheap.risk):
        assert full is not None, "what is not approved is reviewed"
        both = None if cheap.tokens is None or full.tokens is None else cheap.tokens + full.tokens
        return full.model_copy(update={"tokens": both if both is not None else full.tokens, "reviewed": True})
    assert cheap.risk is not None
    alone = {
        "ruling": Ruling(verdict="approve", confidence=1 - cheap.risk),
        "tokens": cheap.tokens or 0, "reviewed": False,
        "completion": None, "failure": None, "refused": False, "grounded": [], "agrees": None, "verdict_logprob": None,
        "probed": None, "advised": cheap.advised.of_nothing() if cheap.advised is not None else None,
    }  # fmt: skip
    return cheap.model_copy(update=alone)


def claim(folder: str | Path) -> None:
    """Makes sure that a folder holds nothing but what a cascade decided before.

    Raises:
        DataError: it holds a run, or another evaluation, which would be written over.
    """
    file = Path(folder) / RUN
    if file.is_file() and KEY not in read_json(file):
        raise DataError("holds a run or another evaluation, which would be lost: choose another --out", file=folder)
