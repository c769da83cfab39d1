"""The shipped rubrics stand on the data that they are for."""

import pytest

from benchmarks.seconds import SETS
from data import Briefs, Rulebook, load_cases
from data.billboard import BillboardConfig, build
from data.foreign.convert import convert_file
from rewards import Rubric
from rewards.audit import audit

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", SETS)
def test_real_sets(real_data, tmp_path, name):
    cases = convert_file(real_data / name / SETS[name], name, tmp_path).cases
    found = audit(Rubric.load(name), Briefs.bind(cases, Rulebook.load(name)))
    assert found.ok and not found.flaws, found.flaws


@pytest.mark.parametrize("rubric", ["billboard", "default"])
@pytest.mark.parametrize("level", ["demo", "full"])
@pytest.mark.parametrize("split", ["train", "changed"])
def test_billboard(tmp_path, rubric, level, split):
    build(BillboardConfig(cases=120, test_cases=120, level=level), tmp_path)
    book = Rulebook.load(tmp_path / "rulebook.yaml")
    found = audit(Rubric.load(rubric), Briefs.bind(load_cases(tmp_path / f"{split}.jsonl"), book))
    assert found.ok and not found.flaws, found.flaws
