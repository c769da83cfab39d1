"""Tokens a second with one process and with two, by what they share; and what Ruling costs beside plain TRL.

    python benchmarks/scaling.py            (--steps 2 --rounds 1 --batch 8 --answer 8 --only cpu: to try it)

SFT and GRPO of the tiny model on Billboard, on CPUs, each process with one thread; the same batch of a step for one
process and for two. *Plain* is TRL's own trainer under Accelerate, on the same rows, model, batch and rewards, in one
process. *Same work* is Ruling's without what it saves: every position is scored, and prompts are not shared. All take
turns, each in a process of its own; the overhead is of processor time, the rates of wall time, on an idle machine.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from rl.training.launch.settings import CONFIGS

KINDS = ("sft", "grpo")
WRAPPERS = {"cpu": "Distributed", "zero1": "DeepSpeed", "zero2": "DeepSpeed", "zero3": "DeepSpeed", "fsdp2": "FSDP"}
"""How the class that holds the model begins: Accelerate can switch sharding off without a word."""
PLAIN, SAME, SHIPPED = WAYS = ("plain", "same work", "as shipped")
WARM_UP = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=8, help=f"timed in each run, after {WARM_UP} that warm up")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32, help="of a step, over all processes")
    parser.add_argument("--answer", type=int, default=64, help="tokens of a completion")
    parts = [*WRAPPERS, PLAIN]
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="these, or what Ruling costs")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/scaling.json"))
    parser.add_argument("--run", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run(**json.loads(arguments.run))
        return
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        order = {"home": folder} | {name: getattr(arguments, name) for name in ("steps", "batch", "answer")}
        shardings = [each for each in arguments.only if each != PLAIN]
        rates = {kind: scaling(order | {"kind": kind}, shardings, arguments.rounds) for kind in KINDS}
        asked = KINDS if PLAIN in arguments.only else ()
        costs = {kind: overhead(order | {"kind": kind}, arguments.rounds) for kind in asked}
    found = {"tokens a second": rates, "processor seconds a thousand tokens": costs, "settings": vars(arguments)}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found, indent=1, default=str))
    table = Table("", "shared by", "1 process", "2 processes", "", title="tokens a second, medians")
    for kind, by_sharding in rates.items():
        for sharding, each in by_sharding.items():
            one, two = map(statistics.median, each)
            table.add_row(kind, sharding, f"{one:.0f}", f"{two:.0f}", f"{two / one:.2f} ×")
    cost = Table("", *WAYS, f"{SAME} − {PLAIN}", title="processor seconds, 1,000 tokens; overhead [least, most]")
    for kind, taken in costs.items():
        over = sorted(same / plain - 1 for same, plain in zip(taken[SAME], taken[PLAIN], strict=True))
        told = f"{statistics.median(over):+.1%} [{over[0]:+.1%}, {over[-1]:+.1%}]"
        cost.add_row(kind, *(f"{statistics.median(taken[way]):.2f}" for way in WAYS), told)
    Console(width=150).print(table, cost)


def scaling(order: dict[str, Any], shardings: list[str], rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """Tokens a second in each round, with one process and with two, by what they share."""
    rates: dict[str, tuple[list[float], list[float]]] = {sharding: ([], []) for sharding in shardings}
    for _ in range(rounds):
        for sharding, each in rates.items():
            for processes, rate in enumerate(each, 1):
                found = measured(order | {"way": SHIPPED, "processes": processes}, sharding)
                rate.append(found["tokens"] / found["seconds"])
    return rates


def overhead(order: dict[str, Any], rounds: int) -> dict[str, list[float]]:
    """Processor seconds of a thousand tokens in each round, by the way."""
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(rounds):
        for way in WAYS[:: -1 if number % 2 else 1]:
            found = measured(order | {"way": way, "processes": 1}, "cpu")
            taken[way].append(found["processor"] * 1000 / found["tokens"])
    return taken


def measured(order: dict[str, Any], sharding: str) -> dict[str, Any]:
    """What the first of the processes says that do as ordered."""
    home = Path(order["home"])
    told = home / "told.json"
    told.unlink(missing_ok=True)
    shutil.rmtree(home / "run", ignore_errors=True)  # the last one's
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(CONFIGS / f"{sharding}.yaml")]
    command += ["--mixed_precision", "no", "--num_processes", str(order["processes"]), __file__]
    command += ["--run", json.dumps(order)]
    threads = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "DS_ACCELERATOR": "cpu"}
    subprocess.run(command, env=os.environ | threads, stdout=subprocess.DEVNULL, check=True)
    found: dict[str, Any] = json.loads(told.read_text())
    assert found["processes"] == order["processes"] and found["wrapper"].startswith(WRAPPERS[sharding]), found
    return found


def build(home: Path) -> None:
    """Ads, and the model that all begin with."""
    from data import billboard
    from rl.training.registry import load_recipe, stage_of

    billboard.build(billboard.BillboardConfig(cases=400, test_cases=40), home / "data")
    stage = stage_of(load_recipe("sft", "billboard/sft", of_data(home) | {"output": str(home / "built")}))
    stage.prepare()
    stage.run.tiny.rename(home / "model")


def of_data(home: Path) -> dict[str, Any]:
    return {"data.train": [str(home / "data/train.jsonl")], "data.rulebook": str(home / "data/rulebook.yaml")}


def run(home: str, kind: str, way: str, processes: int, steps: int, batch: int, answer: int) -> None:
    """Trains for a few steps, and says what those after the first ones took."""
    from transformers import Trainer, TrainerCallback

    from rl.training.registry import load_recipe, train

    settings = of_data(Path(home)) | {"model.tiny": None, "model.path": str(Path(home) / "model"), "rehearse": False}
    settings |= {
        "output": str(Path(home) / "run"),
        "save_strategy": "no",
        "report_to": "none",
        "bf16": False,
    }
    settings |= {"max_steps": steps + WARM_UP, "per_device_train_batch_size": batch // processes}
    if kind == "sft":
        # Muon does not go with what shares matrices out, nor stock TRL's grouping by length with rows like these.
        settings |= {"muon": False, "train_sampling_strategy": "sequential"}
    else:  # all are as long and, since leaving the reference has a price, all teach
        long = {"max_completion_length": answer, "generation_kwargs": {"min_new_tokens": answer}}
        settings |= long | {"beta": 0.04, "shared_prefix": way == SHIPPED}
    recipe = load_recipe(kind, f"billboard/{kind}", settings)
    learn = Trainer.train
    shown: list[tuple[float, float, int]] = []

    def timed(trainer: Any, *args: Any, **options: Any) -> None:
        class Clock(TrainerCallback):
            def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
                tokens = trainer._total_train_tokens or trainer.state.num_input_tokens_seen
                shown.append((time.monotonic(), time.process_time(), tokens))

        trainer.add_callback(Clock())
        learn(trainer, *args, **options)
        taken = [after - before for before, after in zip(shown[WARM_UP - 1], shown[-1], strict=True)]
        facts = {"processes": trainer.args.world_size, "wrapper": type(trainer.model_wrapped).__name__}
        if trainer.is_world_process_zero():
            facts |= dict(zip(("seconds", "processor", "tokens"), taken, strict=True))
            (Path(home) / "told.json").write_text(json.dumps(facts))

    with ExitStack() as meanwhile:
        meanwhile.enter_context(patch.object(Trainer, "train", timed))
        for where in ("sft", "policy") if way == SAME else ():
            meanwhile.enter_context(patch(f"rl.training.trainers.{where}.labelled_positions_only", nullcontext))
        if way == PLAIN:
            plain(recipe).train()
        else:
            train(recipe)


def plain(recipe: Any) -> Any:
    """TRL's own trainer, on what Ruling's would be given."""
    from trl import GRPOTrainer, SFTTrainer

    from rl.training.launch.process import arguments_of
    from rl.training.registry import stage_of

    stage, arguments = stage_of(recipe), arguments_of(recipe)
    start = stage.prepare()
    given = stage.parts(arguments, start, None).for_trl()
    if recipe.kind == "sft":
        return SFTTrainer(**given)
    return GRPOTrainer(**given, reward_funcs=stage.rubric.reward_func(start.briefs))


if __name__ == "__main__":
    main()
