"""What does a cascade save, and does it keep what it promises?

    python benchmarks/cascade.py --steps 200

On Billboard, and on ec_darkpattern where the real data is (the folder that ``RULING_REAL_DATA`` names, or
``../shared/data``; a fifth is reviewed, by groups):

- **full**: a tiny model, trained for so many steps of the shipped SFT recipe (all of them without ``--steps``), writes
  rulings with reasoning;
- **cheap**: TF-IDF of what the ad says, crossed with the rules that it is judged by, and logistic regression: it sees
  no picture and reads no rule.

Both are trained on the same cases and rule on the same others, once. Then 200 sets of cases are drawn from these, a
cascade is chosen on each, and its true miss rate is that on all of them, which is what the sets were drawn from: it is
to be above the promise in one of twenty at most. A run that was stopped goes on. Needs scikit-learn.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from data import Brief, Briefs, Case, DataError, Rulebook, load_cases, save_cases
from data.billboard import BillboardConfig, build
from data.foreign.convert import convert_file
from data.splits import split
from rl.config.evaluate import EvalRecipe
from rl.config.train import SFTRecipe
from rl.demo import precision
from rl.evaluation import Evaluation, evaluate_file, evaluate_model, load_evaluation
from rl.evaluation.cascade import curve, fit_cascade
from rl.evaluation.cascade.fit import threshold_for
from rl.evaluation.cascade.passes import Passes
from rl.evaluation.cascade.table import curve_table
from rl.runs.folder import RunFolder
from rl.training import train

DRAWS, CONFIDENCE = 200, 0.95
MARGINS = (0.02, 0.05, 0.1)
"""How far the promises that are tried lie above what the model that reasons misses."""


@dataclass(frozen=True)
class Task:
    """Cases to learn from and to be reviewed, judged by one book."""

    name: str
    train: Sequence[Case]
    reviewed: Sequence[Case]
    book: Rulebook
    folder: Path
    """Where the cases lie."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, help="of SFT; the recipe's if left out")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/cascade"))
    parser.add_argument("--only", choices=["billboard", "ec_darkpattern"])
    arguments = parser.parse_args()
    console = Console(width=120)
    for task in tasks(arguments.out, arguments.only):
        full = reasoned(task, arguments.out / task.name, arguments.steps)
        cheap = classified(task, arguments.out / task.name)
        passes = Passes.of(cheap, full)
        console.print(curve_table(curve(passes), f"{task.name}: {len(task.reviewed):,} cases"))
        found = {"curve": [asdict(point) for point in curve(passes)], "promises": promises(cheap, full, passes)}
        for row in found["promises"]:
            console.print(row)
        content = {"misses": float(passes.losses(-np.inf).mean()), **found}
        (arguments.out / f"{task.name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def tasks(out: Path, only: str | None) -> list[Task]:
    """The two, as far as their data are there."""
    found = []
    if only != "ec_darkpattern":
        folder = out / "billboard" / "data"
        if not (folder / "test.jsonl").is_file():
            build(BillboardConfig(cases=8000, test_cases=2000), folder)
        cases = [load_cases(folder / f"{name}.jsonl") for name in ("train", "test")]
        found.append(Task("billboard", *cases, Rulebook.load(folder / "rulebook.yaml"), folder))
    real = Path(os.environ.get("RULING_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    source = real / "ec_darkpattern" / "dataset.tsv"
    if only != "billboard" and source.is_file():
        folder = out / "ec_darkpattern" / "data"
        parts = split(convert_file(source, "ec_darkpattern", folder).cases, {"train": 0.5, "reviewed": 0.5}, seed=0)
        found.append(Task("ec_darkpattern", *parts.values(), Rulebook.load("ec_darkpattern"), folder))
    return found


def reasoned(task: Task, out: Path, steps: int | None) -> Evaluation:
    """What the model says that reasons, trained here; what is there is not done again."""
    if (out / "full" / "metrics.json").is_file():
        return load_evaluation(out / "full")
    save_cases(task.train, task.folder / "learned.jsonl")
    settings: dict[str, Any] = {"data.train": str(task.folder / "learned.jsonl"), "output": str(out / "sft")}
    if task.name == "billboard":
        settings["data.rulebook"] = str(task.folder / "rulebook.yaml")
    if steps is not None:
        settings["max_steps"] = steps
        if task.name == "billboard":
            settings["trainer.lr_scheduler_kwargs"] = {"num_decay_steps": steps // 4}
    recipe = SFTRecipe.load(f"{task.name}/sft", {**settings, **precision()})
    if not RunFolder(recipe.output).is_trained:
        train(recipe, resume=True)
    decoding = EvalRecipe.load(f"{task.name}/eval").decoding
    return evaluate_model(recipe.output, Briefs.bind(task.reviewed, task.book), out / "full", decoding=decoding)


def classified(task: Task, out: Path) -> Evaluation:
    """What the classifier says of the same cases."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    learned, reviewed = (Briefs.bind(cases, task.book) for cases in (task.train, task.reviewed))
    model = make_pipeline(
        TfidfVectorizer(analyzer=lambda words: words, min_df=2, sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000),
    )
    model.fit([crossed(brief) for brief in learned], [rejects(brief) for brief in learned])
    risks = model.predict_proba([crossed(brief) for brief in reviewed])[:, 1]
    rows = [
        {"id": brief.id, "verdict": "reject" if risk > 0.5 else "approve", "risk": float(risk), "tokens": 0}
        for brief, risk in zip(reviewed, risks, strict=True)
    ]
    path = out / "cheap.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return evaluate_file(path, reviewed, out / "cheap")


def crossed(brief: Brief) -> list[str]:
    """The words of an ad and its pairs of neighbouring words, alone and with each rule that it is judged by."""
    words = [word for text in brief.case.text.values() for word in text.lower().split()]
    said = {*words, *(f"{one} {other}" for one, other in pairwise(words))}
    rules = brief.excerpt.ids if brief.case.rules is not None else ()  # all are judged alike by the whole book
    return sorted(said) + [f"{rule}: {word}" for rule in rules for word in sorted(said)]


def rejects(brief: Brief) -> bool:
    """Whether gold rejects the case under the rules that it is shown."""
    return brief.gold is not None and brief.gold.verdict == "reject"


def promises(cheap: Evaluation, full: Evaluation, passes: Passes) -> list[dict[str, Any]]:
    """For each promised miss rate, how often it is kept by a cascade that was chosen on as many clusters as there
    are, drawn with replacement, and what that takes; and what is refused."""
    rows: list[dict[str, Any]] = []
    misses = float(passes.losses(-np.inf).mean())
    for promised in [round(misses + margin, 3) for margin in MARGINS]:
        draw = np.random.default_rng(0)
        chosen = [threshold_for(drawn(passes, draw), promised, CONFIDENCE) for _ in range(DRAWS)]
        kept = [threshold for threshold in chosen if threshold is not None]
        rows.append(
            {
                "promised": promised,
                "refused": DRAWS - len(kept),
                "broken": sum(bool(passes.losses(threshold).mean() > promised) for threshold in kept),
                "missed": float(np.mean([passes.losses(threshold).mean() for threshold in kept])) if kept else None,
                "reviewed": float(np.mean([passes.reviewed(threshold) for threshold in kept])) if kept else None,
            }
        )
    try:
        fit_cascade(cheap, full, round(max(misses / 2, 0.001), 3), CONFIDENCE)
    except DataError as refused:
        rows.append({"promised": round(max(misses / 2, 0.001), 3), "said": refused.message})
    return rows


def drawn(passes: Passes, draw: np.random.Generator) -> Passes:
    """A set of cases to choose on: as many clusters as there are, each whole, drawn with replacement."""
    places: dict[int, list[int]] = {}
    for place, cluster in enumerate(passes.clusters.tolist()):
        places.setdefault(cluster, []).append(place)
    chosen = [places[cluster] for cluster in draw.choice(sorted(places), len(places))]
    rows = np.concatenate(chosen)
    own = np.repeat(np.arange(len(chosen)), [len(one) for one in chosen])
    return replace(passes.at(rows), clusters=own)


if __name__ == "__main__":
    main()
