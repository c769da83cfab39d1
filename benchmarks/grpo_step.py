"""What a step of GRPO costs with each prompt read once, and with stock TRL: in turn, each run in a process of its own.

    python benchmarks/grpo_step.py                          a random Qwen2.5-VL of 26 M parameters, on the CPU
    python benchmarks/grpo_step.py --shape 3b --rounds 1    of Qwen2.5-VL-3B's shape, bf16: for a GPU

Both train on one group a step: a prompt of about P tokens with a 224-px picture, G completions of R tokens. The same
rows, weights, settings and gradient checkpointing. *Limit* is how much a step could gain that costs nothing but the
tokens that pass the language model, G·(P + R) against P + G·R.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

PARTS = ("processor", "generation", "log-probs", "update", "rest")
WARM_UP = 1
IMAGE = 224
PROCESSOR_TIME = "BENCHMARK_PROCESSOR_TIME"


@dataclass(frozen=True)
class Shape:
    """Of a step."""

    prompt: int
    group: int
    answer: int = 96

    @property
    def limit(self) -> float:
        return self.group * (self.prompt + self.answer) / (self.prompt + self.group * self.answer)


SHAPES = (Shape(300, 8), Shape(800, 8), Shape(2000, 16))
TARGETS = (2.0, 3.5, 5.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3, help="timed in each run, after one that warms up")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--shape", choices=("26m", "3b"), default="26m")
    parser.add_argument("--only", type=int, help="the place of one of the shapes")
    parser.add_argument("--beta", type=float, default=0.0, help="> 0 adds a pass of a reference model")
    parser.add_argument("--no-checkpointing", action="store_true")
    parser.add_argument("--processor-time", action="store_true", help="for a machine that does other work beside")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        print(json.dumps(run(**json.loads(arguments.run))))
        return
    if arguments.processor_time:
        os.environ |= {PROCESSOR_TIME: "1", "OMP_NUM_THREADS": "1"}
    table = Table("P", "G", "R", "limit", "", *PARTS, "step", "peak memory", title="seconds a step, medians")
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), arguments.shape)
        for place, shape in enumerate(SHAPES):
            if arguments.only in (None, place):
                compare(shape, TARGETS[place], Path(folder), arguments, table)
    Console(width=150).print(table)


def compare(shape: Shape, target: float, model: Path, arguments: argparse.Namespace, table: Table) -> None:
    """Runs both in turn and adds their lines, and what one gains on the other."""
    results: dict[str, list[dict[str, Any]]] = {"stock TRL": [], "shared prefix": []}
    for _ in range(arguments.rounds):
        for name, found in results.items():
            order = {
                "ours": name == "shared prefix",
                "model": str(model),
                "shape": vars(shape),
                "steps": arguments.steps,
                "beta": arguments.beta,
                "checkpointing": not arguments.no_checkpointing,
            }
            done = subprocess.run(
                [sys.executable, __file__, "--run", json.dumps(order)], stdout=subprocess.PIPE, text=True, check=True
            )
            found.append(json.loads(done.stdout.splitlines()[-1]))
    medians = {
        name: {part: statistics.median(chain(*(run["seconds"][part] for run in runs))) for part in (*PARTS, "step")}
        for name, runs in results.items()
    }
    memory = {name: max(run["memory"] for run in runs) for name, runs in results.items()}
    length = results["stock TRL"][0]["prompt"]
    real = Shape(length, shape.group, shape.answer)
    for name, seconds in medians.items():
        figures = [f"{seconds[part]:.2f}" for part in (*PARTS, "step")]
        start = [str(length), str(real.group), str(real.answer), f"{real.limit:.2f}"]
        table.add_row(*(start if name == "stock TRL" else [""] * 4), name, *figures, f"{memory[name] / 2**20:.0f} MiB")
    stock, ours = medians.values()
    gains = [f"{stock[part] / ours[part]:.2f} ×" if ours[part] > 1e-3 else "" for part in (*PARTS, "step")]
    share = memory["shared prefix"] / memory["stock TRL"]
    table.add_row(*[""] * 4, f"gain (wanted {target} ×)", *gains, f"{share:.2f} of it", end_section=True)


def build(folder: Path, shape: str) -> None:
    """Saves a random model and its processor."""
    from rl.models.tiny import TinySize, build_tiny

    size = TinySize(
        vocab=2048,
        hidden=512,
        intermediate=1792,
        layers=8,
        heads=8,
        kv_heads=2,
        vision_hidden=128,
        vision_intermediate=384,
        vision_depth=4,
    )
    if shape == "3b":
        size = TinySize(
            vocab=2048,
            hidden=2048,
            intermediate=11008,
            layers=36,
            heads=16,
            kv_heads=2,
            vision_hidden=1280,
            vision_intermediate=3420,
            vision_depth=32,
            vision_heads=16,
        )
    build_tiny(folder, [" ".join(words(Random(seed), 400)) for seed in range(40)], "vl", size, image_tokens=64)


def words(draw: Random, count: int) -> list[str]:
    syllables = ["ka", "to", "mi", "ren", "su", "lo", "ve", "dan", "pi", "gar"]
    lexicon = [a + b + c for a in syllables for b in syllables for c in syllables[:5]]
    return [draw.choice(lexicon) for _ in range(count)]


def run(ours: bool, model: str, shape: dict[str, int], steps: int, beta: float, checkpointing: bool) -> dict[str, Any]:
    """Trains for a few steps; what each part of each took."""
    from rl.config.model import ModelConfig
    from rl.models.load import load_model, load_processor

    gpu = torch.cuda.is_available()
    processor = load_processor(model)
    policy = load_model(ModelConfig(path=model, dtype="bfloat16" if gpu else "float32"))
    from trl import GRPOConfig

    asked = Shape(**shape)
    rows = Rows(processor, asked, steps + WARM_UP)
    with tempfile.TemporaryDirectory() as folder:
        settings = GRPOConfig(
            output_dir=folder,
            seed=1,
            report_to="none",
            bf16=gpu,
            dataloader_pin_memory=gpu,
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            max_steps=steps + WARM_UP,
            num_generations=asked.group,
            per_device_train_batch_size=asked.group,
            max_completion_length=asked.answer,
            generation_kwargs={"min_new_tokens": asked.answer},
            gradient_checkpointing=checkpointing,
            beta=beta,
        )
        trainer = trainer_of(ours)(
            model=policy, reward_funcs=spread, args=settings, train_dataset=rows.dataset, processing_class=processor
        )
        with peak_memory() as memory:
            trainer.train()
    seconds = {part: trainer.seconds[part][WARM_UP:] for part in (*PARTS, "step")}
    return {"seconds": seconds, "memory": memory[0], "prompt": rows.length}


class Rows:
    """Prompts of a wanted length, each with a picture of its own."""

    def __init__(self, processor: Any, shape: Shape, count: int):
        from datasets import Dataset
        from PIL import Image

        def row(place: int, size: int) -> dict[str, Any]:
            draw = Random(place)
            noise = Image.frombytes("RGB", (IMAGE, IMAGE), draw.randbytes(3 * IMAGE * IMAGE))
            content = [{"type": "image"}, {"type": "text", "text": " ".join(words(draw, size))}]
            return {"case": str(place), "prompt": [{"role": "user", "content": content}], "images": [noise]}

        def length(size: int) -> int:
            from rl.training.trainers.prompt_reader import PromptReader

            return len(PromptReader(processor, None, {}).read([row(0, size)])[0].ids)

        per_word = (length(200) - length(100)) / 100
        size = max(1, round((shape.prompt - length(1)) / per_word))
        self.length = length(size)
        made = [row(place, size) for place in range(count)]
        self.dataset = Dataset.from_list([{"case": made_row["case"]} for made_row in made]).with_transform(
            lambda batch: {name: [made[int(case)][name] for case in batch["case"]] for name in made[0]}
        )


def spread(completions: Sequence[Any], **columns: Any) -> list[float]:
    """Hardly any two completions earn the same."""
    return [sum(map(ord, completion[-1]["content"])) % 997 / 997 for completion in completions]


def trainer_of(ours: bool) -> Any:
    """Either trainer, with a clock on its parts."""
    from trl import GRPOTrainer

    from rl.training.trainers.scored_positions import labelled_positions_only
    from rl.training.trainers.shared_prefix import SharedPrefixTrainer

    base: Any = SharedPrefixTrainer if ours else GRPOTrainer

    class Clocked(base):  # type: ignore[misc]
        def __init__(self, *args: Any, processing_class: Any, **kwargs: Any):
            self.seconds: dict[str, list[float]] = {part: [] for part in (*PARTS, "step")}
            self._now = dict.fromkeys(PARTS, 0.0)
            if ours:
                kwargs["shared_prefix"] = True
            super().__init__(*args, processing_class=processing_class, **kwargs)
            kind = type(processing_class)
            clocked = type(kind.__name__, (kind,), {"__call__": self._clock("processor", kind.__call__)})
            processing_class.__class__ = clocked

        def _clock(self, part: str, function: Any) -> Any:
            def timed(*args: Any, **kwargs: Any) -> Any:
                begin = now()
                result = function(*args, **kwargs)
                self._now[part] += now() - begin
                return result

            return timed

        def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
            self.model.eval()  # as Ruling's trainers do; stock TRL could not use its cache with checkpointing
            result = self._clock("generation", super()._generate_single_turn)(*args, **kwargs)
            self.model.train()
            return result

        def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
            find = super()._get_per_token_logps_and_entropies
            if ours:
                with labelled_positions_only():
                    return find(*args, **kwargs)
            return find(*args, **kwargs)

        def _generate_and_score_completions(self, *args: Any, **kwargs: Any) -> Any:
            begin, before = now(), dict(self._now)
            result = super()._generate_and_score_completions(*args, **kwargs)
            counted = sum(self._now[part] - before[part] for part in ("processor", "generation"))
            self._now["log-probs" if self.beta else "rest"] += now() - begin - counted
            self._generated = now() - begin
            return result

        def training_step(self, *args: Any, **kwargs: Any) -> Any:
            self._now, self._generated = dict.fromkeys(PARTS, 0.0), 0.0
            begin = now()
            loss = super().training_step(*args, **kwargs)
            took = now() - begin
            self._now["update"] = took - self._generated
            for part, seconds in self._now.items():
                self.seconds[part].append(seconds)
            self.seconds["step"].append(took)
            return loss

    return Clocked


def now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.process_time() if PROCESSOR_TIME in os.environ else time.monotonic()


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Bytes that training took at most: on the GPU if there is one, else what the process grew by."""
    import psutil

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before, found = torch.cuda.memory_allocated(), [0.0]
        yield found
        found[0] = torch.cuda.max_memory_allocated() - before
        return
    process, ended = psutil.Process(), threading.Event()
    before, found = process.memory_info().rss, [0.0]

    def watch() -> None:
        while not ended.wait(0.005):
            found[0] = max(found[0], process.memory_info().rss - before)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    yield found
    ended.set()
    watching.join()


if __name__ == "__main__":
    main()
