"""A reward model measured on pairs: the scores that a rubric would get, files, table and page."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from data import DataError
from rewards.batch import Item
from rewards.model_based.reward_model import RewardModel
from rewards.models.checkpoint import load_processor
from rewards.models.scalar_head import HEAD, ScalarHead
from rl.evaluation.page.pairs import write_pairs_page
from rl.evaluation.pairwise.evaluate import evaluate_pairs
from rl.evaluation.pairwise.table import pairs_notes, pairs_table
from tests.rl.conftest import toy_briefs
from tests.rl.preferences import toy_pairs


@pytest.fixture(scope="module")
def scorer(tiny_vl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reward model with an opinion of its own, right or wrong."""
    out = tmp_path_factory.mktemp("scorer") / "<b>scorer"
    backbone = AutoModel.from_pretrained(tiny_vl)
    weight = torch.randn(1, 64, generator=torch.Generator().manual_seed(0))
    ScalarHead(backbone, weight).save_pretrained(out)
    load_processor(tiny_vl).save_pretrained(out)
    return out


def test_what_is_measured_is_what_a_rubric_gets(scorer: Path, toy: Path, tmp_path: Path) -> None:
    briefs = toy_briefs(toy / "cases.jsonl")
    pairs = toy_pairs(briefs)[:10] * 2
    found = evaluate_pairs(scorer, pairs, briefs, tmp_path, template="compact", batch_size=4, progress=False)
    reward = RewardModel(model=str(scorer), template="compact")
    for one, judged in zip(pairs[:3], found.judged, strict=False):
        outcomes = reward.score_batch([Item(ruling, one.brief(briefs)) for ruling in (one.chosen, one.rejected)])
        scores = [outcome.parts["score"] for outcome in outcomes]  # type: ignore[union-attr]
        assert [judged.better, judged.worse] == pytest.approx(scores, abs=1e-4)
    assert found.judged[:10] == found.judged[10:] and found.figures.cases == 10

    rows = pq.read_table(tmp_path / "pairs.parquet").to_pylist()
    assert [row["better"] for row in rows] == [judged.better for judged in found.judged]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    right = sum(judged.better > judged.worse for judged in found.judged)  # type: ignore[operator]
    assert metrics["accuracy"]["value"] == right / 20 and metrics["unscored"] == 0
    assert json.loads((tmp_path / "run.json").read_text())["template"]["name"] == "compact"

    console = Console(width=120, record=True)
    console.print(pairs_table(found), pairs_notes(found))
    assert "where it is the shorter one" in console.export_text()
    page = write_pairs_page(tmp_path / "report.html", found).read_text()
    assert f"in {100 * right / 20:.1f}\u202f% of pairs" in page and "<svg" in page
    assert "<b>scorer" not in page and "&lt;b&gt;scorer" in page and "<script" not in page


def test_what_cannot_be_scored_is_counted_and_not_wrong(scorer: Path, toy: Path, tmp_path: Path) -> None:
    briefs = toy_briefs(toy / "cases.jsonl")
    pairs = toy_pairs(briefs)[:4]
    briefs[pairs[0].case].case.images = ["missing.png"]
    found = evaluate_pairs(scorer, pairs, briefs, tmp_path, template="compact", progress=False).figures
    assert found.unscored == 1 and found.accuracy is not None and found.accuracy.support == 3


def test_the_folder_of_another_kind_of_evaluation_is_left_alone(scorer: Path, toy: Path, tmp_path: Path) -> None:
    (tmp_path / "predictions.parquet").write_bytes(b"")
    briefs = toy_briefs(toy / "cases.jsonl")
    with pytest.raises(DataError, match="choose another --out"):
        evaluate_pairs(scorer, toy_pairs(briefs), briefs, tmp_path)


def test_another_models_evaluation_is_not_written_over(scorer: Path, toy: Path, tmp_path: Path) -> None:
    briefs = toy_briefs(toy / "cases.jsonl")
    pairs, out = toy_pairs(briefs)[:2], tmp_path / "out"
    other = Path(shutil.copytree(scorer, tmp_path / "other"))
    weight = load_file(other / HEAD)["score.weight"]
    save_file({"score.weight": -weight}, other / HEAD)
    first = evaluate_pairs(scorer, pairs, briefs, out, template="compact", progress=False)
    with pytest.raises(DataError, match=rf"holds the evaluation of '{first.name}'.*, not of 'other'"):
        evaluate_pairs(other, pairs, briefs, out, template="compact", progress=False)
    again = evaluate_pairs(scorer, pairs, briefs, out, template="compact", progress=False)
    assert again.judged == first.judged
