"""Demo: the whole loop on the embedded benchmark, from drawing the ads to the page that says what improved.

SFT imitates a teacher who errs, as real annotators do; GRPO then learns from the rubric, which checks every ruling
against gold and rulebook. Both models review the same held-out ads, which share no names and no layouts with the
training ads. A stage whose result is already there is not run again, so a demo that was stopped goes on.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.rule import Rule

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
from rl.terminal.agenda import Agenda, Stage
from rl.terminal.console import console
from rl.terminal.progress import counting
from rl.terminal.snapshot import Snapshot, Watch
from rl.training import train

RECIPES = "billboard"
SPLITS = ("test", "changed")
"""The splits that models are measured on: unseen ads, and twins of ads under changed rules."""
GRPO_STEP, REVIEW = 20.0, 0.25
"""How many SFT steps a step of GRPO and a review take the time of, until they are measured themselves."""
MEASURED = {"sft": 10, "grpo": 4}
"""After how many steps of a training there is a time to tell."""


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


def show_in_the_terminal(something: RenderableType) -> None:
    """Prints it above whatever line is live."""
    console().print(something)


def run_demo(
    out: str | Path, config: DemoConfig | None = None, show: Callable[[RenderableType], None] = show_in_the_terminal
) -> Demo:
    """Runs the loop under ``out``: ``data/``, ``sft/``, ``grpo/``, ``evaluations/`` and ``report.html``.

    Args:
        out: the folder of the demo.
        config: how much of everything.
        show: is given what people should see: each stage as it begins, and the agenda, with the time that everything
            will take on this machine, as soon as the first steps tell and whenever they tell better.

    Raises:
        DataError: the folder holds a demo of another kind.
    """
    out, config = Path(out), config or DemoConfig()
    _remember(out, config)
    demo = Demo(out, {})
    files = {split: out / "data" / f"{split}.jsonl" for split in ("train", "valid", *SPLITS)}
    rulebook = out / "data" / "rulebook.yaml"
    common = {"seed": config.seed, "data.train": [str(files["train"])], "data.rulebook": str(rulebook), **precision()}
    steps = _in_steps(config.sft_steps) if config.sft_steps else {}
    sft = SFTRecipe.load(f"{RECIPES}/sft", {**common, **steps, "output": str(out / "sft")})
    steps = {"max_steps": config.grpo_steps} if config.grpo_steps else {}
    begun_as = {"model.path": str(out / "sft"), "output": str(out / "grpo")}
    grpo = GRPORecipe.load(f"{RECIPES}/grpo", {**common, **steps, **begun_as})
    agenda = Agenda(_stages(config, sft, grpo))
    stage = _Stages(agenda, show)
    show(agenda.table("The demo in {stages} stages. How long they take is told once this machine has begun to train."))
    with stage("data", done=files["changed"].is_file()) as todo:
        if todo:
            _draw(config, out / "data")
    for recipe in (sft, grpo):
        with stage(recipe.kind, done=RunFolder(recipe.output).is_trained) as todo:
            if todo:
                train(recipe, resume=True, watch=stage.watch(recipe.kind))
    book, briefs = Rulebook.load(rulebook), {}
    for split in SPLITS:
        briefs[split] = Briefs.bind(load_cases(files[split]), book)
        read = {"data": [str(files[split].resolve())], "rulebook": str(rulebook.resolve())}
        demo.evaluations[split] = []
        for model in ("sft", "grpo"):
            kept = out / "evaluations" / split / model
            with stage(f"{split} {model}", done=(kept / METRICS_FILE).is_file()):
                demo.evaluations[split].append(evaluate(out / model, briefs[split], kept, split, read))
    evaluations = [evaluation for split in SPLITS for evaluation in demo.evaluations[split]]
    write_report(demo.report, evaluations, briefs, rollouts=RunFolder(out / "grpo").rollouts)
    demo.seconds = agenda.seconds
    return demo


def _stages(config: DemoConfig, sft: SFTRecipe, grpo: GRPORecipe) -> list[Stage]:
    """What there is to do. The work of an item is in SFT steps, as it was once measured; see `Agenda`."""
    ads, tests = sum(_drawn(config).sizes.values()), config.test_cases
    return [
        Stage("data", f"draw {config.cases:,} training ads and {2 * tests:,} test ads", "ad", ads),
        Stage("sft", "imitate a teacher who errs", "SFT step", sft.trainer["max_steps"], work=1.0),
        Stage("grpo", "learn from the rubric", "GRPO step", grpo.trainer["max_steps"], work=GRPO_STEP),
        *(
            Stage(f"{split} {model}", f"{model.upper()} reviews the ads of '{split}'", "review", tests, work=REVIEW)
            for split in SPLITS
            for model in ("sft", "grpo")
        ),
    ]


def _drawn(config: DemoConfig) -> BillboardConfig:
    return BillboardConfig(config.cases, config.test_cases, config.seed, "demo", config.teacher_noise)


def _draw(config: DemoConfig, out: Path) -> None:
    drawn = _drawn(config)
    with counting("drawing ads", sum(drawn.sizes.values())) as reached:
        build(drawn, out, reached)


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


class _Stages:
    """Keeps an agenda while the stages go on, and shows it when it has something new to say."""

    def __init__(self, agenda: Agenda, show: Callable[[RenderableType], None]):
        self.agenda, self.show = agenda, show

    @contextmanager
    def __call__(self, name: str, done: bool) -> Iterator[bool]:
        """Gives whether there is something to do."""
        if done:
            self.agenda.skip(name)
            yield False
            return
        self.agenda.begin(name)
        self.show(Rule(f"stage {self.agenda.number(name)}: {name}", align="left"))
        yield True
        self.agenda.end(name)

    def watch(self, name: str) -> Watch:
        """Follows a training; after its first steps, the agenda tells how long everything takes."""
        first: int | None = None

        def see(snapshot: Snapshot) -> None:
            nonlocal first
            first = snapshot.step if first is None else first
            self.agenda.reach(name, snapshot.step)
            if snapshot.step - first == MEASURED[name]:
                self.show(self.agenda.table("About {all} on this machine, {left} of it to come."))

        return see
