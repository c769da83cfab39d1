"""What does a cascade save, and does it keep what it promises?

    python benchmarks/cascade.py --demo runs/demo        (after ruling demo)

On Billboard, and on ec_darkpattern where the real data is (the folder that ``RULING_REAL_DATA`` names, or
``../shared/data``; half is learnt from, half reviewed, by groups):

- **full**: a tiny model writes rulings with reasoning: the demo's SFT model on both of its splits; on ec_darkpattern
  one that is trained here, for ``--steps`` of the shipped recipe, or all of them;
- **cheap**: TF-IDF of what the ad says, crossed with the rules that it is judged by where cases have excerpts, and
  logistic regression: it sees no picture and reads no rule.

Both have learnt from the same cases and rule on the same others, once. Then 200 sets of cases are drawn from these, a
cascade is chosen on each, and its true miss rate is that on all of them, which is what the sets were drawn from: it is
to be above the promise in one of twenty at most. A run that was stopped goes on. Needs scikit-learn.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from data import Brief, Briefs, Case, DataError, Rulebook, load_cases, save_cases
from data.foreign.convert import convert_file
from data.splits import split
from rl.config.evaluate import EvalRecipe
from rl.config.train import SFTRecipe
from rl.demo import SPLITS, Demo, precision
from rl.evaluation import Evaluation, evaluate_file, evaluate_model, load_evaluation
from rl.evaluation.cascade import curve, fit_cascade
from rl.evaluation.cascade.fit import threshold_for
from rl.evaluation.cascade.passes import Passes
from rl.evaluation.cascade.table import curve_table
from rl.runs.folder import RunFolder
from rl.training import train

DRAWS, CONFIDENCE = 200, 0.95
MARGINS = (0.03, 0.06, 0.1, 0.2)
"""How far the promises that are tried lie above what the model that reasons misses."""


@dataclass(frozen=True)
class Task:
    """Cases to learn from and to be reviewed, judged by one book, and the model that reasons."""

    name: str
    learnt: Sequence[Case]
    reviewed: Sequence[Case]
    book: Rulebook
    model: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, default=Path("runs/demo"))
    parser.add_argument("--steps", type=int, help="of SFT on ec_darkpattern; the recipe's if left out")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/cascade"))
    parser.add_argument("--only", choices=["billboard", "ec_darkpattern"])
    arguments = parser.parse_args()
    console = Console(width=120)
    if arguments.only != "ec_darkpattern":
        told(billboard(Demo(arguments.demo, {})), arguments.out, console)
    source = Path(os.environ.get("RULING_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if arguments.only != "billboard" and (source / "ec_darkpattern").is_dir():
        told(dark_patterns(source, arguments.out, arguments.steps), arguments.out, console)


def billboard(demo: Demo) -> Task:
    """The cases and the SFT model of a demo."""
    reviewed = [case for name in SPLITS for case in load_cases(demo.cases(name))]
    book = Rulebook.load(demo.rulebook)
    return Task("billboard", load_cases(demo.cases("train")), reviewed, book, str(demo.run("SFT").path))


def dark_patterns(source: Path, out: Path, steps: int | None) -> Task:
    """The real texts, and a model that has learnt from half of them."""
    name, home = "ec_darkpattern", out / "ec_darkpattern"
    cases = convert_file(source / name / "dataset.tsv", name, home / "data").cases
    learnt, reviewed = split(cases, {"learnt": 0.5, "reviewed": 0.5}, seed=0).values()
    save_cases(learnt, home / "data" / "learnt.jsonl")
    settings: dict[str, Any] = {"data.train": str(home / "data" / "learnt.jsonl"), "output": str(home / "sft")}
    recipe = SFTRecipe.load(f"{name}/sft", {**settings, **precision(), **({"max_steps": steps} if steps else {})})
    if not RunFolder(recipe.output).is_trained:
        train(recipe, resume=True)
    return Task(name, learnt, reviewed, Rulebook.load(name), recipe.output)


def told(task: Task, out: Path, console: Console) -> None:
    """Has both passes rule, and prints and keeps what follows."""
    briefs = Briefs.bind(task.reviewed, task.book)
    decoding = EvalRecipe.load(f"{task.name}/eval").decoding
    home = out / task.name
    done = (home / "full" / "metrics.json").is_file()
    full = (
        load_evaluation(home / "full")
        if done
        else evaluate_model(task.model, briefs, home / "full", decoding=decoding)
    )
    cheap = classified(task, briefs, home)
    passes = Passes.of(cheap, full)
    points, rows = curve(passes), promises(cheap, full, passes)
    misses = float(passes.losses(-np.inf).mean())
    console.print(
        curve_table(points, f"{task.name}: {len(briefs):,} cases, {len(passes.losses(0)):,} violating clusters")
    )
    console.print(f"reviewed all with reasoning, missed {misses:.3f}; accuracy of both passes:")
    console.print({one.name: round(one.metrics["verdict_accuracy"].value, 3) for one in (cheap, full)})
    for row in rows:
        console.print(row)
    content = {"misses": misses, "curve": [point.model_dump() for point in points], "promises": rows}
    (out / f"{task.name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def classified(task: Task, briefs: Briefs, home: Path) -> Evaluation:
    """What the classifier says of the same cases."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    learnt = Briefs.bind(task.learnt, task.book)
    model = make_pipeline(
        TfidfVectorizer(analyzer=crossed, min_df=2, sublinear_tf=True), LogisticRegression(C=10, max_iter=1000)
    )
    model.fit(learnt, [rejects(brief) for brief in learnt])
    rows = [
        {"id": brief.id, "verdict": "reject" if risk > 0.5 else "approve", "risk": float(risk), "tokens": 0}
        for brief, risk in zip(briefs, model.predict_proba(briefs)[:, 1], strict=True)
    ]
    path = home / "cheap.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return evaluate_file(path, briefs, home / "cheap")


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
