"""A dry run says what a run will take of each device, and what would fit where it does not."""

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from data import DataError
from rl.cli import app
from rl.terminal.forecast import Forecast, forecast_table
from rl.terminal.quantities import bytes_of
from rl.training.forecast import forecast
from rl.training.launch.machines import Machines
from rl.training.preflight import preflight


@pytest.fixture(scope="module")
def recipe(toy: Path, tiny_vl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("forecast")
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "name: mine\n"
        f"output: {tmp_path / 'run'}\n"
        f"data: {{train: {toy / 'cases.jsonl'}, rulebook: {toy / 'rules.yaml'}, template: compact}}\n"
        f"model: {{path: {tiny_vl}}}\n"
        "trainer: {max_steps: 2, per_device_train_batch_size: 8, gradient_checkpointing: false}\n"
    )
    return path


@pytest.fixture(scope="module")
def whole(recipe: Path) -> Forecast:
    found = preflight("sft", str(recipe)).forecast
    assert found is not None
    return found


def test_it_follows_the_batch(recipe: Path, whole: Forecast) -> None:
    half = preflight("sft", str(recipe), {"per_device_train_batch_size": "4"}).forecast
    assert half is not None and 0.4 < half.activations / whole.activations < 0.6
    assert whole.weights == half.weights and whole.optimiser == 2 * whole.weights and whole.writing == 0


def test_checkpointing_spares_what_layers_keep(recipe: Path, whole: Forecast) -> None:
    kept = preflight("sft", str(recipe), {"gradient_checkpointing": "true"}).forecast
    # Of two layers of a kind, it spares what one keeps; what is worked with at once stays, and is most of it here.
    assert kept is not None and kept.activations < 0.85 * whole.activations


def test_it_follows_the_sharding(recipe: Path, whole: Forecast) -> None:
    shared = preflight("sft", str(recipe), {}, "zero3", Machines(8)).forecast
    assert shared is not None and shared.weights == whole.weights // 8 and shared.sharding == "8 × zero3"


def test_grpo_writes(recipe: Path) -> None:
    settings = {"rubric": "default", "scale_rewards": "none", "max_completion_length": "32", "num_generations": "4"}
    found = preflight("grpo", str(recipe), settings).forecast
    assert found is not None and 0 < found.cache < found.writing and found.reference == 0
    priced = preflight("grpo", str(recipe), settings | {"beta": "0.1"}).forecast
    assert priced is not None and priced.reference == found.weights


@pytest.mark.parametrize("decay", ["1", "0"])
def test_a_teacher_of_a_whole_policy_is_another_model_unless_it_is_the_policy(decay: str, recipe: Path) -> None:
    settings = {"rubric": "default", "num_generations": "1", "max_completion_length": "32", "distil.decay": decay}
    found = preflight("distil", str(recipe), settings).forecast
    assert found is not None and found.reference == (found.weights if decay == "1" else 0)


@pytest.mark.slow
def test_what_would_fit_is_said(recipe: Path, whole: Forecast) -> None:
    assert whole.fits is None
    ample = 80 * 10**9
    plain = preflight("sft", str(recipe), device_memory=ample).forecast
    kept = preflight("sft", str(recipe), {"gradient_checkpointing": "true"}, device_memory=ample).forecast
    assert plain is not None and kept is not None and plain.fits and not plain.options and kept.peak < plain.peak
    found = preflight("sft", str(recipe), device_memory=kept.peak * 100 // 95 + 1)  # just enough for one of the two
    assert found.missing == ["memory"] and found.forecast is not None and found.forecast.memory is not None
    options = found.forecast.options
    assert options and all(option.fits and option.peak <= 0.95 * found.forecast.memory for option in options)
    words = options[0].flags.replace("--", "").split()
    advised = dict(zip(words[::2], words[1::2], strict=True))
    taken = preflight("sft", str(recipe), advised, device_memory=found.forecast.memory).forecast
    assert taken is not None and taken.fits and taken.peak == pytest.approx(options[0].peak, rel=0.02)


def test_what_would_be_least_is_said_where_nothing_fits(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Any] = []
    real = forecast.learn
    monkeypatch.setattr(forecast, "learn", lambda *args: passes.append(args) or real(*args))
    found = preflight("sft", str(recipe), device_memory=1000).forecast
    assert found is not None and len(found.options) == 1 and found.options[0].peak < found.peak
    assert not found.options[0].fits and len(passes) == 2  # the run's own, and one more
    console = Console(width=200)
    with console.capture() as capture:
        console.print(forecast_table(found))
    assert "the least that was found, and too much" in capture.get()


def test_on_the_command_line(recipe: Path) -> None:
    run = CliRunner().invoke(app, ["train", "sft", "--config", str(recipe), "--dry-run", "--json"])
    told = json.loads(run.stdout)
    assert told["ready"] and told["forecast"]["peak"] == told["forecast"]["learning"]
    asked = ["train", "sft", "--config", str(recipe), "--dry-run", "--device_memory", "80GB"]
    run = CliRunner().invoke(app, asked)
    assert "Forecast of memory" in run.stdout and "of 80.0 GB on each device" in run.stdout


@pytest.mark.parametrize("text", ["", "80", "GB", "-1GB", "0GB", "1e9GB", "80GB of it", "٣GB", "nanGB"])
def test_what_is_no_amount_of_memory(text: str) -> None:
    with pytest.raises(DataError, match="want an amount of memory such as 80GB"):
        bytes_of(text)
