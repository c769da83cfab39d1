"""Is each medium needed, and can a tiny model use them all? Clips → `ruling data prepare` → SFT → GRPO.

    python benchmarks/motion.py --seed 1

Draws clips, prepares them, trains with the recipes of `billboard_motion`, and measures both models on clips of names
that they have not seen: verdict accuracy and the mean IoU of intervals, over all and by mechanism, and GRPO less SFT.
Then the GRPO model is *blinded*, one medium at a time: it is shown another ad's in the place of the case's own, or one
frame throughout. Each loss is paired, on the cases of the mechanisms that the medium decides.

The blinded model has not learnt to do without. `--retrain frames` trains one that has, from the same cases blinded
alike, and measures it beside.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data import Briefs, Case, Rulebook, load_cases, save_cases
from data.billboard import BillboardConfig, build
from data.preparing.prepare import prepare
from data.preparing.settings import PrepareSettings
from rl.config.evaluate import EvalRecipe
from rl.demo import precision
from rl.evaluation.evaluate import evaluate_model
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.files import METRICS_FILE, load_evaluation
from rl.evaluation.statistics.estimate import Estimate
from rl.runs.folder import RunFolder
from rl.training.registry import load_recipe, train

RECIPES = "billboard_motion"
SETTINGS = PrepareSettings.of(changes={"video.frames": 4, "sound_picture": True})
SHOWN = ("verdict_accuracy", "interval_miou", "rule_f1", "parse_rate")


@dataclass(frozen=True)
class Blind:
    """A way to take a medium away.

    Args:
        changed: the case with the medium of another; the other's frames last as long as its own.
        mechanisms: those that cannot be told without it.
    """

    changed: Callable[[Case, Case], Case]
    mechanisms: tuple[str, ...]


def _frames(case: Case, other: Case) -> Case:
    shown = [frame.model_copy(update={"path": o.path}) for frame, o in zip(case.frames, other.frames, strict=True)]
    return case.model_copy(update={"frames": shown})


def _one_frame(case: Case, other: Case) -> Case:
    first = case.frames[0].path
    return case.model_copy(update={"frames": [f.model_copy(update={"path": first}) for f in case.frames]})


BLIND = {
    "frames": Blind(_frames, ("flash", "during")),
    "one-frame": Blind(_one_frame, ("flash", "during")),
    "transcript": Blind(lambda case, other: case.model_copy(update={"transcript": other.transcript}),
                        ("spoken", "during")),
    "page": Blind(lambda case, other: case.model_copy(update={"page": other.page}), ("page",)),
    "sound": Blind(lambda case, other: case.model_copy(update={"sound": other.sound}), ("sound",)),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=6000)
    parser.add_argument("--test-cases", type=int, default=400)
    parser.add_argument("--teacher-noise", type=float, default=0.12)
    parser.add_argument("--sft-steps", type=int, help="the recipe's if left out")
    parser.add_argument(
        "--grpo-steps", type=int, help="the recipe's if left out; 0: no GRPO, the SFT model is blinded"
    )
    parser.add_argument("--retrain", nargs="+", choices=tuple(BLIND), default=[])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/motion"))
    bench = Bench(parser.parse_args())
    bench.draw()
    steps = {"sft": bench.arguments.sft_steps, "grpo": bench.arguments.grpo_steps}
    models = {kind: bench.train(kind, count) for kind, count in steps.items() if count != 0}
    seeing = {kind: bench.evaluate(model, kind) for kind, model in models.items()}
    kind, last = list(models.items())[-1]
    blind = {name: bench.evaluate(last, f"{kind}-blind-{name}", way) for name, way in BLIND.items()}
    for name in bench.arguments.retrain:
        model = bench.train("sft", steps["sft"], without=name)
        blind[f"{name}, trained"] = bench.evaluate(model, f"sft-without-{name}", BLIND[name])
    bench.report(seeing, blind)


class Bench:
    """One seed's clips, models and figures, under a folder of its own; what is there is not made again."""

    def __init__(self, arguments: argparse.Namespace):
        self.arguments, self.home = arguments, arguments.out / f"seed-{arguments.seed}"
        self.book = Rulebook.load("billboard")
        self.seconds: dict[str, float] = {}
        self.console = Console(width=150)

    def draw(self) -> None:
        """Clips, and what models are shown of them."""
        given = self.arguments
        config = BillboardConfig(given.cases, given.test_cases, given.seed, "motion", given.teacher_noise)
        if not (self.home / "clips" / "changed.jsonl").is_file():
            self._timed("drawing", lambda: build(config, self.home / "clips"))
        for split in ("train", "test"):
            if not self._cases(split).is_file():
                self._timed(f"preparing {split}", partial(self._prepare, split))

    def _prepare(self, split: str) -> None:
        source, out = self.home / "clips" / f"{split}.jsonl", self._cases(split).parent
        prepare(str(source), out=out, settings=SETTINGS, processes=self.arguments.processes)

    def train(self, kind: str, steps: int | None, without: str | None = None) -> Path:
        """A model; GRPO goes on from SFT."""
        out, data = self.home / (f"{kind}-without-{without}" if without else kind), self._cases("train")
        if RunFolder(out).is_trained:
            return out
        if without:
            cases = load_cases(data)
            data = data.with_name(f"without-{without}.jsonl")
            save_cases(blinded(cases, BLIND[without]), data)
        settings: dict[str, object] = {"seed": self.arguments.seed, "data.train": [str(data)], "output": str(out)}
        settings |= {"max_steps": steps} if steps else {}
        if kind == "sft" and steps:  # as in the recipe, the learning rate falls in the last quarter
            settings["lr_scheduler_kwargs"] = {"num_decay_steps": max(1, steps // 4)}
        if kind == "grpo":
            settings["model.path"] = str(self.home / "sft")
        recipe = load_recipe(kind, f"{RECIPES}/{kind}", settings | precision())
        self._timed(out.name, lambda: train(recipe, resume=True))
        return out

    def evaluate(self, model: Path, name: str, way: Blind | None = None) -> Evaluation:
        """What a model makes of the test clips; of those that a medium decides where that is another's."""
        out = self.home / "evaluations" / name
        if (out / METRICS_FILE).is_file():
            return load_evaluation(out)
        cases = load_cases(self._cases("test"))
        if way:
            cases = [case for case in blinded(cases, way) if case.meta["mechanism"] in way.mechanisms]
        briefs = Briefs.bind(cases, self.book)
        decoding = EvalRecipe.load(f"{RECIPES}/eval", {"model.path": str(model)}).decoding
        begin = time.monotonic()
        found = evaluate_model(model, briefs, out, name=name, decoding=decoding)
        self.seconds["evaluating"] = self.seconds.get("evaluating", 0.0) + time.monotonic() - begin
        return found

    def report(self, seeing: dict[str, Evaluation], blind: dict[str, Evaluation]) -> None:
        """Prints the figures, and keeps them in ``summary.json``."""
        figures = self._seeing(seeing) | self._blind(seeing, blind)
        self.console.print(", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items()))
        kept = {"seconds": self.seconds, "figures": {name: asdict(figure) for name, figure in figures.items()}}
        (self.home / "summary.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")

    def _seeing(self, seeing: dict[str, Evaluation]) -> dict[str, Estimate]:
        """Every model on all test cases and by mechanism, and how far GRPO is from SFT."""
        last, compared = list(seeing.values())[-1], len(seeing) > 1
        table = Table("", "figure", *seeing, *(["GRPO − SFT"] if compared else []))
        table.title = f"{len(last.predictions)} test cases"
        found: dict[str, Estimate] = {}
        parts = {"all": (None, SHOWN)} | {name: (name, SHOWN[:2]) for name in _mechanisms(last)}
        for title, (mechanism, names) in parts.items():
            some = {kind: _of(evaluation, mechanism) for kind, evaluation in seeing.items()}
            gains = some["grpo"].difference(some["sft"], names) if compared else {}
            for name in names:
                figures = {kind: part.metrics[name] for kind, part in some.items() if name in part.metrics}
                found |= {f"{title}, {name}, {kind}": figure for kind, figure in figures.items()}
                found |= {f"{title}, {name}, difference": gains[name]} if name in gains else {}
                cells = [*figures.values(), *([gains[name]] if name in gains else [])]
                if cells:
                    table.add_row(title, name, *map(_shown, cells))
        self.console.print(table)
        return found

    def _blind(self, seeing: dict[str, Evaluation], blind: dict[str, Evaluation]) -> dict[str, Estimate]:
        """What is lost without a medium, on the cases of each mechanism that it decides."""
        table = Table("without", "decides", "seeing", "blind", "blind − seeing", title="Verdict accuracy, blinded")
        found: dict[str, Estimate] = {}
        for title, evaluation in blind.items():
            name, _, trained = title.partition(", ")
            whole = seeing["sft"] if trained else list(seeing.values())[-1]
            for mechanism in BLIND[name].mechanisms:
                with_, without = _of(whole, mechanism), _of(evaluation, mechanism)
                accuracy = [part.metrics[SHOWN[0]] for part in (with_, without)]
                loss = without.difference(with_, SHOWN[:1])[SHOWN[0]]
                table.add_row(title, mechanism, *map(_shown, (*accuracy, loss)))
                found |= {f"without {title}, {mechanism}": accuracy[1], f"lost without {title}, {mechanism}": loss}
        self.console.print(table)
        return found

    def _cases(self, split: str) -> Path:
        return self.home / "motion" / split / "cases.jsonl"

    def _timed(self, what: str, work: Callable[[], object]) -> None:
        begin = time.monotonic()
        work()
        self.seconds[what] = time.monotonic() - begin
        self.console.print(f"{what}: {self.seconds[what]:.0f} s")


def blinded(cases: Sequence[Case], way: Blind) -> list[Case]:
    """The cases, each with a medium of one of another group, half of the set away, as long as it is."""
    by_length: dict[float, list[Case]] = {}
    for case in cases:
        by_length.setdefault(case.meta["seconds"], []).append(case)
    other: dict[str, Case] = {}
    for alike in by_length.values():
        for place, case in enumerate(alike):
            other[case.id] = alike[(place + len(alike) // 2) % len(alike)]
            assert other[case.id].group != case.group, "too few cases: draw more"
    return [way.changed(case, other[case.id]) for case in cases]


def _mechanisms(found: Evaluation) -> list[str]:
    return list(dict.fromkeys(str(prediction.meta["mechanism"]) for prediction in found.predictions))


def _of(found: Evaluation, mechanism: str | None) -> Evaluation:
    """The part of an evaluation that is about a mechanism; all of it if None."""
    some = [p for p in found.predictions if mechanism in (None, p.meta["mechanism"])]
    return Evaluation(found.name, found.split, some)


def _shown(figure: Estimate) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


if __name__ == "__main__":
    main()
