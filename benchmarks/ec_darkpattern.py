"""Does a tiny model that writes rulings find dark patterns as well as a classical classifier does?

    python benchmarks/ec_darkpattern.py

On the same five folds (grouped by near-duplicates, stratified by rule, spaces stripped):

- **SFT**: the shipped recipe ``ec_darkpattern/sft``, trained on four folds on the CPU, writes a ruling on each text of
  the fifth;
- **reference**: TF-IDF of words and characters, logistic regression.

Both are measured by the same code on the pooled predictions, with intervals over groups, and compared in pairs. A run
that was stopped goes on. Needs scikit-learn, and the real data: the folder that ``RULING_REAL_DATA`` names, or
``../shared/data``.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from data import Briefs, Case, Rulebook, save_cases
from data.foreign.convert import convert_file
from data.splits import kfold
from rl.config.evaluate import EvalRecipe
from rl.config.train import SFTRecipe
from rl.demo import precision
from rl.evaluation import (
    Evaluation,
    Prediction,
    compare_table,
    evaluate_file,
    evaluate_model,
    load_evaluation,
    rule_table,
    save_evaluation,
)
from rl.runs.folder import RunFolder

NAME = "ec_darkpattern"
FOLDS = 5
NONE = "none"
COMPARED = ("verdict_accuracy", "miss_rate", "false_flag_rate", "rule_f1", "rule_macro_f1", "parse_rate")
Fold = tuple[list[Case], list[Case]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks") / NAME)
    out = parser.parse_args().out
    console = Console(width=150)
    real = Path(os.environ.get("RULING_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    cases = convert_file(real / NAME / "dataset.tsv", NAME, out / "data").cases
    book = Rulebook.load(NAME)
    folds = kfold(cases, FOLDS)
    begin = time.monotonic()
    reference = refer(cases, folds, book, out)
    seconds = {"reference": time.monotonic() - begin}
    predictions: list[Prediction] = []
    for number, fold in enumerate(folds):
        begin = time.monotonic()
        predictions += review(fold, book, out / f"fold-{number}")
        seconds[f"fold {number}"] = time.monotonic() - begin
        console.print(f"fold {number}: {seconds[f'fold {number}']:.0f} s")
    order = {case.id: place for place, case in enumerate(cases)}
    predictions.sort(key=lambda prediction: order[prediction.case])
    sft = Evaluation("SFT", "out of fold", predictions, reference.provenance | {"predictions": f"{FOLDS} folds"})
    save_evaluation(sft, out / "sft")
    console.print(compare_table([reference, sft]), rule_table([reference, sft]))
    content = summary(sft, reference) | {"seconds": seconds}
    (out / "summary.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    console.print(f"{sum(seconds.values()):.0f} s in all; {out / 'summary.json'}")


def review(fold: Fold, book: Rulebook, out: Path) -> Sequence[Prediction]:
    """Trains the shipped recipe on one part of a fold and has it review the other; what is there is not done again."""
    train, held_out = fold
    if (out / "evaluation" / "metrics.json").is_file():
        return load_evaluation(out / "evaluation").predictions
    save_cases(train, out / "train.jsonl")
    settings = {"data.train": str(out / "train.jsonl"), "output": str(out / "run"), **precision()}
    recipe = SFTRecipe.load(f"{NAME}/sft", settings)
    if not RunFolder(recipe.output).is_trained:
        train(recipe, resume=True)
    decoding = EvalRecipe.load(f"{NAME}/eval").decoding
    briefs = Briefs.bind(held_out, book)
    return evaluate_model(recipe.output, briefs, out / "evaluation", decoding=decoding).predictions


def refer(cases: Sequence[Case], folds: Sequence[Fold], book: Rulebook, out: Path) -> Evaluation:
    """The reference's evaluation, over the predictions for all folds."""
    rows: list[dict[str, Any]] = []
    for train, held_out in folds:
        model = classifier().fit([text(case) for case in train], [label(case) for case in train])
        shares = model.predict_proba([text(case) for case in held_out])
        for case, share in zip(held_out, shares, strict=True):
            rule = model.classes_[share.argmax()]
            verdict, cited = ("approve", []) if rule == NONE else ("reject", [rule])
            risk = 1.0 - float(share[list(model.classes_).index(NONE)])
            rows.append({"id": case.id, "verdict": verdict, "violations": cited, "risk": min(max(risk, 0.0), 1.0)})
    path = out / "reference.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    briefs = Briefs.bind(cases, book)
    return evaluate_file(path, briefs, out / "reference", name="TF-IDF + LR", split="out of fold")


def classifier() -> Any:
    """TF-IDF of words and punctuation (1-2) and of characters within words (2-5), logistic regression over the rules
    and none. Chosen among 42 settings on an inner split of the first fold's training part.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\b\w+\b|[^\w\s]")
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    return make_pipeline(
        make_union(words, characters), LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
    )


def text(case: Case) -> str:
    return case.text["body"]


def label(case: Case) -> str:
    """The rule that a case breaks, or none."""
    broken = case.gold.violations if case.gold else None
    return broken[0].rule if broken else NONE


def summary(sft: Evaluation, reference: Evaluation) -> dict[str, Any]:
    """What RESULTS.md records."""
    difference = sft.difference(reference, COMPARED)
    return {
        "metrics": {
            name: {
                "sft": asdict(sft.metrics[name]),
                "reference": asdict(reference.metrics[name]),
                "difference": asdict(difference[name]),
            }
            for name in COMPARED
        },
        "by_rule": {
            rule: {"sft": asdict(estimate), "reference": asdict(reference.rules[rule])}
            for rule, estimate in sft.rules.items()
        },
    }


if __name__ == "__main__":
    main()
