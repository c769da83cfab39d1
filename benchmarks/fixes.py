"""Ten fixes of real texts, to be read: what a tiny model advises shops to change.

    python benchmarks/fixes.py

ec_darkpattern's texts are single lines, of which a fix could only leave nothing. Here a case has three of them, one
under the other: two that no rule forbids, and a third that one forbids or, in every second case, none. Gold's edits
take out what is forbidden. Half of the texts, by groups of near-duplicates, are learnt from; cases of the other half
are reviewed by a model that imitates gold, and with its edits once more by a second model, which has learnt the same
from another seed and without edits, and single texts beside. Needs the real data: the folder that
``RULING_REAL_DATA`` names, or ``../shared/data``. A run that was stopped goes on.
"""

import argparse
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from data import Briefs, Case, Rulebook, fix, save_cases
from data.change import edits_of
from data.foreign.convert import convert_file
from data.splits import split
from rl.config.evaluate import EvalRecipe
from rl.config.train import SFTRecipe
from rl.demo import precision
from rl.evaluation import compare_table, evaluate_model
from rl.evaluation.fixing import Fixing
from rl.runs.folder import RunFolder
from rl.terminal.safe_text import visible
from rl.training import train

NAME = "ec_darkpattern"
TOKENS = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=4000, help="to learn from")
    parser.add_argument("--test-cases", type=int, default=400)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--shown", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/fixes"))
    arguments = parser.parse_args()
    source = Path(os.environ.get("RULING_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    texts = convert_file(source / NAME / "dataset.tsv", NAME, arguments.out / "data").cases
    learnt, reviewed = split(texts, {"learnt": 0.5, "reviewed": 0.5}, seed=0).values()
    out, book = arguments.out, Rulebook.load(NAME)
    pages = composed(learnt, arguments.cases, "learnt")
    adviser = trained(out / "adviser", pages, arguments.steps, 0)
    silent = [without_edits(case) for case in pages]
    reviewer = trained(out / "reviewer", [*silent, *learnt], arguments.steps, 1)
    briefs = Briefs.bind(composed(reviewed, arguments.test_cases, "reviewed"), book)
    decoding = replace(EvalRecipe.load(f"{NAME}/eval").decoding, max_new_tokens=TOKENS)
    console = Console(width=140, soft_wrap=True)
    found = evaluate_model(adviser, briefs, out / "evaluation", decoding=decoding, fixing=Fixing(reviewer))
    console.print(compare_table([found]))
    advised = [one for one in found.predictions if one.advised is not None and one.ruling and one.ruling.edits]
    for one in random.Random(0).sample(advised, min(arguments.shown, len(advised))):
        case = briefs[one.case].case
        assert one.ruling is not None and one.advised is not None
        cited = ", ".join(violation.rule for violation in one.ruling.violations)
        gold = case.gold.verdict if case.gold else None
        console.rule(f"{case.id}: gold {gold}, cited {cited or 'nothing'}, approved now: {one.advised.fixed}")
        for text, mark in ((case.text["body"], "-"), (fix(case, one.ruling.edits).case.text["body"], "+")):
            console.print("\n".join(f"{mark} {visible(line)}" for line in text.splitlines()), markup=False)


def composed(texts: Sequence[Case], number: int, name: str) -> list[Case]:
    """Cases of three texts each, every second with one that breaks a rule, and gold with edits."""
    rng = random.Random(name)
    honest = [case for case in texts if case.gold and case.gold.verdict == "approve" and not lines(case)]
    broken = [case for case in texts if case.gold and case.gold.verdict == "reject" and not lines(case)]
    cases: list[Case] = []
    for index in range(number):
        parts = [*rng.sample(honest, 2), rng.choice(broken if index % 2 else honest)]
        told = parts[-1]
        if len({part.text["body"] for part in parts}) < len(parts):
            continue
        rng.shuffle(parts)
        body = "\n".join(part.text["body"] for part in parts)
        case = told.model_copy(update={"id": f"{name}-{index}", "group": told.group, "text": {"body": body}})
        assert case.gold is not None
        case = case.model_copy(update={"gold": case.gold.model_copy(update={"edits": edits_of(case, case.gold)})})
        cases.append(case)
    return cases


def lines(case: Case) -> bool:
    """Whether a text has several lines, which would blur where it ends."""
    return "\n" in case.text["body"].strip()


def without_edits(case: Case) -> Case:
    assert case.gold is not None
    return case.model_copy(update={"gold": case.gold.model_copy(update={"edits": None})})


def trained(run: Path, cases: Sequence[Case], steps: int, seed: int) -> Path:
    """A model that the shipped recipe makes of cases, unless it is there."""
    if RunFolder(run).is_trained:
        return run
    data = run.with_suffix(".jsonl")
    save_cases(list(cases), data)
    settings: dict[str, Any] = {
        "data.train": str(data),
        "output": str(run),
        "seed": seed,
        "max_steps": steps,
        "muon": True,
        "learning_rate": 3e-3,
        **precision(),
    }
    train(SFTRecipe.load(f"{NAME}/sft", settings), resume=True)
    return run


if __name__ == "__main__":
    main()
