"""Scoring keeps up with generation: bounds in CPU time with room to spare (a fifth of what was measured)."""

import time

from data import Case, Rule, Rulebook
from prompts import parse, target, write
from rewards import Rubric

COUNT = 1000


def batch(rules: int) -> tuple[list[str], list[Case], Rulebook]:
    book = Rulebook(name="many", rules=[Rule(id=f"R-{i}", text="No.") for i in range(rules)])
    evidence = [{"quote": "cures diabetes", "field": "title"}]
    cases = [
        Case(
            id=str(i),
            text={"title": f"Tea {i} cures diabetes", "body": "Buy it now. " * 20},
            rules=["R-0", "R-1", "R-2", "R-3"],
            gold={"verdict": "reject", "violations": [{"rule": "R-1", "evidence": evidence}]},
        )
        for i in range(COUNT // 8)
        for _ in range(8)
    ]
    completions = [write(target(case, book.excerpt(case.rules))) for case in cases]
    return [text if i % 4 else text[:-1] for i, text in enumerate(completions)], cases, book


def seconds(function) -> float:
    """CPU time, the better of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def test_three_thousand_a_second_whatever_the_size_of_the_rulebook():
    rubric = Rubric.load("default")
    small, large = batch(10), batch(1000)
    took = {
        rules: seconds(lambda given=given: rubric.score_many(*given)) for rules, given in ((10, small), (1000, large))
    }
    assert max(took.values()) < COUNT / 3000, took
    assert took[1000] < 3 * took[10], took


def test_parsing_takes_microseconds():
    completions, _, _ = batch(10)
    assert seconds(lambda: [parse(completion) for completion in completions]) < COUNT / 8000
