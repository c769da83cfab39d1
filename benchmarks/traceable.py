"""Can the decisions that a policy was paid for be read from their reasoning?

    python benchmarks/traceable.py runs/benchmarks/billboard/seed-21 ...       (after benchmarks/billboard.py)

Goes through the rollouts of a run's GRPO, quarter by quarter of the training: how many have the right verdict, of how
many of those findings and citations disagree, and of how many of those that earned more than the floor.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data import Brief, Briefs, Rulebook, Ruling, load_cases
from prompts import parse
from rewards import Rubric
from rl.runs.folder import RunFolder
from rl.runs.rollouts import Rollout, read_rollouts

QUARTERS = 4


@dataclass(frozen=True)
class Counts:
    """What some rollouts come to."""

    drawn: int
    rulings: int
    right: int
    """Rulings with the right verdict."""
    right_apart: int
    """Of these, those that find other rules broken than they cite."""
    paid: int
    """Rulings that earned more than the floor."""
    paid_apart: int

    @classmethod
    def of(cls, rollouts: Sequence[Rollout], briefs: Briefs, floor: float) -> "Counts":
        read = [(rollout, parse(rollout.episode.completion)) for rollout in rollouts]
        rulings = [(rollout, ruling) for rollout, ruling in read if isinstance(ruling, Ruling)]
        right = [ruling for rollout, ruling in rulings if _is_right(ruling, briefs[rollout.episode.case])]
        paid = [ruling for rollout, ruling in rulings if rollout.total is not None and rollout.total > floor + 1e-9]
        apart = (sum(map(disagrees, right)), sum(map(disagrees, paid)))
        return cls(len(rollouts), len(rulings), len(right), apart[0], len(paid), apart[1])

    @property
    def cells(self) -> list[str]:
        counts = (self.drawn, self.rulings, self.right, self.right_apart, self.paid, self.paid_apart)
        shares = (self.right / self.drawn, self.right_apart / max(1, self.right))
        return [*(f"{count:,}" for count in counts), *(f"{share:.2%}" for share in shares)]


def disagrees(ruling: Ruling) -> bool:
    """Whether the rules found broken are not the rules cited."""
    broken = {finding.rule for finding in ruling.findings if finding.outcome == "broken"}
    return broken != {violation.rule for violation in ruling.violations}


def _is_right(ruling: Ruling, brief: Brief) -> bool:
    return brief.gold is not None and brief.gold.accepts(ruling.verdict)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of benchmarks/billboard.py")
    floor = Rubric.load("billboard").floor
    table = Table("rollouts", "drawn", "rulings", "right", "≠ of right", "paid", "≠ of paid", "right", "≠ of right")
    for folder in parser.parse_args().runs:
        data = folder / "data"
        briefs = Briefs.bind(load_cases(data / "train.jsonl"), Rulebook.load(data / "rulebook.yaml"))
        rollouts = read_rollouts(RunFolder(folder / "grpo").rollouts)
        last = max(rollout.step for rollout in rollouts) + 1
        for quarter in range(QUARTERS):
            some = [rollout for rollout in rollouts if quarter == rollout.step * QUARTERS // last]
            table.add_row(f"{folder.name}, quarter {quarter + 1}", *Counts.of(some, briefs, floor).cells)
        table.add_row(f"{folder.name}, all", *Counts.of(rollouts, briefs, floor).cells, end_section=True)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
