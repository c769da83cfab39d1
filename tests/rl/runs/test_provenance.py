"""Where things come from."""

from pathlib import Path

import pytest

from data import Rule, Rulebook
from prompts import TEMPLATE_VERSION
from rl.runs.provenance import checkpoint_hash, provenance, trained_template, write_run

BOOK = Rulebook(name="one", version="3", rules=(Rule(id="A", text="No."),))


def test_facts() -> None:
    facts = provenance(model="org/model", book=BOOK, template="default", decoding={"temperature": 0.0}, cases=4)
    assert facts["checkpoint"] == {"path": "org/model", "hash": None}
    assert facts["rulebook"] == {"name": "one", "version": "3", "fingerprint": BOOK.fingerprint}
    assert facts["template"] == {"name": "default", "version": TEMPLATE_VERSION}
    assert facts["decoding"] == {"temperature": 0.0} and facts["cases"] == 4
    assert {"python", "torch", "transformers", "trl"} <= facts["packages"].keys()


def test_the_hash_is_that_of_the_weights(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(b"weights" if name != "c" else b"other weights")
        (tmp_path / name / "config.json").write_text("{}")
        (tmp_path / name / "trainer_state.json").write_text(name)
        (tmp_path / name / "training_args.bin").write_text(name)
    hashes = [checkpoint_hash(tmp_path / name) for name in ("a", "b", "c")]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("named", [".", "checkpoints/final"])
def test_a_run_names_its_template(tmp_path: Path, named: str) -> None:
    (tmp_path / "checkpoints" / "final").mkdir(parents=True)
    assert trained_template(tmp_path / named) is None
    write_run(tmp_path, provenance(template="compact"))
    assert trained_template(tmp_path / named) == "compact"


def test_run_is_written_as_json(tmp_path: Path) -> None:
    assert '"é"' in write_run(tmp_path / "new", {"é": 1}).read_text(encoding="utf-8")
