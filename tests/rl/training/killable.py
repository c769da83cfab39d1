"""A training run in a process of its own that kills itself, as the machine would: for the tests of resuming and of
several processes.

    python killable.py RECIPE.json {sft,grpo} [--resume] [--kill-at STEP] [--kill-in-save STEP] [--tell FILE]
        [--script]

GRPO's reward is a toy one, so that a model that has learned nothing still has something to gain.
"""

import argparse
import json
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from transformers import TrainerCallback

from rewards import Rubric
from rl.training.registry import KINDS, train
from rl.training.trainers.policy import PolicyTrainer
from rl.training.trainers.resumable import ResumableTrainer
from tests.rl.training.toy_reward import ToyRubric


class Killer(TrainerCallback):
    def __init__(self, step: int):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs) -> None:  # type: ignore[no-untyped-def]
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def words(prompt: list[int], sample: int) -> list[int]:
    """A completion that depends on nothing but what is asked, so that any number of processes write the same."""
    draw = random.Random(f"{prompt} {sample}")
    return [draw.randrange(100, 400) for _ in range(draw.randint(3, 8))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe", type=Path)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--kill-at", type=int)
    parser.add_argument("--kill-in-save", type=int)
    parser.add_argument("--tell", type=Path, help="write down what the model was wrapped in, and the log")
    parser.add_argument("--script", action="store_true", help="put words into the policy's mouth, when it has spoken")
    chosen = parser.parse_args()

    run, newest, shown = ResumableTrainer.run, ResumableTrainer.newest_figures, list[float]()

    def overheard(self: ResumableTrainer) -> dict[str, float]:
        figures = newest(self)
        shown.append(figures["loss"])
        return figures

    def killable_run(self: ResumableTrainer, *arguments: Any) -> None:
        if chosen.kill_at:
            self.add_callback(Killer(chosen.kill_at))
        run(self, *arguments)
        if chosen.tell and self.accelerator.is_main_process:
            wrapper, processes = self.model_wrapped, self.accelerator.num_processes
            stage = wrapper.zero_optimization_stage() if hasattr(wrapper, "zero_optimization_stage") else None
            facts = {"wrapper": type(wrapper).__name__, "stage": stage, "processes": processes}
            told = facts | {"log": self.state.log_history, "shown": shown}
            chosen.tell.write_text(json.dumps(told))

    generate = PolicyTrainer._generate_single_turn

    def scripted(self: PolicyTrainer, prompts: list[list[int]], *arguments: Any, **options: Any) -> Any:
        written, logprobs = generate(self, prompts, *arguments, **options)
        first = self.accelerator.process_index * len(prompts)
        samples = [(first + place) % self.group_size for place in range(len(written))]
        return [words(prompt, sample) for prompt, sample in zip(prompts, samples, strict=True)], logprobs

    save_state = ResumableTrainer._save_rng_state

    def killable_save(self: ResumableTrainer, output_dir: str) -> None:
        save_state(self, output_dir)
        if self.state.global_step == chosen.kill_in_save:
            os.kill(os.getpid(), signal.SIGKILL)

    if chosen.script:
        PolicyTrainer._generate_single_turn = scripted  # type: ignore[method-assign]
    ResumableTrainer.newest_figures = overheard  # type: ignore[method-assign]
    ResumableTrainer.run = killable_run  # type: ignore[method-assign]
    ResumableTrainer._save_rng_state = killable_save  # type: ignore[method-assign]
    Rubric.load = lambda *args: ToyRubric()  # type: ignore[method-assign, assignment]
    train(KINDS[chosen.kind].recipe.model_validate_json(chosen.recipe.read_text()), chosen.resume)


if __name__ == "__main__":
    main()
