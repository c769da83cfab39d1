"""Toy pairs: gold beside a wrong ruling, on the toy cases."""

import random
from pathlib import Path

from data import Briefs, Ruling, Violation
from prompts import target
from rl.runs.preferences import Preference, save_preferences


def toy_pairs(briefs: Briefs, seed: int = 0) -> list[Preference]:
    """One pair about each case, whose wrong ruling is as long as may be."""
    draw, pairs = random.Random(seed), []
    for brief in briefs:
        right = target(brief.case, brief.excerpt)
        pairs.append(Preference(brief.id, right, wrong(right, draw.choice(brief.excerpt.ids)), 1.0))
    return pairs


def wrong(right: Ruling, rule: str) -> Ruling:
    """The opposite verdict: an approval of what breaks a rule, or a rejection by one that nothing breaks."""
    if right.violations:
        return right.model_copy(update={"verdict": "approve", "violations": []})
    return right.model_copy(update={"verdict": "reject", "violations": [Violation(rule=rule)]})


def save_halves(briefs: Briefs, folder: Path) -> tuple[Path, Path]:
    """Pairs about the first half of the cases, and about the second."""
    pairs = toy_pairs(briefs)
    files = folder / "train.jsonl", folder / "test.jsonl"
    for file, half in zip(files, (pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :]), strict=True):
        save_preferences(half, file)
    return files
