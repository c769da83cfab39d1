"""Apply: what a cascade decides on cases that both passes have ruled on, as an evaluation like any other."""

from pathlib import Path

from data import DataError, Ruling
from data.files import read_json
from rl.evaluation.cascade.cascade import Cascade
from rl.evaluation.evaluation import Evaluation, aligned
from rl.evaluation.predictions import Prediction
from rl.runs.folder import RUN

KEY = "cascade"
"""Where the provenance says what was done."""


def apply_cascade(cascade: Cascade, cheap: Evaluation, full: Evaluation) -> Evaluation:
    """The reviewer's predictions, but approvals of the cheap pass where it decides alone.

    A review is paid for by its tokens where it took place, and the cheap pass's everywhere, where they are known.

    Raises:
        DataError: the cascade was chosen for others or on some of these cases, or the two are not of the same cases.
    """
    cascade.check(cheap.origin, full.origin, {prediction.case for prediction in full.predictions})
    first, second = aligned([cheap, full])
    predictions = [_decided(cascade, *pair) for pair in zip(first, second, strict=True)]
    alone = sum(cascade.approves(prediction.risk) for prediction in first)
    facts = {
        "cheap": cheap.name, "full": full.name, "approve_below": cascade.approve_below, "promised": cascade.miss_rate,
        "confidence": cascade.confidence, "chosen_on": cascade.source, "approved_alone": alone,
        "reviewed": len(first) - alone,
    }  # fmt: skip
    known = {key: value for key, value in full.provenance.items() if key != "origin"}
    return Evaluation(f"{cheap.name} → {full.name}", full.split, predictions, known | {KEY: facts}, full.settings)


def claim(folder: str | Path) -> None:
    """Makes sure that a folder holds nothing but what a cascade decided before.

    Raises:
        DataError: it holds a run, or another evaluation, which would be written over.
    """
    file = Path(folder) / RUN
    if file.is_file() and KEY not in read_json(file):
        raise DataError("holds a run or another evaluation, which would be lost: choose another --out", file=folder)


def _decided(cascade: Cascade, cheap: Prediction, full: Prediction) -> Prediction:
    if not cascade.approves(cheap.risk):
        both = None if cheap.tokens is None or full.tokens is None else cheap.tokens + full.tokens
        return full.model_copy(update={"tokens": both if both is not None else full.tokens})
    assert cheap.risk is not None
    alone = {
        "ruling": Ruling(verdict="approve", confidence=1 - cheap.risk),
        "risk": cheap.risk, "tokens": cheap.tokens or 0,
        "completion": None, "failure": None, "refused": False, "grounded": [], "agrees": None, "verdict_logprob": None,
        "probed": None,
    }  # fmt: skip
    return full.model_copy(update=alone)
