"""Demo: the whole loop on the embedded benchmark, from drawing the ads to the page that says what improved.

SFT imitates a teacher who errs, as real annotators do; GRPO then learns from the rubric, which checks every ruling
against gold and rulebook. Both models review the same held-out ads, which share no names and no layouts with the
training ads. A stage whose result is already there is not run again, so a demo that was stopped goes on.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data import Briefs, DataError, Rulebook, load_cases
from data.billboard import BillboardConfig, build
from data.files import read_json, write_json
from rl.config.evaluate import EvalRecipe
from rl.config.train import GRPORecipe, SFTRecipe
from rl.evaluation.evaluate import evaluate_model
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.files import METRICS_FILE, load_evaluation
from rl.evaluation.page import write_report
from rl.runs.folder import RunFolder
from rl.training import train

RECIPES = "billboard"
SPLITS = ("test", "changed")
"""The splits that models are measured on: unseen ads, and twins of ads under changed rules."""


@dataclass(frozen=True)
class DemoConfig:
    """How much of everything.

    Args:
        seed: of the data, of initialisation and of sampling.
        cases: training cases.
        test_cases: cases of each test split.
        teacher_noise: how often the SFT targets miss a violation, on average over the rules of an excerpt, 0..1.
        sft_steps: optimiser steps of SFT; the recipe's, which are half as many again, if None.
        grpo_steps: optimiser steps of GRPO; the recipe's, which are a third more, if None.
    """

    seed: int = 0
    cases: int = 16000
    test_cases: int = 400
    teacher_noise: float = 0.17
    sft_steps: int | None = 400
    grpo_steps: int | None = 60


@dataclass
class Demo:
    """What came of it."""

    out: Path
    evaluations: dict[str, list[Evaluation]]
    """By split: SFT, then GRPO."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage, of those that ran."""

    @property
    def report(self) -> Path:
        return self.out / "report.html"


def run_demo(out: str | Path, config: DemoConfig | None = None, tell: Callable[[str], None] = print) -> Demo:
    """Runs the loop under ``out``: ``data/``, ``sft/``, ``grpo/``, ``evaluations/`` and ``report.html``.

    Args:
        out: the folder of the demo.
        config: how much of everything.
        tell: told of each stage as it begins.

    Raises:
        DataError: the folder holds a demo of another kind.
    """
    out, config = Path(out), config or DemoConfig()
    _remember(out, config)
    demo = Demo(out, {})
    stage = _Stages(demo, tell)
    files = {split: out / "data" / f"{split}.jsonl" for split in ("train", "valid", *SPLITS)}
    if not files["changed"].is_file():
        with stage(f"drawing {config.cases:,} training ads and {2 * config.test_cases:,} test ads", "data"):
            built = BillboardConfig(config.cases, config.test_cases, config.seed, "demo", config.teacher_noise)
            build(built, out / "data")
    rulebook = str(out / "data" / "rulebook.yaml")
    common = {"seed": config.seed, "data.train": [str(files["train"])], "data.rulebook": rulebook, **precision()}
    if not RunFolder(out / "sft").is_trained:
        with stage("SFT: imitating a teacher who errs", "sft"):
            steps = _in_steps(config.sft_steps) if config.sft_steps else {}
            recipe = SFTRecipe.load(f"{RECIPES}/sft", {**common, **steps, "output": str(out / "sft")})
            train(recipe, resume=True)
    if not RunFolder(out / "grpo").is_trained:
        with stage("GRPO: learning from the rubric", "grpo"):
            steps = {"max_steps": config.grpo_steps} if config.grpo_steps else {}
            run = {"model.path": str(out / "sft"), "output": str(out / "grpo")}
            rl_recipe = GRPORecipe.load(f"{RECIPES}/grpo", {**common, **steps, **run})
            train(rl_recipe, resume=True)
    book, briefs = Rulebook.load(rulebook), {}
    for split in SPLITS:
        briefs[split] = Briefs.bind(load_cases(files[split]), book)
        read = {"data": [str(files[split].resolve())], "rulebook": str(Path(rulebook).resolve())}
        demo.evaluations[split] = []
        for model in ("sft", "grpo"):
            with stage(f"{model.upper()} reviews the {len(briefs[split]):,} cases of '{split}'", f"{split} {model}"):
                found = evaluate(out / model, briefs[split], out / "evaluations" / split / model, split, read)
                demo.evaluations[split].append(found)
    evaluations = [evaluation for split in SPLITS for evaluation in demo.evaluations[split]]
    write_report(demo.report, evaluations, briefs, rollouts=RunFolder(out / "grpo").rollouts)
    return demo


def _in_steps(steps: int) -> dict[str, Any]:
    """Another number of SFT steps; as in the recipe, the learning rate falls in the last quarter."""
    return {"max_steps": steps, "lr_scheduler_kwargs": {"num_decay_steps": max(1, steps // 4)}}


def _remember(out: Path, config: DemoConfig) -> None:
    """Notes what the folder is for, so that stages of different demos are never mixed."""
    file, wanted = out / "demo.json", asdict(config)
    if file.is_file():
        found = read_json(file)
        if found != wanted:
            differing = [key for key in wanted if found.get(key) != wanted[key]]
            changed = ", ".join(f"{key} {found.get(key)} → {wanted[key]}" for key in differing)
            raise DataError(f"holds a demo with other options ({changed}): give another --out, or remove it", file=out)
    write_json(file, wanted, indent=None)


def evaluate(
    model: Path, briefs: Briefs, out: Path, split: str, read: Mapping[str, object] | None = None
) -> Evaluation:
    """Evaluates as the shipped recipe says; what is already there is read.

    Args:
        read: where cases and rulebook came from, for whoever compares evaluations.
    """
    if (out / METRICS_FILE).is_file():
        return load_evaluation(out)
    recipe = EvalRecipe.load(f"{RECIPES}/eval", {"model.path": str(model)})
    name = model.name.upper()
    return evaluate_model(model, briefs, out, name=name, split=split, decoding=recipe.decoding, read=read)


def precision() -> dict[str, bool]:
    """Trainer settings that halve the time of a step on a CPU that computes in bfloat16; none elsewhere."""
    import torch

    from rewards.models.machine import computes_in_bfloat16

    return {"bf16": True, "use_cpu": True} if not torch.cuda.is_available() and computes_in_bfloat16() else {}


@dataclass
class _Stages:
    demo: Demo
    tell: Callable[[str], None]

    @contextmanager
    def __call__(self, what: str, name: str) -> Iterator[Any]:
        self.tell(what)
        start = time.monotonic()
        yield
        self.demo.seconds[name] = time.monotonic() - start
