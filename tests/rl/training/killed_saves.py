"""Kills a run at every write while it saves, in turn, and goes on from what is left: for the test of that name.

    python killed_saves.py RECIPE.json {sft,grpo} STEP

What is written while the checkpoint of STEP is saved is counted: files that Python opens, renames and removes, and
those that PyTorch and safetensors write past it, cut off in the middle. For each there is a process that is killed
there with SIGKILL, and one that goes on. Both are forks of this one, which has imported all and trained nothing.
The runs that went on lie beside the recipe's output, as ``NAME-0`` and so on; where each was killed is printed.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

import safetensors.torch
import torch
import transformers.modeling_utils

from rewards import Rubric
from rl.training.registry import KINDS, train
from rl.training.trainers.resumable import ResumableTrainer
from tests.rl.training.toy_reward import ToyRubric


class Murder:
    """Kills this process at a write, counted from 0, while the checkpoint of a step is saved."""

    def __init__(self, step: int, at: int):
        self.step, self.at, self.count, self.is_saving = step, at, 0, False

    def arrange(self) -> None:
        save = ResumableTrainer._save_checkpoint

        def watched(trainer: ResumableTrainer, *arguments: Any) -> None:
            self.is_saving = trainer.state.global_step == self.step
            save(trainer, *arguments)
            self.is_saving = False

        ResumableTrainer._save_checkpoint = watched  # type: ignore[method-assign]
        sys.addaudithook(self.hear)
        torch.save = self.cut_off(torch.save, 1)
        # Where Transformers keeps its own name for it.
        transformers.modeling_utils.safe_save_file = self.cut_off(safetensors.torch.save_file, 1)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            self.write(f"open {Path(str(arguments[0])).name}")
        elif event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"):
            self.write(f"{event} {Path(str(arguments[0])).name}")

    def cut_off(self, save: Callable[..., Any], place: int) -> Callable[..., Any]:
        def saved(*arguments: Any, **options: Any) -> Any:
            result = save(*arguments, **options)
            file = Path(str(arguments[place]))
            content = file.read_bytes()
            was_saving, self.is_saving = self.is_saving, False
            file.write_bytes(content[: len(content) // 2])
            self.is_saving = was_saving
            self.write(f"half of {file.name}")
            self.is_saving = False
            file.write_bytes(content)
            self.is_saving = was_saving
            return result

        return saved

    def write(self, what: str) -> None:
        if not self.is_saving:
            return
        if self.count == self.at:
            os.write(1, f"killed at write {self.at}: {what}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


def in_a_fork(do: Callable[[], Any]) -> int:
    """Its exit code; negative where a signal has ended it."""
    child = os.fork()
    if not child:
        try:
            do()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    recipe_file, kind, step = sys.argv[1:]
    recipe = KINDS[kind].recipe.model_validate_json(Path(recipe_file).read_text())
    Rubric.load = lambda *args: ToyRubric()  # type: ignore[method-assign, assignment]
    for at in range(1000):
        own = recipe.model_copy(update={"output": Path(f"{recipe.output}-{at}")})

        def killed(own: Any = own, at: int = at) -> None:
            Murder(int(step), at).arrange()
            train(own)

        code = in_a_fork(killed)
        if code == 0:  # there are not so many
            return
        assert code == -signal.SIGKILL, code
        assert in_a_fork(lambda own=own: train(own, resume=True)) == 0


if __name__ == "__main__":
    main()
