"""A small draw of the embedded benchmark, with all three verdicts."""

from collections import Counter
from pathlib import Path

import pytest

from data import Briefs, Rulebook, load_cases
from data.billboard import BillboardConfig, build

WANTED = {"approve": 2, "reject": 3, "escalate": 1}


@pytest.fixture(scope="session")
def billboard(tmp_path_factory: pytest.TempPathFactory) -> Briefs:
    folder = build(BillboardConfig(cases=30, test_cases=2), tmp_path_factory.mktemp("billboard"))
    taken: Counter[str] = Counter()
    chosen = []
    for case in load_cases(Path(folder) / "train.jsonl"):
        assert case.gold and case.gold.verdict
        if taken[case.gold.verdict] < WANTED[case.gold.verdict]:
            taken[case.gold.verdict] += 1
            chosen.append(case)
    assert taken == WANTED
    return Briefs.bind(chosen, Rulebook.load(folder / "rulebook.yaml"))
