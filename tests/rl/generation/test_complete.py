"""A model is asked with the template that it was trained with."""

from pathlib import Path

import pytest

from data import Case, DataError, Frame, Gold
from rl.generation.complete import Decoding, cases_hash, trained_template
from rl.runs.provenance import provenance, write_run


@pytest.mark.parametrize("named", [".", "checkpoints/final"])
def test_a_run_names_its_template(tmp_path: Path, named: str):
    (tmp_path / "checkpoints" / "final").mkdir(parents=True)
    assert trained_template(tmp_path / named) is None
    write_run(tmp_path, provenance(template="compact"))
    assert trained_template(tmp_path / named) == "compact"


def test_several_samples_need_a_temperature():
    with pytest.raises(DataError, match="temperature"):
        Decoding(samples=2)


def test_the_hash_of_cases_is_of_what_a_model_is_shown(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"abc")
    (tmp_path / "b.png").write_bytes(b"abcde")
    frames = [Frame(path="b.png", time=1.5), Frame(path="gone.png", time=2)]
    case = Case(id="1", text={"title": "Tea"}, images=["a.png"], frames=frames, rules=["A-1"]).at(tmp_path)
    before = cases_hash([case])
    assert before == "cb0435157e1e", "completions that are kept are found by it"
    unseen = {"gold": Gold(verdict="approve"), "meta": {"market": "SG"}, "weight": 2.0, "group": "g"}
    assert cases_hash([case.model_copy(update=unseen)]) == before
    for shown in ({"images": []}, {"frames": frames[:1]}, {"text": {}}, {"rules": None}, {"id": "2"}):
        assert cases_hash([case.model_copy(update=shown)]) != before
    (tmp_path / "b.png").write_bytes(b"another picture")
    assert cases_hash([case]) != before
