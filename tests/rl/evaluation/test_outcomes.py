"""Fifteen cells that sum to N, and what each of them is called."""

from itertools import product

import pytest

from data import VERDICTS
from rl.evaluation import PREDICTED, cells, outcome

from .conftest import predicted


def test_every_pair_lands_in_its_own_cell() -> None:
    pairs = list(product(VERDICTS, PREDICTED))
    predictions = [
        predicted(f"{i}-{copy}", verdict if verdict in VERDICTS else None, gold, refused=verdict == "refused")
        for i, (gold, verdict) in enumerate(pairs)
        for copy in range(i + 1)
    ]
    table = cells(predictions)
    assert table.flatten().tolist() == list(range(1, 16))
    assert table.sum() == len(predictions)


def test_cases_without_a_gold_verdict_are_in_no_cell() -> None:
    assert cells([predicted("a", "approve", None), predicted("b", "approve", "approve")]).sum() == 1


@pytest.mark.parametrize(
    ("verdict", "gold", "accept", "expected"),
    [
        ("approve", "approve", (), "right"),
        ("reject", "reject", (), "right"),
        ("escalate", "escalate", (), "right"),
        ("approve", "reject", (), "miss"),
        ("unparsed", "reject", (), "miss"),
        ("reject", "approve", (), "false flag"),
        ("unparsed", "approve", (), "false flag"),
        ("refused", "reject", (), "miss"),
        ("refused", "approve", (), "false flag"),
        ("refused", "escalate", (), "missed escalation"),
        ("escalate", "approve", (), "needless escalation"),
        ("escalate", "reject", (), "needless escalation"),
        ("approve", "escalate", (), "missed escalation"),
        ("unparsed", "escalate", (), "missed escalation"),
        ("escalate", "reject", ("escalate",), "right"),
        ("approve", "reject", ("approve",), "right"),
        ("approve", None, (), None),
    ],
)
def test_outcome(verdict: str, gold: str | None, accept: tuple[str, ...], expected: str | None) -> None:
    assert outcome(verdict, gold, accept) == expected
