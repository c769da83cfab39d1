"""Suspects: what speaks against a label and what does not, and how people get to see it."""

import base64
import gzip
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import Briefs, Case, DataError, Gold, GoldViolation, Quote, Ruling, Violation, save_cases
from prompts import Episode, write
from rl.cli.suspects import app
from rl.curation.suspects import Suspect, find_suspects
from rl.runs.past_run import PastRun
from rl.runs.rollouts import Rollout, RolloutLog
from tests.rl.conftest import toy_book

STEPS = 10


def case(name: str, verdict: str = "approve", *broken: str) -> Case:
    violations = [GoldViolation(rule=rule, evidence=None) for rule in broken]
    text = {"body": "you won a prize"}
    return Case(id=name, text=text, rules=["PRIZE-1", "CURE-1"], gold=Gold(verdict=verdict, violations=violations))


def says(verdict: str, *rules: str, quote: str = "won a prize", confidence: float = 0.9) -> str:
    cited = [Violation(rule=rule, evidence=[Quote(quote=quote, field="body")]) for rule in rules]
    return write(Ruling(verdict=verdict, violations=cited, confidence=confidence, reasoning="PRIZE-1: clear"))


REJECTS, APPROVES = says("reject", "PRIZE-1"), says("approve")


def run(said: dict[str, list[tuple[int, str]]], *cases: Case) -> PastRun:
    """Of each case, at which step what was written."""
    rollouts = [
        Rollout(step, Episode.plain(name, text, number), 0.0, 0.0)
        for name, of_it in said.items()
        for number, (step, text) in enumerate(of_it)
    ]
    return PastRun(rollouts, Briefs.bind(cases or [case(name) for name in said], toy_book()), STEPS)


def found(*runs: PastRun) -> dict[str, Suspect]:
    return {suspect.case: suspect for suspect in find_suspects(runs)}


def test_only_what_most_completions_rule_otherwise_is_suspect():
    said = {
        "wrong": [(0, REJECTS)] * 3 + [(0, APPROVES)],
        "right": [(0, APPROVES)] * 3 + [(0, REJECTS)],
        "even": [(0, REJECTS)] * 2 + [(0, APPROVES)] * 2,
        "gibberish": [(0, "reject it")] * 3 + [(0, REJECTS)],
        "late": [(0, APPROVES)] * 2 + [(9, REJECTS)] * 2,
        "early": [(0, REJECTS)] * 2 + [(9, APPROVES)] * 2,
        "unknown": [(0, REJECTS)] * 3,
    }
    cases = [case(name) for name in said if name != "unknown"]
    one = found(run(said, *cases, Case(id="unknown", rules=["PRIZE-1"], gold=Gold())))
    assert set(one) == {"wrong", "late"}
    assert (one["wrong"].share, one["wrong"].agree, one["wrong"].completions) == (0.75, 0.25, 4)
    assert one["wrong"].stands and one["wrong"].confidence == 0.9 and one["wrong"].slope is None
    assert one["wrong"].reason == (
        "75% of 4 completions say reject (PRIZE-1), gold approve; what they cite is there; confidence 0.90"
    )


def test_a_rule_that_gold_overlooks_is_suspect_though_the_verdict_is_right():
    cases = [case("less", "reject", "CURE-1"), case("same", "reject", "PRIZE-1", "CURE-1")]
    both = says("reject", "PRIZE-1", "CURE-1")
    one = found(run({"less": [(0, both)] * 2, "same": [(0, both)] * 2}, *cases))
    assert list(one) == ["less"] and one["less"].said.rules == ("CURE-1", "PRIZE-1")


def ranked(**said: list[tuple[int, str]]) -> list[str]:
    return [suspect.case for suspect in find_suspects([run(said)])]


def test_what_training_cannot_take_away_counts_more_than_what_fades():
    steady, fades = [(0, REJECTS), (9, REJECTS)] * 3, [(0, REJECTS)] * 4 + [(9, REJECTS), (9, APPROVES)]
    grows = [(0, REJECTS), (0, APPROVES)] + [(9, REJECTS)] * 4
    assert ranked(fades=fades, steady=steady, grows=grows) == ["steady", "grows", "fades"]
    slopes = found(run({"fades": fades, "grows": grows}))
    assert slopes["fades"].slope > 0 > slopes["grows"].slope  # type: ignore[operator]
    assert "agreement with gold falls by 0.56" in slopes["grows"].reason


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ([(0, REJECTS)] * 2, [(0, REJECTS)] * 8),
        ([(0, REJECTS)] * 3 + [(0, APPROVES)], [(0, REJECTS)] * 4),
        ([(0, says("reject", "PRIZE-1", confidence=0.6))] * 4, [(0, REJECTS)] * 4),
        ([(0, says("reject", "PRIZE-1", quote="cures all"))] * 4, [(0, REJECTS)] * 4),
    ],
    ids=["few completions", "disunity", "low confidence", "what is cited is not there"],
)
def test_what_makes_a_suspect_weaker(weaker: list, stronger: list):
    assert ranked(a=weaker, b=stronger) == ["b", "a"]


def test_what_stands_comes_before_what_does_not_however_sure_that_is():
    invented = [(0, says("reject", "PRIZE-1", quote="cures all"))] * 8
    assert ranked(a=invented, b=[(0, REJECTS)] * 3 + [(0, APPROVES)]) == ["b", "a"]


def test_a_rule_that_the_policy_cites_everywhere_speaks_less_against_gold():
    """It cites CURE-1 where gold has it, and PRIZE-1 wherever it looks."""
    cure = [(0, says("reject", "CURE-1"))] * 4
    said = {f"p{n}": [(0, REJECTS)] * 4 for n in range(6)} | {f"c{n}": cure for n in range(6)}
    cases = [case(name, *(("reject", "CURE-1") if name[0] == "c" and name != "c5" else ())) for name in said]
    first, *others = find_suspects([run(said, *cases)])
    assert first.case == "c5" and first.trust == 1.0 and len(others) == 6
    (prize,), usual = {suspect.trust for suspect in others}, 28 / 48
    assert prize == pytest.approx(usual / ((24 * 0.5 + 2 * usual) / (24 * 0.5 + 2)))
    assert "rule that" not in first.reason


def test_a_rule_without_a_false_citation_makes_no_other_a_habit():
    """CURE-1 is cited a hundred times as gold has it; what else is cited is trusted but for what stands out."""
    said = {f"c{n}": [(0, says("reject", "CURE-1"))] * 4 for n in range(25)} | {"p": [(0, REJECTS)] * 4}
    known = [case(f"p{n}", "reject", "PRIZE-1") for n in range(9)]
    said |= {one.id: [(0, REJECTS)] * 4 for one in known}
    cases = [*(case(f"c{n}", "reject", "CURE-1") for n in range(25)), case("p"), *known]
    (one,) = find_suspects([run(said, *cases)])
    assert one.case == "p" and 0.3 < one.trust < 0.5 and "a rule that is often cited where gold does not" in one.reason
    vague = [one.model_copy(update={"gold": one.gold.model_copy(update={"exhaustive": False})}) for one in cases[:25]]
    (one,) = find_suspects([run(said, *vague, *cases[25:])])
    assert one.trust == 1.0, "where gold does not name all that is broken nothing is cited beyond it"


def test_runs_are_held_together():
    first, second = run({"a": [(0, REJECTS)] * 2, "b": [(0, REJECTS)] * 2}), run({"a": [(0, REJECTS)] * 2})
    one = found(first, second, run({"a": [(0, APPROVES)]}))
    assert (one["a"].runs, one["a"].runs_alike, one["a"].completions, one["b"].runs) == (3, 2, 5, 1)
    assert one["a"].reason.endswith("2 of 3 runs")
    with pytest.raises(DataError, match="the runs have other gold for case 'a'"):
        find_suspects([first, run({"a": [(0, REJECTS)]}, case("a", "reject", "PRIZE-1"))])
    with pytest.raises(DataError, match="other gold for case 'c'"):
        find_suspects([first, run({"c": [(0, REJECTS)]}), run({"c": [(0, REJECTS)]}, case("c", "reject", "PRIZE-1"))])
    another = case("a").model_copy(update={"text": {"body": "fresh bread"}})
    with pytest.raises(DataError, match="know two cases by the id 'a', which differ in text"):
        find_suspects([first, run({"a": [(0, REJECTS)]}, another)])


def test_the_command_writes_a_list_and_a_page_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    toy_book().dump("rules.yaml")
    save_cases([case("a"), case("b"), case("<b>c")], "cases.jsonl")
    hostile = says("reject", "PRIZE-1", "</script>\x1b[31m", confidence=0.99)
    said = {"a": [REJECTS, APPROVES, REJECTS], "b": [APPROVES] * 3, "<b>c": [hostile] * 3}
    rollouts = [
        Rollout(0, Episode.plain(name, text, n), 0, 0) for name, of_it in said.items() for n, text in enumerate(of_it)
    ]
    RolloutLog(Path("run/rollouts")).write(rollouts)
    given = ["run", "--data", "cases.jsonl", "--rulebook", "rules.yaml", "--out", "out"]
    printed = CliRunner().invoke(app, given, catch_exceptions=False).stdout
    assert "2 of 3 cases are ruled on otherwise by most completions" in printed and "\x1b" not in printed
    lines = [json.loads(line) for line in Path("out/suspects.jsonl").read_text().splitlines()]
    assert [(line["rank"], line["case"]) for line in lines] == [(1, "<b>c"), (2, "a")]
    assert lines[1]["gold"] == {"verdict": "approve", "rules": []} and lines[1]["said"]["rules"] == ["PRIZE-1"]
    page = Path("out/suspects.html").read_text()
    (packed,) = re.findall(r'id="index"[^>]*>([^<]+)<', page)
    entries = json.loads(gzip.decompress(base64.b64decode(packed)))["cases"]
    assert [(entry["id"], entry["suspect"]) for entry in entries] == [(line["case"], line["reason"]) for line in lines]
    RolloutLog(Path("other/rollouts")).write([Rollout(0, Episode.plain("b", APPROVES), 0, 0)])
    CliRunner().invoke(app, ["other", *given[1:]], catch_exceptions=False)  # in place of what stood there, nothing
    assert Path("out/suspects.jsonl").read_text() == "" and not Path("out/suspects.html").exists()


def test_a_run_does_not_agree_with_itself(tmp_path: Path):
    RolloutLog(tmp_path / "run/rollouts").write([Rollout(0, Episode.plain("a", REJECTS), 0, 0)])
    given = [tmp_path / "run", tmp_path / "run/rollouts", "--out", tmp_path / "out"]
    found = CliRunner().invoke(app, [str(word) for word in given])
    assert isinstance(found.exception, DataError) and "is named twice" in str(found.exception)
