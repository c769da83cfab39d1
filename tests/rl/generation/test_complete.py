"""A model is asked with the template that it was trained with."""

from pathlib import Path

import pytest

from rl.generation.complete import trained_template
from rl.runs.provenance import provenance, write_run


@pytest.mark.parametrize("named", [".", "checkpoints/final"])
def test_a_run_names_its_template(tmp_path: Path, named: str):
    (tmp_path / "checkpoints" / "final").mkdir(parents=True)
    assert trained_template(tmp_path / named) is None
    write_run(tmp_path, provenance(template="compact"))
    assert trained_template(tmp_path / named) == "compact"
