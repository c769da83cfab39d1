"""`ruling data trajectories`, as it is typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import DataError
from data.billboard.desk import build_desk
from rl.cli.data import app
from rl.runs.trajectories import read_trajectories


def written(folder: Path, out: Path) -> str:
    tools = ["--tools", "search_rules,zoom,read"]
    given = [str(folder / "train.jsonl"), "--rulebook", str(folder / "rulebook.yaml"), *tools, "--out", str(out)]
    return CliRunner().invoke(app, ["trajectories", *given], catch_exceptions=False).stdout


@pytest.mark.parametrize("read", ["train.jsonl", "rulebook.yaml"])
def test_what_is_read_is_not_written_over(tmp_path: Path, read: str) -> None:
    folder = build_desk(tmp_path / "desk", 4, 2)
    before = (folder / read).read_bytes()
    with pytest.raises(DataError, match="is read, and would be written over"):
        written(folder, folder / read)
    assert (folder / read).read_bytes() == before
    assert "4 episodes" in written(folder, folder / "trajectories.jsonl")
    assert len(read_trajectories(folder / "trajectories.jsonl")) == 4
