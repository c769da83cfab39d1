"""Demo: the whole loop on the embedded benchmark, from drawing the ads to the page that says what improved.

SFT imitates a teacher who errs, as real annotators do; GRPO then learns from the rubric, which checks every ruling
against gold and rulebook; PPO, where it is asked for, learns from the same with a critic. All models review the same
held-out ads, which share no names and no layouts with the training ads. A stage whose result is already there is not
run again, so a demo that was stopped goes on.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data import Briefs, DataError, Rulebook, load_cases
from data.billboard import BillboardConfig, build
from data.files import read_json, write_json
from rl.config.evaluate import EvalRecipe
from rl.config.train import TrainRecipe
from rl.evaluation.evaluate import evaluate_model
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.files import METRICS_FILE, load_evaluation
from rl.evaluation.page import write_report
from rl.runs.folder import RunFolder
from rl.terminal.agenda import Agenda, Stage
from rl.terminal.console import console
from rl.terminal.guide import AFTER, Guide, Show
from rl.terminal.messages import MESSAGES, kept
from rl.terminal.progress import counting
from rl.terminal.snapshot import Watch
from rl.training.registry import load_recipe, train

RECIPES = "billboard"
SPLITS = ("test", "changed")
"""The splits that models are measured on: unseen ads, and twins of ads under changed rules."""
MODELS = {
    "SFT": "imitating a teacher who errs",
    "GRPO": "learning from the rubric",
    "PPO": "learning from the rubric, with a critic",
}
"""What is trained, the first from nothing and the others from it, and what each does."""
WORK = {"SFT": 1.0, "GRPO": 9.0, "PPO": 5.0, "reviews": 0.03, "page": 5.0}
"""How many times as long as an SFT step each of these takes: a step, one review, the page. Measured on two cores; only
what is foretold before a stage has been measured rests on them."""
ENOUGH = {"SFT": 10, "GRPO": 3, "PPO": 3}
"""How many steps are measured before anything is foretold from them."""


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
        ppo: train a model with PPO, too. A demo that is there may be given one later.
        ppo_steps: optimiser steps of PPO; the recipe's if None.
    """

    seed: int = 0
    cases: int = 16000
    test_cases: int = 400
    teacher_noise: float = 0.17
    sft_steps: int | None = 400
    grpo_steps: int | None = 60
    ppo: bool = False
    ppo_steps: int | None = None

    @property
    def models(self) -> dict[str, int | None]:
        """The models that are trained, and for how many steps."""
        steps = {"SFT": self.sft_steps, "GRPO": self.grpo_steps}
        return steps | {"PPO": self.ppo_steps} if self.ppo else steps


@dataclass
class Demo:
    """What came of it."""

    out: Path
    evaluations: dict[str, list[Evaluation]]
    """By split: SFT, then GRPO, then PPO where it was asked for."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage, of those that ran."""

    @property
    def report(self) -> Path:
        return self.out / "report.html"

    @property
    def rulebook(self) -> Path:
        return self.out / "data" / "rulebook.yaml"

    def cases(self, split: str) -> Path:
        """The file of a split."""
        return self.out / "data" / f"{split}.jsonl"

    def run(self, model: str) -> RunFolder:
        """Where a model is trained."""
        return RunFolder(self.out / model.lower())

    def evaluation(self, split: str, model: str) -> Path:
        """Where the evaluation of a model lies."""
        return self.out / "evaluations" / split / model.lower()


def run_demo(out: str | Path, config: DemoConfig | None = None, show: Show | None = None) -> Demo:
    """Runs the loop under ``out``: ``data/``, ``sft/``, ``grpo/``, ``evaluations/`` and ``report.html``; ``ppo/``
    where it is asked for.

    Args:
        out: the folder of the demo.
        config: how much of everything.
        show: shows people the stages, and how long they take; on `rl.terminal.console` if None.

    Raises:
        DataError: the folder holds a demo of another kind.
    """
    demo, config = Demo(Path(out), {}), config or DemoConfig()
    _remember(demo.out, config)
    agenda = _agenda(demo, config)
    guide = Guide(agenda, show or console().print)
    guide.overview()
    with kept(demo.out / MESSAGES) as messages:
        if agenda.is_to_come("ads"):
            with guide.stage("ads", "drawing ads, to train on and to test on"):
                _draw(demo, config)
        for model in config.models:
            if agenda.is_to_come(model):
                with guide.stage(model, f"{model}: {MODELS[model]}"):
                    train(_recipe(demo, config, model), resume=True, watch=_foretelling(guide, model))
        book = Rulebook.load(str(demo.rulebook))
        briefs = {split: Briefs.bind(load_cases(demo.cases(split)), book) for split in SPLITS}
        if agenda.is_to_come("reviews"):
            with guide.stage("reviews", "the models review ads that are new to them"):
                _review(demo, config, briefs, guide.show)
        demo.evaluations = {s: [load_evaluation(demo.evaluation(s, m)) for m in config.models] for s in SPLITS}
        with guide.stage("page", "the page that says what improved"):
            every = [evaluation for split in SPLITS for evaluation in demo.evaluations[split]]
            write_report(demo.report, every, briefs, rollouts=demo.run("GRPO").rollouts, progress=True)
    demo.seconds = agenda.seconds
    guide.overview(AFTER)
    if (told := messages.told()) is not None:
        guide.show(told)
    return demo


def _agenda(demo: Demo, config: DemoConfig) -> Agenda:
    """The stages of a demo; those whose results are there are done."""
    steps = {model: n or int(_recipe(demo, config, model).trainer["max_steps"]) for model, n in config.models.items()}
    reviews = len(SPLITS) * len(steps) * config.test_cases
    agenda = Agenda(
        [
            Stage("ads", f"{config.cases:,} to train on, {len(SPLITS) * config.test_cases:,} to test on"),
            *(Stage(model, f"{n:,} steps of {MODELS[model]}", n, WORK[model]) for model, n in steps.items()),
            Stage("reviews", f"{reviews:,} rulings on ads new to the models", reviews, WORK["reviews"]),
            Stage("page", "what improved, with the cases", work=WORK["page"]),
        ]
    )
    figures = [demo.evaluation(split, model) / METRICS_FILE for split in SPLITS for model in steps]
    is_there = {model: demo.run(model).is_trained for model in steps}
    is_there |= {"ads": demo.cases(SPLITS[-1]).is_file(), "reviews": all(file.is_file() for file in figures)}
    for name, there in is_there.items():
        if there:
            agenda.skip(name)
    return agenda


def _draw(demo: Demo, config: DemoConfig) -> None:
    built = BillboardConfig(config.cases, config.test_cases, config.seed, "demo", config.teacher_noise)
    with counting("drawing", sum(built.sizes.values())) as reached:
        build(built, demo.out / "data", reached)


def _recipe(demo: Demo, config: DemoConfig, model: str) -> TrainRecipe:
    """What a model is trained by."""
    settings: dict[str, Any] = {
        "seed": config.seed,
        "data.train": [str(demo.cases("train"))],
        "data.rulebook": str(demo.rulebook),
        "output": str(demo.run(model).path),
        **precision(),
    }
    if model == "SFT":
        settings |= _in_steps(config.sft_steps) if config.sft_steps else {}
    else:
        steps = config.models[model]
        settings |= {"max_steps": steps} if steps else {}
        settings["model.path"] = str(demo.run("SFT").path)
    return load_recipe(model.lower(), f"{RECIPES}/{model.lower()}", settings)


def _foretelling(guide: Guide, model: str) -> Watch:
    reach = guide.foretelling(model, ENOUGH[model])
    return lambda snapshot: reach(snapshot.step)


def _review(demo: Demo, config: DemoConfig, briefs: Mapping[str, Briefs], show: Show) -> None:
    """Has all models review both splits."""
    for split, of_split in briefs.items():
        read = {"data": [str(demo.cases(split).resolve())], "rulebook": str(demo.rulebook.resolve())}
        for model in config.models:
            show(f"{model} on the {len(of_split):,} cases of '{split}'")
            evaluate(demo.run(model).path, of_split, demo.evaluation(split, model), split, read)


def _in_steps(steps: int) -> dict[str, Any]:
    """Another number of SFT steps; as in the recipe, the learning rate falls in the last quarter."""
    return {"max_steps": steps, "lr_scheduler_kwargs": {"num_decay_steps": max(1, steps // 4)}}


def _remember(out: Path, config: DemoConfig) -> None:
    """Notes what the folder is for, so that stages of different demos are never mixed."""
    file, wanted = out / "demo.json", asdict(config)
    for later in ("ppo", "ppo_steps"):  # what is done without is the same with it
        del wanted[later]
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
