"""From files of videos to figures and a page: prepare, evaluate, compare."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("av")

from data import Rule, Rulebook
from rl.cli.compare import app as compare
from rl.cli.data import app as data
from rl.cli.evaluate import app as evaluate
from tests.data.media.recordings import write_video

GOLD = {"verdict": "reject", "violations": [{"rule": "GUN-1", "evidence": [{"interval": [0.5, 1.5]}]}]}
CITED = {"old": [1, 2], "new": [0.5, 1.25]}
"""Seconds that each model cites: an IoU of 1/3, the middle at gold's end; and one of 3/4."""


def run(app: object, *words: object) -> str:
    found = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "160"})
    assert found.exit_code == 0, found.output or found.exception
    return found.output


@pytest.mark.slow
def test_a_folder_of_videos_becomes_figures_and_a_page(tmp_path: Path) -> None:
    (tmp_path / "ads").mkdir()
    lines = []
    for n in range(4):
        write_video(tmp_path / "ads" / f"{n}.webm", frames=20 + n, rate=10, codec="libvpx")
        lines.append({"id": f"ad-{n}", "video": f"{n}.webm", "gold": GOLD})
    (tmp_path / "ads" / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    Rulebook(name="one", rules=(Rule(id="GUN-1", text="No guns."),)).dump(tmp_path / "rules.yaml")
    run(data, "prepare", tmp_path / "ads" / "cases.jsonl", "--out", tmp_path / "prepared", "--frames", 4)
    cases = tmp_path / "prepared" / "cases.jsonl"
    for name, interval in CITED.items():
        cited = [{"rule": "GUN-1", "evidence": [{"interval": interval}]}]
        said = [{"id": f"ad-{n}", "verdict": "reject", "risk": 0.9, "violations": cited} for n in range(4)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said))
        shown = run(
            evaluate, "--predictions", tmp_path / f"{name}.jsonl", "--data", cases, "--rulebook",
            tmp_path / "rules.yaml", "--out", tmp_path / name, "--name", name, "--copy-recordings",
        )  # fmt: skip
        assert all(title in shown for title in ("interval mIoU", "intervals at IoU .50", "frame hit rate"))
    figures = {name: json.loads((tmp_path / name / "metrics.json").read_text())["metrics"] for name in CITED}
    levels = [f"intervals_at_iou_{level}" for level in (30, 50, 70)]
    of = {name: [found[figure]["value"] for figure in ("interval_miou", *levels, "frame_hit_rate")]
          for name, found in figures.items()}  # fmt: skip
    assert of == {"old": pytest.approx([1 / 3, 1, 0, 0, 1]), "new": pytest.approx([0.75, 1, 1, 1, 1])}
    put = list((tmp_path / "new" / "report.pictures").glob("*.webm"))
    assert sorted(path.read_bytes() for path in put) == sorted(
        p.read_bytes() for p in (tmp_path / "ads").glob("*.webm")
    )
    shown = run(compare, tmp_path / "old", tmp_path / "new", "--out", tmp_path / "report.html", "--resamples", 200)
    assert "+.417" in next(line for line in shown.splitlines() if "interval mIoU" in line)
    assert not list(tmp_path.glob("report.pictures/*.webm"))  # they lie below the page's folder as they are
