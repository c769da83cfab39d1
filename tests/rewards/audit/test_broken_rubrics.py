"""Rubrics that a model could cheat fail their audit, and the cheat is named."""

from pathlib import Path

import pytest

from rewards import Rubric
from rewards.audit import Audit, audit

HERE = Path(__file__).parent
SOUND = {
    "name": "broken",
    "prices": {"miss": 1.25, "false_flag": 1, "escalation": 0.05, "severity": dict.fromkeys(
        ("low", "medium", "high", "critical"), 1
    )},
    "calibration": 0.2,
    "craft": {"rules": 0.25, "evidence": 0.25},
    "gates": ["rulebook_consistency", "reasoning_agreement"],
    "penalties": {"overlong": {"weight": 0.1, "start": 1500, "end": 3000}, "repetition": 0.1, "overcitation": 0.1},
}  # fmt: skip
BROKEN = {
    "substring verdict": (
        {"craft": {"rules": 0.2, "evidence": 0.15, "broken.py:says_the_verdict": 0.15}},
        {"keywords around it"},
    ),
    "length overwrites correctness": (
        {"craft": {"rules": 0.1, "evidence": 0.1, "broken.py:thorough": 0.3}, "penalties": {}},
        {"long reasoning", "repeated reasoning", "keywords around it", "a plea around it"},
    ),
    "longer errors are cheaper": (
        {"penalties": {"broken.py:too_short": 0.3}},
        {"long reasoning", "repeated reasoning", "keywords around it", "a plea around it"},
    ),
    "no price on false flags": (
        {"prices": {"miss": 8, "false_flag": 0, "escalation": 0.3}},
        {"always reject", "cite the most frequent rule", "reject when in doubt"},
    ),
    "no price on false flags, a lower one on misses": (
        {"prices": {"miss": 4, "false_flag": 0, "escalation": 0.3}},
        {"reject when in doubt"},
    ),
    "escalation is paid": ({"prices": {"miss": 4, "escalation": 0.9}}, {"always escalate"}),
    "confidence drives escalation": (
        {"craft": {"rules": 0.2, "evidence": 0.15, "broken.py:escalates_when_unsure": 0.15}},
        {"overconfidence"},
    ),
    "consistency is paid": (
        {"craft": {"rulebook_consistency": 0.5}, "gates": ["reasoning_agreement"]},
        {"right evidence under a wrong rule", "foreign evidence", "evidence left out"},
    ),
    "short fuzzy quotes": (
        {"craft": {"rules": 0.25, "broken.py:fuzzy_quotes": 0.25}},
        {"scraps of quotes", "evidence left out", "all the text as evidence"},
    ),
    "a cut path counts as the whole": (
        {"craft": {"broken.py:right_branch": 0.5}},
        {"swap a sibling"},
    ),
    "recall alone": (
        {"craft": {"broken.py:recall": 0.3, "evidence": 0.2}, "penalties": {}},
        {"cite one rule more", "one frequent rule more"},
    ),
    "a reward that crashes": ({"craft": {"rules": 0.4, "broken.py:first_quote": 0.1}}, {"a reward that fails"}),
    "a reward that judges rejections only": (
        {"craft": {"rules": 0.4, "broken.py:shy": 0.1}},
        {"a reward that chooses its answers"},
    ),
}


def run(billboard, **changed: object) -> Audit:
    return audit(Rubric.model_validate({**SOUND, "folder": str(HERE), **changed}), billboard)


def test_the_sound_one_passes(billboard):
    assert not run(billboard).flaws


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rubrics_fail_and_the_cheat_is_named(billboard, name):
    changed, cheats = BROKEN[name]
    found = run(billboard, **changed)
    assert not found.ok
    assert cheats <= {flaw.name for flaw in found.errors}, [flaw.name for flaw in found.errors]
    shown = {flaw.name: flaw.exhibit for flaw in found.errors}
    checks = {"overconfidence", "reject when in doubt", "a reward that fails"}
    assert all(shown[cheat] is not None for cheat in cheats - checks)


def test_the_former_gate_let_unfaithful_reasoning_through(billboard):
    found = run(billboard, gates=["rulebook_consistency", "former.py:former_agreement"])
    kinds = {trial.cheat.name: trial.cheat.kind for trial in found.trials}
    named = {flaw.name for flaw in found.errors if kinds.get(flaw.name) == "unfaithful"}
    assert len(named) >= 10, named
    assert {"clear then cite", "find then omit", "an outcome against the verdict", "find everything"} <= named
