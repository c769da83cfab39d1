import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.utils.data import RandomSampler
from transformers import TrainerCallback
from trl.trainer.utils import RepeatSampler

from data import DataError
from rewards import Rubric
from rl.config.model import ModelConfig
from rl.config.policy import GRPORecipe
from rl.config.train import SFTRecipe
from rl.runs.checkpoints import newest_checkpoint
from rl.runs.folder import RunFolder
from rl.runs.manifest import COMPLETE, Manifest
from rl.runs.rollouts import read_rollouts
from rl.training import train as train_run
from rl.training.trainers.resumable import EpochSampler, ResumableTrainer
from tests.rl.training.toy_reward import ToyRubric


class Interruption(Exception):
    pass


class Interrupter(TrainerCallback):
    def __init__(self, step: int):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            raise Interruption


@contextmanager
def interruptions() -> Iterator[Callable[[int | None], None]]:
    """A function that makes training stop with an `Interruption` after a step; None lets it run to the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rubric, "load", lambda *args: ToyRubric())
        whole_run = ResumableTrainer.run

        def at(step: int | None) -> None:
            def interrupted(self, *arguments):
                if step is not None:
                    self.add_callback(Interrupter(step))
                whole_run(self, *arguments)

            patch.setattr(ResumableTrainer, "run", interrupted)

        yield at


@pytest.fixture
def interrupt() -> Iterator[Callable[[int | None], None]]:
    with interruptions() as at:
        yield at


def recipe(kind: str, toy: Path, model: Path, output: Path, **trainer):
    settings = {
        "max_steps": 7,
        "save_steps": 2,
        "per_device_train_batch_size": 32,
        "report_to": "none",
        "gradient_checkpointing": False,
        "learning_rate": 1e-3,
        "disable_tqdm": True,
    }
    data = {"train": [str(toy / "text.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"}
    shared = {"name": "x", "output": output, "model": {"path": str(model)}, "data": data}
    if kind in ("sft", "muon"):
        return SFTRecipe(**shared, muon=kind == "muon", trainer=settings | trainer)
    # 32 cases a step, two steps an epoch, as in SFT
    settings |= {"num_generations": 2, "per_device_train_batch_size": 64, "max_completion_length": 6}
    # With a reference model, which has to be the one that the run began with.
    settings |= {"scale_rewards": "none", "beta": 0.1}
    return GRPORecipe(**shared, rubric="toy", trainer=settings | trainer)


def train(recipe, resume: bool = False) -> dict[str, torch.Tensor]:
    return load_file(train_run(recipe, resume) / "model.safetensors")


@pytest.mark.parametrize("kind", ["sft", "muon", "grpo"])
def test_an_interrupted_run_ends_like_one_that_was_not(
    kind: str, toy: Path, tiny_text: Path, tmp_path: Path, interrupt
):
    interrupt(None)
    whole = recipe(kind, toy, tiny_text, tmp_path / "whole", save_total_limit=1)
    weights = train(whole)
    assert [path.name for path in (tmp_path / "whole/checkpoints").glob("checkpoint-*")] == ["checkpoint-7"]
    broken = recipe(kind, toy, tiny_text, tmp_path / "broken", save_total_limit=1)
    for step, resume in ((3, False), (5, True)):  # in epochs 2 and 3, each a step after the last checkpoint
        interrupt(step)
        with pytest.raises(Interruption):
            train(broken, resume)
    interrupt(None)
    resumed = train(broken, resume=True)
    assert resumed.keys() == weights.keys()
    assert all(torch.equal(resumed[name], weight) for name, weight in weights.items())
    if kind == "grpo":
        assert read_rollouts(tmp_path / "broken") == read_rollouts(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sft", "grpo"])
def test_adapters_are_resumed_as_well(kind: str, toy: Path, tiny_text: Path, tmp_path: Path, interrupt):
    def adapted(output: str):
        chosen = recipe(kind, toy, tiny_text, tmp_path / output, learning_rate=1e-2)
        return chosen.model_copy(update={"model": ModelConfig(path=str(tiny_text), lora={"r": 4, "dropout": 0.1})})

    def adapter(output: str) -> dict[str, torch.Tensor]:
        return load_file(RunFolder(tmp_path / output).final / "adapter_model.safetensors")

    interrupt(None)
    train_run(adapted("whole"))
    interrupt(3)
    with pytest.raises(Interruption):
        train_run(adapted("broken"))
    interrupt(None)
    train_run(adapted("broken"), resume=True)
    assert adapter("broken").keys() == adapter("whole").keys()
    assert all(torch.equal(adapter("broken")[name], weight) for name, weight in adapter("whole").items())
    assert any(weight.abs().max() > 1e-3 for name, weight in adapter("whole").items() if "lora_B" in name)


@pytest.fixture(scope="module")
def interrupted_run(toy: Path, tiny_text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of GRPO that was interrupted after its third step."""
    output = tmp_path_factory.mktemp("interrupted") / "run"
    with interruptions() as at:
        at(3)
        with pytest.raises(Interruption):
            train(recipe("grpo", toy, tiny_text, output))
    return output


@pytest.fixture
def begun(interrupted_run: Path, tmp_path: Path, interrupt) -> Path:
    """A copy of that run, to be resumed."""
    interrupt(None)
    return shutil.copytree(interrupted_run, tmp_path / "begun")


def test_what_cannot_be_resumed_exactly_is_refused(begun: Path, toy: Path, tiny_text: Path):
    def resumed(**trainer):
        return recipe("grpo", toy, tiny_text, begun, **trainer)

    with pytest.raises(DataError, match="there is a run already"):
        train(resumed())
    with pytest.raises(DataError, match="per_device_train_batch_size: 32 now, 64 when"):
        train(resumed(per_device_train_batch_size=32), resume=True)
    with pytest.raises(DataError, match="num_generations: 4 now, 2 when"):
        train(resumed(num_generations=4), resume=True)
    with pytest.raises(DataError, match="seed: 1 now, 0 when"):
        train(resumed().model_copy(update={"seed": 1}), resume=True)
    with pytest.raises(DataError, match="kind: sft now, grpo when"):
        train(recipe("sft", toy, tiny_text, begun), resume=True)


class TestAnotherRunIsRefused:
    """On an SFT run of one step that has been saved."""

    @pytest.fixture
    def own(self, toy: Path, tiny_text: Path, tmp_path: Path) -> dict[str, Path]:
        """The data and the model of the run alone, so that they can be changed."""
        (tmp_path / "toy").mkdir()
        for name in ("text.jsonl", "rules.yaml"):
            shutil.copy(toy / name, tmp_path / "toy" / name)
        return {"toy": tmp_path / "toy", "model": shutil.copytree(tiny_text, tmp_path / "model")}

    @pytest.fixture
    def saved(self, own: dict[str, Path], tmp_path: Path, interrupt) -> Callable[..., SFTRecipe]:
        """The recipe of the run; with changes, of one that is to go on from it."""
        interrupt(None)

        def same(kind: str = "sft", **trainer) -> SFTRecipe:
            return recipe(kind, own["toy"], own["model"], tmp_path / "run", **{"max_steps": 1} | trainer)

        train(same())
        return same

    def test_it_names_every_key_and_what_may_change(self, saved: Callable[..., SFTRecipe]):
        changed = saved(learning_rate=2e-3, weight_decay=0.5).model_copy(update={"seed": 1})
        with pytest.raises(DataError) as refused:
            train(changed, resume=True)
        said = str(refused.value)
        assert "checkpoint-1: seed: 1 now, 0 when it was saved; trainer.learning_rate: 0.002 now, 0.001 when" in said
        assert "trainer.weight_decay: 0.5 now, left out when it was saved. Resume with the same" in said
        assert "only these may change: " in said and "max_steps" in said and "logging_*" in said
        assert '"learning_rate": 0.001' in (saved().output / "run.json").read_text()

    def test_a_setting_that_was_left_out_is_its_default(self, saved: Callable[..., SFTRecipe]):
        train(saved(weight_decay=0.0, adam_beta1=0.9), resume=True)

    def test_data(self, saved: Callable[..., SFTRecipe], own: dict[str, Path]):
        file = own["toy"] / "text.jsonl"
        lines = file.read_text().splitlines()
        file.write_text("\n".join([*lines[:-1], lines[-1].replace('"title": "', '"title": "new ')]))
        with pytest.raises(DataError, match=r"data\.train: \w{16} now, \w{16} when"):  # as many rows as before
            train(saved(), resume=True)

    def test_the_rulebook(self, saved: Callable[..., SFTRecipe], own: dict[str, Path]):
        file = own["toy"] / "rules.yaml"
        file.write_text(file.read_text().replace("no claim to cure", "no claim to heal"))
        with pytest.raises(DataError, match=r"data\.rulebook: \w{12} now, \w{12} when"):
            train(saved(), resume=True)

    def test_the_model(self, saved: Callable[..., SFTRecipe], own: dict[str, Path]):
        file = own["model"] / "model.safetensors"
        save_file({name: weight + 1 for name, weight in load_file(file).items()}, file, {"format": "pt"})
        with pytest.raises(DataError, match=r"model: \w{16} now, \w{16} when"):
            train(saved(), resume=True)

    def test_where_things_lie_may_change(self, saved: Callable[..., SFTRecipe], own: dict[str, Path], tmp_path: Path):
        own["toy"], own["model"] = own["toy"].rename(tmp_path / "b"), own["model"].rename(tmp_path / "c")
        train(saved(), resume=True)

    @pytest.mark.parametrize(("first", "then"), [("muon", "sft"), ("sft", "muon")])
    def test_the_optimiser(self, first: str, then: str, saved: Callable[..., SFTRecipe], tmp_path: Path):
        began = saved(first).model_copy(update={"output": tmp_path / "other"})
        train(began)
        with pytest.raises(DataError, match=r"muon: (True|left out) now, (True|left out) when it was saved"):
            train(began.model_copy(update={"muon": then == "muon"}), resume=True)

    def test_what_may_change_does(self, saved: Callable[..., SFTRecipe]):
        longer = saved(max_steps=4, logging_steps=1, save_steps=1, save_total_limit=2)
        train(longer, resume=True)
        checkpoint = newest_checkpoint(RunFolder(longer.output))
        history = json.loads((checkpoint / "trainer_state.json").read_text())["log_history"]
        assert [entry["step"] for entry in history if "loss" in entry] == [2, 3, 4]
        kept = {path.name for path in (longer.output / "checkpoints").iterdir() if path.is_dir()}
        assert kept == {"checkpoint-3", "checkpoint-4", "final"}


def test_weights_that_do_not_match_key_by_key_are_an_error(begun: Path, toy: Path, tiny_text: Path):
    file = newest_checkpoint(RunFolder(begun)) / "model.safetensors"
    whole = load_file(file)
    name = next(name for name in whole if "mlp" in name)

    def save(weights: dict[str, torch.Tensor]) -> None:
        save_file(weights, file, {"format": "pt"})
        said = Manifest.read(file.parent)
        Manifest.write(file.parent, said.identity, said.pace)  # so that it is not called damaged before that

    save({key: value for key, value in whole.items() if key != name})
    with pytest.raises(DataError, match=f"1 missing keys.*{name}"):
        train(recipe("grpo", toy, tiny_text, begun), resume=True)
    save(whole | {"invented.weight": torch.zeros(1)})
    with pytest.raises(DataError, match=r"1 unexpected keys.*invented\.weight"):
        train(recipe("grpo", toy, tiny_text, begun), resume=True)


def test_a_finished_run_takes_no_further_step(toy: Path, tiny_text: Path, tmp_path: Path, interrupt):
    interrupt(None)
    short = recipe("sft", toy, tiny_text, tmp_path / "short", max_steps=3)
    weights = train(short)
    shutil.rmtree(tmp_path / "short/checkpoints/final")  # killed between the last checkpoint and the final save
    again = train(short, resume=True)
    assert RunFolder(short.output).facts().steps == 3
    assert all(torch.equal(again[name], weight) for name, weight in weights.items())


@pytest.mark.parametrize("setting", ["load_best_model_at_end", "save_only_model"])
def test_settings_under_which_nothing_could_be_resumed_are_refused(
    setting: str, toy: Path, tiny_text: Path, tmp_path: Path
):
    options = {setting: True, "eval_strategy": "steps", "eval_steps": 2}
    chosen = recipe("sft", toy, tiny_text, tmp_path / "run", **options)
    others = (toy / "text.jsonl").read_text().replace('"toy-', '"other-')
    (tmp_path / "valid.jsonl").write_text(others)
    chosen.data.valid = [str(tmp_path / "valid.jsonl")]
    with pytest.raises(DataError, match=setting):
        train(chosen)


def test_a_checkpoint_between_two_generations_is_refused(toy: Path, tiny_text: Path, tmp_path: Path, interrupt):
    interrupt(None)
    with pytest.raises(DataError, match=r"save_steps: 3 steps are not a multiple of 2"):
        train(recipe("grpo", toy, tiny_text, tmp_path / "a", steps_per_generation=2, save_steps=3))
    with pytest.raises(DataError, match="drawn every 3 batches and weights change every 2"):
        train(recipe("grpo", toy, tiny_text, tmp_path / "a", num_iterations=3, gradient_accumulation_steps=2,
                     steps_per_generation=1))  # fmt: skip
    # The last checkpoint lies where training ends, on a boundary or not; from there it cannot go on.
    odd = {"num_iterations": 2, "max_steps": 3}
    train(recipe("grpo", toy, tiny_text, tmp_path / "b", **odd))
    with pytest.raises(DataError, match="between two generations"):
        train(recipe("grpo", toy, tiny_text, tmp_path / "b", **odd | {"max_steps": 8}), resume=True)


def test_the_marker_is_written_last_and_tells_the_pace(begun: Path):
    checkpoint = newest_checkpoint(RunFolder(begun))
    marker = checkpoint / COMPLETE
    others = [path for path in checkpoint.iterdir() if path != marker]
    assert others and all(path.stat().st_mtime_ns <= marker.stat().st_mtime_ns for path in others)
    said = json.loads(marker.read_text())
    assert said["identity"]["trainer.num_generations"] == 2 and said["pace"]["processes"] == 1
    assert said["files"].keys() == {path.relative_to(checkpoint).as_posix() for path in others}


class TestEpochSampler:
    def orders(self, sampler: EpochSampler, epochs: list[int]) -> list[list[int]]:
        def order(epoch: int) -> list[int]:
            sampler.epoch = epoch
            return list(sampler)

        return [order(epoch) for epoch in epochs]

    @pytest.mark.parametrize(
        "make", [lambda: RepeatSampler(range(50), 2, 5, seed=3), lambda: RandomSampler(range(50))]
    )
    def test_an_epoch_has_one_order_whatever_came_before(self, make):
        first = self.orders(EpochSampler(make(), seed=3), [0, 1, 2])
        assert self.orders(EpochSampler(make(), seed=3), [2, 1, 0]) == first[::-1]
        assert len({tuple(order) for order in first}) == 3
        assert self.orders(EpochSampler(make(), seed=4), [0]) != first[:1]

    def test_the_first_epoch_is_as_in_trl(self):
        expected = list(RepeatSampler(range(50), 2, 5, seed=3))
        sampler = EpochSampler(RepeatSampler(range(50), 2, 5, seed=3), seed=3)
        assert (list(sampler), len(sampler)) == (expected, len(expected))

    def test_the_global_random_state_is_left_alone(self):
        torch.manual_seed(0)
        expected = torch.rand(1)
        torch.manual_seed(0)
        list(EpochSampler(RandomSampler(range(5)), seed=3))
        assert torch.rand(1) == expected
