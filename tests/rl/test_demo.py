"""The demo's folder is for one demo, and what is done there is not done again. The loop itself is run by CI."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from data import DataError
from data.files import write_json
from rl.cli.demo import HELP, TYPICAL
from rl.demo import MODELS, SPLITS, WORK, Demo, DemoConfig, _agenda, _remember
from rl.evaluation.files import METRICS_FILE
from rl.runs.folder import RUN


def test_stages_of_different_demos_are_never_mixed(tmp_path: Path):
    _remember(tmp_path / "demo", DemoConfig(seed=1))
    _remember(tmp_path / "demo", DemoConfig(seed=1))
    with pytest.raises(DataError, match="seed 1 → 2"):
        _remember(tmp_path / "demo", DemoConfig(seed=2))


def overview(demo: Demo, config: DemoConfig) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    console.print(_agenda(demo, config).table())
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()[1:]]  # type: ignore[attr-defined]


def test_a_new_demo_has_everything_to_come(tmp_path: Path):
    assert overview(Demo(tmp_path, {}), DemoConfig(cases=640, test_cases=40)) == [
        "· ads 640 to train on, 80 to test on",
        "· SFT 400 steps of imitating a teacher who errs",
        "· GRPO 60 steps of learning from the rubric",
        "· reviews 160 rulings on ads new to the models",
        "· page what improved, with the cases",
    ]


def test_ppo_may_join_a_demo_that_is_there(tmp_path: Path):
    _remember(tmp_path, DemoConfig(cases=640, test_cases=40))
    joined = DemoConfig(cases=640, test_cases=40, ppo=True)
    _remember(tmp_path, joined)
    lines = overview(Demo(tmp_path, {}), joined)
    assert any(re.fullmatch(r"· PPO \d+ steps of learning from the rubric, with a critic", line) for line in lines)
    assert "· reviews 240 rulings on ads new to the models" in lines


def test_a_demo_that_goes_on_does_what_is_left(tmp_path: Path):
    demo, config = Demo(tmp_path, {}), DemoConfig()
    demo.cases("train").parent.mkdir()
    demo.cases("changed").write_text("")
    demo.run("SFT").final.mkdir(parents=True)
    assert [line[0] for line in overview(demo, config)] == ["✓", "·", "·", "·", "·"]  # its run.json is missing
    write_json(demo.run("SFT").path / RUN, {})
    for split in SPLITS:
        for model in config.models:
            assert [line[0] for line in overview(demo, config)] == ["✓", "✓", "·", "·", "·"]
            write_json(demo.evaluation(split, model) / METRICS_FILE, {})
    assert [line[0] for line in overview(demo, config)] == ["✓", "✓", "·", "✓", "·"]


def test_the_guide_and_the_help_say_how_long_it_takes_alike():
    assert TYPICAL in (Path(__file__).parents[2] / "README.md").read_text("utf-8") and TYPICAL in HELP


def test_every_stage_that_is_foretold_is_one():
    assert set(WORK) == {*MODELS, "reviews", "page"}
