"""Can the decisions that a policy was paid for be read from their reasoning?

    python benchmarks/traceable.py runs/benchmarks/billboard/seed-21 ...       (after benchmarks/billboard.py)

Goes through the rollouts of a run's GRPO, quarter by quarter of the training: how many have the right verdict, of how
many of those findings and citations disagree, and of how many of those that earned more than the floor.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data import Briefs, Rulebook, Ruling, load_cases
from prompts import parse
from rewards import Rubric
from rl.runs.folder import RunFolder
from rl.runs.rollouts import Rollout, read_rollouts

QUARTERS = 4


def disagrees(ruling: Ruling) -> bool:
    """Whether the rules found broken are not the rules cited."""
    broken = {finding.rule for finding in ruling.findings if finding.outcome == "broken"}
    return broken != {violation.rule for violation in ruling.violations}


def row(name: str, rollouts: Sequence[Rollout], briefs: Briefs, floor: float) -> list[str]:
    """Counts over some rollouts."""
    rulings = [parse(rollout.episode.completion) for rollout in rollouts]
    parsed = [
        (rollout, ruling) for rollout, ruling in zip(rollouts, rulings, strict=True) if isinstance(ruling, Ruling)
    ]
    right = [
        (r, ruling) for r, ruling in parsed if (gold := briefs[r.episode.case].gold) and gold.accepts(ruling.verdict)
    ]
    apart = [(rollout, ruling) for rollout, ruling in right if disagrees(ruling)]
    paid = [rollout for rollout, ruling in parsed if rollout.total is not None and rollout.total > floor + 1e-9]
    paid_apart = [
        rollout
        for rollout, ruling in parsed
        if rollout.total is not None and rollout.total > floor + 1e-9 and disagrees(ruling)
    ]
    counts = (len(rollouts), len(parsed), len(right), len(apart), len(paid), len(paid_apart))
    return [
        name,
        *(f"{count:,}" for count in counts),
        f"{len(right) / len(rollouts):.1%}",
        f"{len(apart) / max(1, len(right)):.2%}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of benchmarks/billboard.py")
    floor = Rubric.load("billboard").floor
    console, everything = Console(width=150), []
    table = Table(
        "rollouts of",
        "drawn",
        "rulings",
        "right",
        "of these: findings ≠ citations",
        "paid",
        "of these: ≠",
        "right",
        "≠",
    )
    for folder in parser.parse_args().runs:
        data = folder / "data"
        briefs = Briefs.bind(load_cases(data / "train.jsonl"), Rulebook.load(data / "rulebook.yaml"))
        rollouts = read_rollouts(RunFolder(folder / "grpo").rollouts)
        last = max(rollout.step for rollout in rollouts) + 1
        for quarter in range(QUARTERS):
            some = [r for r in rollouts if quarter == r.step * QUARTERS // last]
            table.add_row(*row(f"{folder.name}, quarter {quarter + 1}", some, briefs, floor))
        everything.append(row(f"{folder.name}, all", rollouts, briefs, floor))
    for line in everything:
        table.add_row(*line)
    console.print(table)


if __name__ == "__main__":
    main()
