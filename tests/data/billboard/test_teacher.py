"""A teacher who errs: the targets miss or invent violations, and gold stays right."""

from collections import Counter
from pathlib import Path

import pytest

from data import Rulebook, load_cases
from data.billboard import BillboardConfig, build
from prompts import ParseFailure, parse, write

BOOK = Rulebook.load("billboard")


def test_noise_is_in_the_targets_and_not_in_the_gold(tmp_path: Path):
    noisy = load_cases(build(BillboardConfig(2400, 40, teacher_noise=0.17), tmp_path / "noisy") / "train.jsonl")
    clean = load_cases(build(BillboardConfig(200, 40), tmp_path / "clean") / "train.jsonl")
    assert all(case.teacher is None for case in clean)
    broken, missed, invented = Counter[tuple[int, int]](), Counter[tuple[int, int]](), 0
    for case in noisy:
        assert case.gold and case.teacher and case.gold.violations is not None
        right = {violation.rule for violation in case.gold.violations}
        written = {violation.rule for violation in case.teacher.violations}
        order = BOOK.excerpt(case.rules).ids
        broken.update((len(order), order.index(rule)) for rule in right)
        missed.update((len(order), order.index(rule)) for rule in right - written)
        invented += bool(written - right)
        # However wrong, it is well-formed: the verdict follows, and every cited rule is argued for.
        excerpt = BOOK.excerpt(case.rules)
        assert excerpt.called_for(written) == case.teacher.verdict or case.teacher.verdict == "escalate"
        assert {finding.rule for finding in case.teacher.findings if finding.outcome == "broken"} == written
        assert [finding.rule for finding in case.teacher.findings] == order
        assert not isinstance(parse(write(case.teacher)), ParseFailure)
    shares = {where: missed[where] / broken[where] for where in broken}
    assert shares.pop((4, 3)) == pytest.approx(0.85, abs=0.1)  # by the last of four rules, it is tired
    assert shares.pop((3, 2)) == pytest.approx(0.6, abs=0.12)
    assert len(shares) == 7 and max(shares.values()) < 0.06
    assert missed.total() / broken.total() == pytest.approx(0.17, abs=0.03)
    assert 0.003 < invented / len(noisy) < 0.02
    test = load_cases(tmp_path / "noisy" / "test.jsonl")
    assert all(case.teacher is None for case in test)
