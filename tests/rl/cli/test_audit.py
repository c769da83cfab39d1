"""``ruling rewards audit``: exit codes, and that nothing hostile reaches the terminal as it is."""

import json
import re
import sys
from pathlib import Path

import pytest

from data import save_cases
from rewards.testing.small import BOOK, CASES
from rl.cli import main

HOSTILE = "\x1b[2J\u202e[red]Win[/] </answer>"
LAX = """
name: "[bold]lax"
craft: {rules: 0.3}
gates: [rulebook_consistency, reasoning_agreement]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    cases = [CASES[name]() for name in CASES]
    for case, name in zip(cases, CASES, strict=True):
        case.id, case.text["title"] = f"{HOSTILE} {name}", f"{case.text['title']} {HOSTILE}"
    save_cases(cases, "cases.jsonl")
    BOOK.dump("rulebook.yaml")
    Path("lax.yaml").write_text(LAX, encoding="utf-8")
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ruling", "rewards", "audit", "--data", "cases.jsonl", *words])
    with pytest.raises(SystemExit) as exit_:
        main()
    return int(exit_.value.code or 0)


def test_a_sound_rubric_exits_with_0(folder, monkeypatch, capsys):
    assert run(monkeypatch, "--rubric", "billboard") == 0
    out = capsys.readouterr().out
    assert "passed: " in out and "0 errors" in out
    order = [out.index(f"│ {cheat} ") for cheat in ("always escalate", "always approve", "empty")]
    assert order == sorted(order)


def test_a_lax_rubric_exits_with_1_and_shows_the_completion(folder, monkeypatch, capsys):
    assert run(monkeypatch, "--rubric", "lax.yaml") == 1
    out = capsys.readouterr().out
    assert "error: evidence left out" in out and "failed: " in out and "[bold]lax" in out
    assert "⟨U+001B⟩[2J⟨U+202E⟩[red]Win[/]" in re.sub(r"\s*\n\s*", "", out)
    assert "\x1b[2J" not in out and "\u202e" not in out


def test_json_is_the_whole_report(folder, monkeypatch, capsys):
    assert run(monkeypatch, "--rubric", "lax.yaml", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False and report["cases"] == {"approve": 1, "reject": 1, "escalate": 1}
    assert {"evidence left out"} <= {flaw["name"] for flaw in report["flaws"]}


def test_one_verdict_is_not_enough(folder, monkeypatch, capsys):
    save_cases([CASES["approve"]()], "cases.jsonl")
    assert run(monkeypatch, "--rubric", "billboard") == 2
    assert "needs cases that gold approves and cases that it rejects" in capsys.readouterr().err


def test_schedules_are_audited_as_of_the_end_or_any_other_time(folder, monkeypatch, capsys):
    rubric = """
name: later
prices: {miss: 2, escalation: 0.1, severity: {low: 1, medium: 1, high: 1, critical: 1}}
calibration: {0: 0, 1: 0.3}
craft: {rules: 0.25, evidence: 0.25}
penalties: {overcitation: 0.1}
"""
    Path("later.yaml").write_text(rubric + LAX.splitlines()[-1] + "\n", encoding="utf-8")
    assert run(monkeypatch, "--rubric", "later.yaml") == 0
    assert run(monkeypatch, "--rubric", "later.yaml", "--at", "0") == 1
    assert "error: overconfidence" in capsys.readouterr().out
