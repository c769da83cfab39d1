"""What each family is tried on: two steps of each kind of training, and an evaluation. A cell is a dot, or what was
said in refusing it: one line, as people see it."""

from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

from data import Case, DataError, save_cases
from rl.config.decoding import Decoding
from rl.config.model import ModelConfig
from rl.config.policy import GRPORecipe, PPORecipe
from rl.config.train import SFTRecipe, TrainRecipe
from rl.generation.local import LocalEngine
from rl.runs.rollouts import read_rollouts
from rl.training.registry import train
from rl.training.rows import texts_of
from tests.rl.conftest import toy_book, toy_briefs, toy_cases
from tests.rl.families.zoo import FAMILIES, Family

DONE = "●"
STEP = {
    "max_steps": 2, "per_device_train_batch_size": 4, "save_strategy": "no", "report_to": "none",
    "learning_rate": 1e-3,
    "disable_tqdm": True, "logging_steps": 1, "gradient_checkpointing": False,
}  # fmt: skip
DRAWN = {"num_generations": 2, "max_completion_length": 8, "scale_rewards": "batch"}


class Bench:
    """A family's tiny model, and cases to try it on."""

    def __init__(self, family: Family, folder: Path):
        self.family, self.folder = family, folder
        cases = toy_cases(folder, 12, images=family.sees)
        for place, case in enumerate(cases):  # pictures of several shapes become unlike numbers of tokens
            if case.images and place % 3:
                _stretch(case, place)
        save_cases(cases, folder / "cases.jsonl")
        for case in cases[::2]:
            case.images = []
            case.gold.verdict = "approve" if not _in_text(case) else "reject"
            case.gold.violations = [found for found in case.gold.violations if found.rule != "RED-1"]
        save_cases(cases, folder / "mixed.jsonl")
        toy_book().dump(folder / "rules.yaml")
        self.model = family.save(folder / "model", texts_of(toy_briefs(folder / "cases.jsonl"), "compact"))

    def settings(self, name: str, cases: str = "cases", **model: Any) -> dict[str, Any]:
        data = {"train": [str(self.folder / f"{cases}.jsonl")], "rulebook": str(self.folder / "rules.yaml"),
                "template": "compact"}  # fmt: skip
        return {"name": name, "output": self.folder / name, "data": data, "model": {"path": str(self.model), **model}}

    def sft(self, name: str = "sft", cases: str = "cases", **model: Any) -> None:
        self._train(SFTRecipe(**self.settings(name, cases, **model), trainer=STEP))

    def grpo(self, name: str = "grpo", cases: str = "cases") -> None:
        trainer = STEP | DRAWN | {"beta": 0.05}  # with a reference, which sees what the policy does
        recipe = GRPORecipe(**self.settings(name, cases), rubric="default", trainer=trainer)
        self._train(recipe)
        assert len(read_rollouts(recipe.output)) == 8

    def ppo(self) -> None:
        trainer = STEP | DRAWN | {"steps_per_generation": 2}
        del trainer["scale_rewards"]
        recipe = PPORecipe(**self.settings("ppo"), rubric="default", trainer=trainer)
        self._train(recipe)
        assert read_rollouts(recipe.output)

    def evaluate(self) -> None:
        briefs = toy_briefs(self.folder / "mixed.jsonl", 6)
        decoding = Decoding(template="compact", max_new_tokens=8, batch_size=3, dtype="float32")
        missing = {(brief.id, 0) for brief in briefs}
        written = [
            episode for batch in LocalEngine(str(self.model)).write(briefs, decoding, missing) for episode in batch
        ]
        assert {episode.case for episode in written} == {brief.id for brief in briefs}

    def mixed(self) -> None:
        self.sft("mixed_sft", "mixed")
        self.grpo("mixed_grpo", "mixed")

    def lora(self) -> None:
        self.sft("lora", lora={"r": 4, "alpha": 8})
        assert (self.folder / "lora/checkpoints/final/adapter_config.json").is_file()

    def _train(self, recipe: TrainRecipe) -> None:
        figures: list[float | None] = []
        final = train(
            recipe, watch=lambda snapshot: figures.append(snapshot.loss if recipe.kind == "sft" else snapshot.reward)
        )
        assert figures[-1] is not None and isfinite(figures[-1])
        assert (final / "config.json").is_file() or recipe.model.lora is not None


COLUMNS: dict[str, Callable[[Bench], None]] = {
    "SFT": Bench.sft,
    "GRPO": Bench.grpo,
    "PPO": Bench.ppo,
    "evaluate": Bench.evaluate,
    "mixed pictures": Bench.mixed,
    "LoRA": Bench.lora,
}


def cells_of(family: Family, folder: Path) -> dict[str, str]:
    """By column, a dot or the refusal. Anything that is no refusal passes through: a traceback is what must not be."""
    bench, cells = Bench(family, folder), {}
    for column, tried in COLUMNS.items():
        try:
            if column == "mixed pictures" and not family.sees:
                cells[column] = ""
                continue
            tried(bench)
            cells[column] = DONE
        except DataError as error:
            cells[column] = _said(error, folder)
    return cells


def _in_text(case: Case) -> bool:
    """Whether what is broken shows without the picture."""
    assert case.gold is not None
    return any(found.rule != "RED-1" for found in case.gold.violations or ())


def _said(error: DataError, folder: Path) -> str:
    said = str(error)
    assert "\n" not in said, said
    return said.replace(str(folder), "…")


def _stretch(case: Case, place: int) -> None:
    from PIL import Image

    path = case.path(case.images[0])
    Image.open(path).resize((60 + 40 * (place % 4), 150 - 20 * (place % 5))).save(path)


__all__ = ["COLUMNS", "DONE", "FAMILIES", "Bench", "ModelConfig", "cells_of"]
