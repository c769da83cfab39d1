"""What a server refuses to have answered: an outcome of its own, which counts like no ruling of any other kind."""

import random
from math import isnan
from pathlib import Path

import pytest
from rich.console import Console

from data import VERDICTS, Brief, Case, Rulebook
from prompts import Episode, Served, Turn
from rl.evaluation import Evaluation, Prediction, compare, compare_table, load_evaluation, save_evaluation
from rl.evaluation.files import summary
from rl.serving.review import checked

from .conftest import predicted

WHY = "HTTP 400: the response was filtered"


def reviews(name: str, refused: bool, seed: int = 0) -> Evaluation:
    """Three samples on each of 60 cases with twins and rules; a fifth is no ruling, refused or unparsed."""
    draw, predictions = random.Random(seed), []
    for n in range(60):
        gold = draw.choice(VERDICTS)
        for sample in range(3):
            verdict = draw.choice([*VERDICTS, gold, None])
            predictions.append(
                predicted(
                    f"c{n}",
                    verdict,
                    gold,
                    sample=sample,
                    rules=["A-1"] * (verdict == "reject"),
                    broken=["A-1"] * (gold == "reject"),
                    twin=f"c{n ^ 1}",
                    refused=refused and verdict is None,
                    risk={"approve": 0.1, "reject": 0.9}.get(verdict or ""),
                )
            )
    return Evaluation(name, "test", predictions)


def test_every_figure_is_that_of_as_many_unparsed() -> None:
    refused, unparsed = reviews("refused", True), reviews("unparsed", False)
    assert 20 < refused.refused == sum(p.ruling is None for p in unparsed.predictions) and unparsed.refused == 0
    assert refused.metrics == unparsed.metrics and len(refused.metrics) > 12
    assert refused.rules == unparsed.rules
    assert refused.cells[:, 4].sum() == unparsed.cells[:, 3].sum() == refused.refused
    assert refused.cells.sum() == len(refused.predictions)


def test_the_count_is_shown(tmp_path: Path) -> None:
    def said(*evaluations: Evaluation) -> str:
        console = Console(width=200, record=True, quiet=False, file=(tmp_path / "out").open("w"))
        console.print(compare_table(evaluations))
        return console.export_text()

    refused, unparsed = reviews("mine", True), reviews("theirs", False)
    assert f"60 cases, 3 samples of each, {refused.refused} refused by the server" in " ".join(said(refused).split())
    assert f"refused by servers: theirs 0, mine {refused.refused}" in said(unparsed, refused)
    assert "refused" not in said(unparsed)
    found = summary(refused)
    assert found["refused"] == refused.refused == sum(row["refused"] for row in found["cells"].values())


def test_two_models_that_are_refused_alike_agree_and_gain_nothing() -> None:
    found = compare(reviews("one", True), reviews("other", True), resamples=200)
    assert found.agreement.share[0][1] == pytest.approx(1.0) and not found.flips


def test_it_is_read_written_and_read_again(tmp_path: Path) -> None:
    book = Rulebook(name="one", rules=[{"id": "A-1", "text": "No guns."}])
    brief = Brief.of(Case.model_validate({"id": "c", "gold": {"verdict": "reject"}}), book)
    episode = Episode("c", (Turn(""),), served=Served(refused=WHY))
    prediction = Prediction.read(episode, brief)
    assert (prediction.verdict, prediction.failure, prediction.completion) == ("refused", WHY, None)
    save_evaluation(Evaluation("m", "test", [prediction]), tmp_path)
    assert load_evaluation(tmp_path).predictions == [prediction]
    assert WHY in (checked(episode, brief, {}).failure or "")


def test_predictions_from_before_there_were_refusals_are_read(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    evaluation = reviews("old", False)
    save_evaluation(evaluation, tmp_path)
    file = tmp_path / "predictions.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["refused"]), file)
    assert load_evaluation(tmp_path).predictions == evaluation.predictions
    assert not any(isnan(figure.value) for figure in load_evaluation(tmp_path).metrics.values())
