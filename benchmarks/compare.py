"""How long a comparison takes: 100,000 cases, two checkpoints, 10,000 resamples.

    python benchmarks/compare.py

Ours is all of `compare`: every figure, thirty rules, slices, flips, suspects. Beside it stand the plain ways to write
the bootstrap of *one* figure, the paired difference in verdict accuracy: a Python loop, and pandas. They are run on
fewer resamples and extrapolated; their time does not depend on which resample it is.
"""

import argparse
import random
import resource
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from data import Gold, GoldViolation, Ruling, Violation
from data.rulebook import SEVERITIES, Severity
from rl.evaluation import Evaluation, Prediction, compare

RULES = [f"RULE-{number}" for number in range(30)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--plain", type=int, default=20, help="resamples of the plain loops")
    arguments = parser.parse_args()
    baseline, challenger = drawn("baseline", arguments.cases, 0.80), drawn("challenger", arguments.cases, 0.82)
    print(f"{arguments.cases:,} cases held, twice: {peak():.2f} GB")
    found = timed("compare, all of it", lambda: compare(baseline, challenger, resamples=arguments.resamples))
    print(
        f"  {len(found.metrics)} figures, {len(found.rules)} rules, {len(found.slices)} slices; peak {peak():.2f} GB"
    )
    gain = timed(
        "verdict accuracy alone",
        lambda: challenger.difference(baseline, ["verdict_accuracy"])["verdict_accuracy"],
    )
    print(f"  {gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]")
    ours, theirs = right(challenger), right(baseline)
    for name, loop in (("Python loop", python_loop), ("pandas loop", pandas_loop)):
        work = partial(loop, ours, theirs, arguments.plain)
        timed(f"{name}, verdict accuracy alone", work, scale=arguments)


def timed(what: str, work: Callable[[], object], scale: argparse.Namespace | None = None):  # type: ignore[no-untyped-def]
    """Says how long it took: on the clock, and of the processor, which other work beside does not stretch."""
    clock, processor = time.perf_counter(), time.process_time()
    found = work()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    if scale is None:
        print(f"{what}: {clock:.1f} s, {processor:.1f} s of one processor")
    else:
        factor = scale.resamples / scale.plain
        print(
            f"{what}: {scale.plain} resamples {clock:.1f} s, so {scale.resamples:,} take {clock * factor:,.0f} s "
            f"({processor * factor:,.0f} s of one processor; extrapolated)"
        )
    return found


def python_loop(ours: list[bool], theirs: list[bool], resamples: int) -> list[float]:
    """The bootstrap as it is written down."""
    cases, draws = range(len(ours)), []
    for _ in range(resamples):
        places = random.choices(cases, k=len(cases))
        draws.append(sum(ours[place] - theirs[place] for place in places) / len(cases))
    return draws


def pandas_loop(ours: list[bool], theirs: list[bool], resamples: int) -> list[float]:
    """The same with a table that is sampled."""
    table = pd.DataFrame({"ours": ours, "theirs": theirs})
    draws = []
    for seed in range(resamples):
        sample = table.sample(frac=1.0, replace=True, random_state=seed)
        draws.append(sample["ours"].mean() - sample["theirs"].mean())
    return draws


def right(evaluation: Evaluation) -> list[bool]:
    return [p.gold is not None and p.gold.accepts(p.verdict) for p in evaluation.predictions]


def drawn(name: str, cases: int, accuracy: float) -> Evaluation:
    """A model of that accuracy with stated risks of its own, on the same cases for every model."""
    gold, own = np.random.default_rng(0), np.random.default_rng(len(name))
    broken, which = gold.random(cases) < 0.4, gold.integers(0, len(RULES), cases)
    good, sure = own.random(cases) < accuracy, (1 + own.random(cases)) / 2
    rows = zip(broken.tolist(), which.tolist(), good.tolist(), sure.tolist(), strict=True)
    return Evaluation(name, "test", [_row(place, *row) for place, row in enumerate(rows)])


def _row(place: int, broken: bool, which: int, good: bool, sure: float) -> Prediction:
    rule = RULES[which]
    severity: Severity = SEVERITIES[which % 4]
    violations = [GoldViolation(rule=rule)] if broken else []
    rejected = broken == good
    ruling = Ruling(
        verdict="reject" if rejected else "approve",
        confidence=sure,
        violations=[Violation(rule=rule)] if rejected else [],
    )
    return Prediction(
        case=f"case-{place}",
        cluster=f"case-{place}",
        ruling=ruling,
        grounded=[True] * len(ruling.violations),
        risk=ruling.risk,
        rules=RULES,
        gold=Gold(verdict="reject" if broken else "approve", violations=violations),
        severity=severity if broken else None,
        category=f"category-{which % 5}" if broken else None,
    )


def peak() -> float:
    """The most memory that this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    main()
