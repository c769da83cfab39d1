"""A teacher who errs: the targets miss or invent violations, and gold stays right."""

from pathlib import Path

from data import Rulebook, load_cases
from data.billboard import BillboardConfig, build
from prompts import ParseFailure, parse, write

BOOK = Rulebook.load("billboard")


def test_noise_is_in_the_targets_and_not_in_the_gold(tmp_path: Path):
    noisy = load_cases(build(BillboardConfig(1000, 40, teacher_noise=0.3), tmp_path / "noisy") / "train.jsonl")
    clean = load_cases(build(BillboardConfig(1000, 40), tmp_path / "clean") / "train.jsonl")
    assert all(case.teacher is None for case in clean)
    wrong = 0
    for case in noisy:
        assert case.gold and case.teacher and case.gold.violations is not None
        right = [violation.rule for violation in case.gold.violations]
        written = [violation.rule for violation in case.teacher.violations]
        wrong += right != written
        assert abs(len(right) - len(written)) <= 1
        # However wrong, it is well-formed: the verdict follows, and every cited rule is argued for.
        excerpt = BOOK.excerpt(case.rules)
        assert excerpt.called_for(written) == case.teacher.verdict or case.teacher.verdict == "escalate"
        assert all(f"{rule}: no." not in case.teacher.reasoning for rule in written)
        assert not isinstance(parse(write(case.teacher)), ParseFailure)
    assert 0.24 < wrong / len(noisy) < 0.36
    test = load_cases(tmp_path / "noisy" / "test.jsonl")
    assert all(case.teacher is None for case in test)
