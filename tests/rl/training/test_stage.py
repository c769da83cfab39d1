"""What every kind of training does, and that two of them never share a folder: with real processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from data import Briefs, Case, DataError, Rule, Rulebook
from prompts.excerpts import Excerpts, RetrievalConfig
from rl.config import GRPORecipe, SFTRecipe
from rl.config.model import ModelConfig, TinyConfig
from rl.runs.folder import RunFolder
from rl.runs.lock import hold
from rl.training import train
from rl.training.grpo import GRPOStage
from rl.training.launch.launch import launch
from rl.training.registry import KINDS, Kind, stage_of
from rl.training.rows import texts_of
from rl.training.sft import SFTStage
from rl.training.stage import Parts, Start

ROOT = Path(__file__).parents[3]
QUICK = {"gradient_checkpointing": False, "report_to": "none", "disable_tqdm": True, "bf16": False}


def recipe_for(toy: Path, model: Path | str, output: Path, **trainer: Any) -> SFTRecipe:
    return SFTRecipe(
        name="toy",
        output=output,
        model={"path": str(model)},
        data={"train": [str(toy / "text.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"},
        trainer={"max_steps": 1, "per_device_train_batch_size": 4} | QUICK | trainer,
    )


class MyRecipe(SFTRecipe):
    kind = "mine"


class MyStage(SFTStage):
    """Says what it is asked, and whether the run is held meanwhile."""

    asked: list[tuple[str, bool]]

    def _note(self, what: str) -> None:
        MyStage.asked.append((what, self.run.holder.exists()))

    def check(self, arguments: Any) -> None:
        self._note("check")

    def choose(self, start: Start) -> Briefs:
        self._note("choose")
        return start.briefs[:8]

    def rows(self, *args: Any, **kwargs: Any) -> Any:
        self._note("rows")
        return super().rows(*args, **kwargs)

    def trainer(self, parts: Parts) -> Any:
        self._note("trainer")
        assert len(parts.rows) == len(parts.start.briefs) == 8 and parts.checkpoint is None
        return super().trainer(parts)


def test_a_kind_of_training_says_only_what_is_its_own(
    toy: Path, tiny_text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "mine", Kind(MyRecipe, f"{__name__}:MyStage", "Mine."))
    MyStage.asked = []
    mine = MyRecipe(**recipe_for(toy, tiny_text, tmp_path / "run").model_dump())
    final = train(mine)
    assert MyStage.asked == [("check", False), ("choose", True), ("rows", True), ("trainer", True)]
    assert final == RunFolder(tmp_path / "run").final and (final / "model.safetensors").is_file()
    assert RunFolder(tmp_path / "run").facts().steps == 1
    assert not RunFolder(tmp_path / "run").holder.exists()


def test_steps_are_told_before_training(toy: Path, tmp_path: Path) -> None:
    def steps(**trainer: Any) -> int | None:
        recipe = recipe_for(toy, "anything", tmp_path, **trainer)
        return SFTStage(recipe).steps(recipe.arguments(), cases=10)

    assert steps(max_steps=7) == 7
    assert steps(max_steps=-1, num_train_epochs=2, gradient_accumulation_steps=2) == 2 * 2  # of 8 and of 2


def test_a_run_that_is_held_is_not_touched(toy: Path, tmp_path: Path) -> None:
    """It is refused before anything is read: neither the model nor the data are there."""
    recipe = recipe_for(tmp_path, "nowhere", tmp_path / "run")
    cut_off = RunFolder(tmp_path / "run").checkpoints / "checkpoint-5"
    cut_off.mkdir(parents=True)
    file = tmp_path / "recipe.yaml"
    file.write_text(recipe.model_dump_json(exclude={"model": {"tiny"}}))
    with hold(RunFolder(tmp_path / "run")):
        for begin in (lambda: train(recipe, resume=True), lambda: launch("sft", str(file), {}, "cpu")):
            with pytest.raises(DataError, match=f"run: process {os.getpid()} on .* is training here"):
                begin()
    assert cut_off.is_dir()


@pytest.fixture
def start(toy: Path, tiny_text: Path, tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts ``ruling train sft`` on one recipe that takes very long."""
    file, mark = tmp_path / "recipe.yaml", {"RULING_TEST": str(tmp_path)}
    recipe = recipe_for(toy, tiny_text, tmp_path / "run", max_steps=100_000, save_strategy="no")
    file.write_text(recipe.model_dump_json(exclude={"model": {"tiny"}}))

    def begin(*options: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", "from rl.cli import main; main()", "train", "sft", "--config", str(file), *options],
            cwd=ROOT,
            env=os.environ | mark | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    yield begin
    for process in psutil.process_iter():  # those that these have started, too: Accelerate's outlive it
        with suppress(psutil.Error):
            if mark.items() <= process.environ().items():
                process.kill()


def holder_of(run: RunFolder, others: tuple[int, ...] = ()) -> int:
    """The process that holds a run, as soon as one does that is none of the others."""
    while True:
        with suppress(FileNotFoundError):
            pid: int = json.loads(run.holder.read_text())["pid"]
            if pid not in others:
                return pid
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_of_two_trainings_at_once_the_second_is_refused(
    start: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    first = start()
    assert holder_of(run) == first.pid
    second = start()
    out, said = second.communicate()
    assert second.returncode == 2 and "trained" not in out
    assert f"process {first.pid} on " in said and "is training here" in said
    assert first.poll() is None
    first.kill()
    third = start("--resume", "--max_steps", "2")  # at once: no lock is left that somebody would have to remove
    out, said = third.communicate()
    assert third.returncode == 0, said[-3000:]
    assert "trained: " in out and run.is_trained and not run.holder.exists()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_in_a_launched_run_the_first_process_holds_the_folder(
    start: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    launched = start("--accelerate", "cpu", "--num_processes", "2")
    first = holder_of(run, others=(launched.pid,))  # which holds it while it prepares
    processes = psutil.Process(launched.pid).children(recursive=True)
    assert first in {process.pid for process in processes}
    launched.kill()  # the processes go on: the folder is still theirs
    second = start("--accelerate", "cpu", "--num_processes", "2", "--resume")
    _, said = second.communicate()
    assert second.returncode == 2 and f"process {first} on " in said
    for process in processes:
        process.kill()
    third = start("--resume")
    assert holder_of(run, others=(launched.pid, first)) == third.pid


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_refusal_reaches_every_process(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(recipe_for(toy, tiny_text, tmp_path / "run").model_dump_json(exclude={"model": {"tiny"}}))
    worker = ROOT / "rl" / "training" / "launch" / "worker.py"
    work = [str(worker), "sft", str(file), "{}", "false"]
    with hold(RunFolder(tmp_path / "run")):
        done = subprocess.run(
            [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--tee", "3", *work],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONSAFEPATH": "1"},
            capture_output=True,
            text=True,
        )
    assert done.returncode != 0
    refused = f"error: {tmp_path / 'run'}: process {os.getpid()} on "
    assert all(f"[default{rank}]:{refused}" in done.stderr for rank in (0, 1)), done.stderr[-3000:]


def test_a_file_without_cases_is_named_before_anything_is_built(toy: Path, tmp_path: Path) -> None:
    recipe = recipe_for(toy, "unused", tmp_path / "run", eval_strategy="steps")
    (tmp_path / "empty.jsonl").touch()
    recipe = recipe.model_copy(update={"model": ModelConfig(tiny=TinyConfig(kind="text"))})
    files = {"train": [str(toy / "text.jsonl")], "valid": [str(toy / "cases.jsonl")]}
    for section in files:
        data = recipe.data.model_copy(update=files | {section: [str(tmp_path / "empty.jsonl")]})
        with pytest.raises(DataError, match=r"empty\.jsonl: there are no cases"):
            train(recipe.model_copy(update={"data": data}))
    assert not RunFolder(recipe.output).tiny.exists()


@pytest.mark.parametrize("kind", ["sft", "grpo"])
def test_a_case_is_not_both_trained_on_and_watched(kind: str, toy: Path, tmp_path: Path) -> None:
    watched = recipe_for(toy, "unused", tmp_path / "run", eval_strategy="steps")
    lines = (toy / "text.jsonl").read_text().replace('"toy-', '"other-').splitlines()
    again = (toy / "text.jsonl").read_text().splitlines()[5]
    (tmp_path / "valid.jsonl").write_text("\n".join([*lines, again]))
    watched.data.valid = [str(tmp_path / "valid.jsonl")]
    shared = watched.model_dump(exclude={"muon", "trajectories", "learn", "feedback"})
    settings = shared | ({"rubric": "billboard"} if kind == "grpo" else {})
    stage = stage_of(KINDS[kind].recipe(**settings))
    id_ = json.loads(again)["id"]
    with pytest.raises(DataError, match=rf"data\.valid: case '{id_}' is in 'train' .*text\.jsonl.*valid\.jsonl"):
        stage.prepare()
    stage.recipe.trainer["eval_strategy"] = "no"
    assert len(stage.prepare().valid) == 0


def test_sft_leaves_out_the_cases_whose_broken_rule_was_lost(capsys: pytest.CaptureFixture[str]) -> None:
    book = Rulebook(name="b", rules=[Rule(id="R-0", text="No guns."), Rule(id="R-1", text="No cures.")])
    gold = {"verdict": "reject", "violations": [{"rule": "R-1"}]}
    cases = [Case(id=text, text={"t": text}, gold=gold) for text in ("cures", "guns")]
    excerpts = Excerpts(book, RetrievalConfig(retrieve="bm25", k=1))
    stage, policy = SFTStage(SFTRecipe.load("billboard/sft")), GRPOStage(GRPORecipe.load("billboard/grpo"))
    assert [brief.id for brief in stage.bind(cases, excerpts)] == ["cures"]
    assert "1 of 2 cases are left out: retrieval has lost a rule" in " ".join(capsys.readouterr().err.split())
    assert [brief.lost for brief in policy.bind(cases, excerpts)] == [[], ["R-1"]]
    assert texts_of(policy.bind(cases, excerpts))  # a tiny policy's tokenizer reads what there is
    with pytest.raises(DataError, match=r"data\.excerpt: retrieval finds the broken rules of no case"):
        stage.bind(cases[1:], excerpts)
