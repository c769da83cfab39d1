"""The right answer earns full marks: on Billboard, and on the real sets with the rubrics shipped for them."""

import pytest

from data import Briefs, Rulebook, load_cases
from data.billboard.build import BillboardConfig, build
from data.foreign.convert import convert_file
from data.foreign.mapping import Mapping
from prompts import target, write
from rewards import Rubric, Scorecard


def score_gold(briefs: Briefs, rubric: str) -> list[Scorecard]:
    gold = [write(target(brief.case, brief.excerpt, confidence=1.0, imitate=False)) for brief in briefs]
    return Rubric.load(rubric).score_many(gold, briefs)


@pytest.mark.parametrize("level", ["demo", "full"])
def test_billboard(level, tmp_path):
    build(BillboardConfig(cases=40, test_cases=10, level=level), tmp_path)
    book = Rulebook.load(tmp_path / "rulebook.yaml")
    for split in ("train", "changed"):
        for card in score_gold(Briefs.bind(load_cases(tmp_path / f"{split}.jsonl"), book), "billboard"):
            assert card.closed is None and card.total == pytest.approx(1.7), card


@pytest.mark.parametrize(
    ("name", "source", "least"),
    [
        ("ec_darkpattern", "dataset.tsv", 1.6),
        ("contextdp", "labels.csv", 1.6),  # coordinates are written to a thousandth
        ("kuaimod", "benchmark.jsonl", 1.7),  # gold does not say where, so the target cannot either
    ],
)
def test_real_sets(real_data, tmp_path, name, source, least):
    mapping = Mapping.load(name).model_copy(update={"group": None})  # near-duplicates earn what all others do
    cases = convert_file(real_data / name / source, mapping, tmp_path).cases
    for card in score_gold(Briefs.bind(cases, Rulebook.load(name)), name):
        assert card.closed is None and card.total >= least - 1e-9, card
