"""How many completions can be scored in a second on one core?

    python benchmarks/scoring.py
    python benchmarks/scoring.py --against COMMIT

The shipped rubric ``default`` with all of its rule-based rewards, parsing included, on 20,000 completions: eight for
each of 2,500 cases, right and wrong in different ways, one of them cut off. Binding the cases to their rulebook is
included. The cases make 30 claims, so that completions on cases of one claim are alike. With ``--against``, how many
more completions than at a former commit; see `side_by_side`. Else, beside it, on the same texts:

- **json + regex**: the least that reading them takes: find the answer by regular expression, load the JSON, compare
  the verdict with gold;
- **TRL**: its ``think_format_reward``, and its ``accuracy_reward`` where math_verify is installed. That one compares
  mathematical expressions: the gold answer is boxed, as it wants it.

Every figure is CPU time of one process, the best of five, so that other work on the machine counts little.
"""

import argparse
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace

from rich.console import Console
from rich.table import Table
from scored_cases import CLAIMS, FOLD, make_book, make_case
from side_by_side import compare

from data import Brief, Briefs, Case, Finding, Rulebook, Ruling
from data.finding import lines
from prompts import target, write
from rewards import Rubric, Scorecard

ANSWER = re.compile(r"<think>.*?</think>\s*<answer>(.*?)</answer>", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--completions", type=int, default=20_000)
    parser.add_argument("--against", metavar="COMMIT")
    parser.add_argument("--runs", type=int, default=5, help="of each side, with --against")
    args = parser.parse_args()
    if args.against is not None:
        print_sides(args.against, args.completions, args.runs)
        return
    cases = [make_case(i) for i in range(args.completions // FOLD)]
    rubric = Rubric.load("default")
    book = make_book(100)
    completions = [text for case in cases for text in make_completions(case, book)]
    folded = [case for case in cases for _ in range(FOLD)]
    count = len(completions)
    characters = sum(map(len, completions)) / count
    table = Table("what", "completions / s", title=f"{count:,} completions of {characters:.0f} characters on average")

    def add(name: str, size: int, run: Callable[[], object]) -> None:
        table.add_row(name, f"{size / seconds(run):,.0f}")

    def score(book: Rulebook, part: int = 1) -> list[Scorecard]:
        briefs = Briefs.bind(cases[: len(cases) // part], book)
        return rubric.score_many(completions[: len(briefs) * FOLD], [brief for brief in briefs for _ in range(FOLD)])

    add("Ruling: bind, parse, score, scorecards", count, lambda: score(book))
    for part in (4, 16):
        size = len(cases) // part * FOLD
        add(f"… on {size:,} of them", size, lambda part=part: score(book, part))
    for rules in (10, 1000):
        other = make_book(rules)
        add(f"… {rules:,} rules in the book, not 100", count, lambda other=other: score(other))
    add(
        "json + regex: verdict right or not",
        count,
        lambda: [naive(*pair) for pair in zip(completions, folded, strict=True)],
    )
    for name, run in trl_rewards(completions, folded).items():
        add(name, count, run)
    Console(width=100).print(table)


def print_sides(commit: str, completions: int, runs: int) -> None:
    title = f"{completions:,} completions, medians of {runs} runs in turns"
    table = Table("completions / s", commit, "working tree", "ratio, run by run", title=title)
    for name, claims in ((f"{CLAIMS} claims", CLAIMS), ("no two completions alike", completions // FOLD)):
        sides = compare(commit, completions, runs, claims)
        table.add_row(name, *(f"{rate:,.0f}" for rate in sides.rates()), f"{sides.ratio:.2f}")
    Console(width=100).print(table)


def make_completions(case: Case, book: Rulebook) -> list[str]:
    """Eight on a case, the last one cut off."""
    *whole, last = (write(ruling) for ruling in rulings(case, Brief.of(case, book).excerpt))
    return [*whole, last[:-20]]


def rulings(case: Case, excerpt: Rulebook) -> list[Ruling]:
    """Gold, and seven others; each with findings that its answer follows from."""
    gold = target(case, excerpt)
    cited = gold.violations[0]
    broken = next(finding for finding in gold.findings if finding.rule == cited.rule)
    clear = {rule: Finding(rule, "clear") for rule in excerpt.ids}

    def changed(*findings: Finding, **fields: object) -> Ruling:
        said = clear | {finding.rule: finding for finding in findings}
        return gold.model_copy(update={"reasoning": lines(said.values()), **fields})

    def with_rule(rule: str) -> Ruling:
        return changed(replace(broken, rule=rule), violations=[cited.model_copy(update={"rule": rule})])

    shorter = [cited.evidence[0].model_copy(update={"quote": "cures diabetes"})]
    return [
        gold,
        changed(broken, confidence=0.7),
        changed(broken, violations=[cited.model_copy(update={"evidence": shorter})]),
        with_rule("HEALTH-3"),
        with_rule("HEALTH-X"),
        changed(violations=[], verdict="approve", confidence=0.6),
        changed(replace(broken, outcome="unclear"), violations=[], verdict="escalate"),
        gold,
    ]


def naive(completion: str, case: Case) -> float:
    found = ANSWER.fullmatch(completion)
    if found is None:
        return 0.0
    try:
        answer = json.loads(found[1])
    except ValueError:
        return 0.0
    assert case.gold is not None
    return float(answer.get("verdict") == case.gold.verdict)


def trl_rewards(completions: list[str], cases: list[Case]) -> dict[str, Callable[[], object]]:
    """TRL's own rewards, as far as they can be imported."""
    from trl.rewards import accuracy_reward, think_format_reward

    messages = [[{"role": "assistant", "content": text}] for text in completions]
    rewards: dict[str, Callable[[], object]] = {"TRL: think_format_reward": lambda: think_format_reward(messages)}
    try:
        import math_verify  # noqa: F401
    except ImportError:
        return rewards
    verdicts = {"approve": 1, "escalate": 2, "reject": 3}
    boxed = [[{"role": "assistant", "content": f"{text} $\\boxed{{{len(text) % 3 + 1}}}$"}] for text in completions]
    solutions = [f"${verdicts[case.gold.verdict]}$" for case in cases if case.gold and case.gold.verdict]
    few = len(boxed) // 20
    rewards["TRL: accuracy_reward"] = lambda: [accuracy_reward(boxed[:few], solutions[:few]) for _ in range(20)]
    return rewards


def seconds(run: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()
