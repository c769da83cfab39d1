"""Twins differ in one rule, and gold is what somebody who judged the case anew would say."""

from pathlib import Path

import pytest

from data import Brief, Briefs, Case, DataError, Rule, Rulebook, load_cases
from data.billboard import BillboardConfig, build
from data.billboard.catalogue import rulebook
from data.checking.check import check_files
from data.twins import CHANGES, make_twins, save_twins

BOOK = Rulebook(
    name="three",
    rules=[
        Rule(id="CURE-1", text="No cures.", exceptions=("a doctor says so",)),
        Rule(id="WIN-1", text="No prizes."),
        Rule(id="GUN-1", text="No guns.", verdict="escalate"),
    ],
)
CURE = {"rule": "CURE-1", "evidence": [{"quote": "cures all", "field": "body"}]}
WIN = {"rule": "WIN-1", "evidence": [{"quote": "won a car", "field": "body"}]}


def case(name: str = "a", *violations: dict, **more) -> Case:
    gold = {"verdict": "reject" if violations else "approve", "violations": violations, "reasoning": "CURE-1: clear"}
    gold["edits"] = [{"field": "body", "old": "cures all", "why": "CURE-1 says so."}] if violations else []
    gold |= more.pop("gold", {})
    return Case.model_validate({"id": name, "text": {"body": "Tea cures all. You won a car."}, "gold": gold, **more})


OTHER = case(
    "other", {"rule": "WIN-1", "evidence": [{"quote": "big jackpot", "field": "body"}]}, text={"body": "big jackpot"}
)


def twin(change: str, one: Case, *others: Case) -> Brief:
    made = make_twins(Briefs.bind([one, *others], BOOK), [change])
    before, after = made.cases[:2]
    assert (before.twin, after.twin, before.group, after.group) == (after.id, before.id, one.cluster, one.cluster)
    assert before.gold == one.gold and before.rules == one.rules and after.text == one.text
    assert after.gold is not None and after.gold.reasoning is None and after.teacher is None
    assert after.gold.edits is None, "they were for what was broken"
    return Brief.of(after, BOOK)


def reason(one: Case, *changes: str) -> str:
    with pytest.raises(DataError, match="no case can be given a twin; most often: ") as error:
        make_twins(Briefs.bind([one], BOOK), changes or tuple(CHANGES))
    return error.value.message.partition("often: ")[2]


def test_what_was_broken_goes():
    found = twin("left_out", case("a", CURE))
    assert found.excerpt.ids == ["WIN-1", "GUN-1"] and found.gold and found.gold.verdict == "approve"
    both = twin("left_out", case("a", CURE, WIN))
    assert both.gold and both.gold.verdict == "reject" and len(both.gold.violations or []) == 1
    graver = twin("left_out", case("a", CURE, {"rule": "GUN-1"}, rules=["CURE-1", "GUN-1"]))
    assert graver.gold and graver.gold.verdict in ("escalate", "reject")
    assert graver.gold.verdict == ("escalate" if graver.excerpt.ids == ["GUN-1"] else "reject")


def test_a_rule_that_is_broken_by_another_name_goes_as_well():
    elsewhere = [{"rule": "X-1", "or": ["GUN-1"]}, WIN]
    found = make_twins(Briefs.bind([case("a", *elsewhere)], BOOK), ["left_out"]).cases[1]
    left = {"reject": ["CURE-1", "WIN-1"], "escalate": ["CURE-1", "GUN-1"]}
    assert found.gold and found.rules == left[found.gold.verdict or ""]


def test_what_was_not_broken_goes():
    found = twin("idle_left_out", case("a", CURE, rules=["CURE-1", "WIN-1"], gold={"not": ["WIN-1"]}))
    assert found.excerpt.ids == ["CURE-1"] and found.gold and found.gold.verdict == "reject"
    assert found.gold.cleared == []
    unclear = {"verdict": "escalate", "unclear": ["WIN-1"]}
    assert twin("idle_left_out", case("a", gold=unclear)).gold.unclear == ["WIN-1"]  # type: ignore[union-attr]


def test_rules_go_by_numbers():
    found = twin("renumbered", case("a", {**CURE, "or": ["X-1"]}))
    assert found.gold and found.gold.verdict == "reject" and found.gold.violations
    assert found.gold.violations[0].accepted == (found.excerpt.ids[0], "X-1")
    assert [rule.text for rule in found.excerpt.rules] == [rule.text for rule in BOOK.rules]
    speaks = [Rule(id="A-1", text="No guns, but see B-1."), Rule(id="B-1", text="Toys may be shown.")]
    assert (
        reason(case("a", gold={"violations": []}, rules=speaks), "renumbered") == "nothing can be changed for certain"
    )


def test_an_exception_covers_words_of_the_case_and_no_others():
    found = twin("exception_added", case("a", CURE))
    assert found.excerpt["CURE-1"].exceptions == ("a doctor says so", 'an ad that says "cures all"')
    assert found.gold and (found.gold.verdict, found.gold.violations) == ("approve", [])
    idle = twin("idle_exception_added", case("a", CURE), OTHER)
    (worded,) = [rule for rule in idle.excerpt.rules if 'an ad that says "big jackpot"' in rule.exceptions]
    assert worded.text and idle.gold and idle.gold.verdict == "reject"


@pytest.mark.parametrize("seed", range(6))
def test_where_a_picture_could_hold_any_words_no_broken_rule_is_excepted(seed: int):
    pictured = case("a", CURE, images=["a.png"])
    made = make_twins(Briefs.bind([pictured, OTHER], BOOK), ["idle_exception_added"], seed=seed).cases[1]
    (worded,) = [rule for rule in made.rules or () if isinstance(rule, Rule)]
    assert worded.id != "CURE-1"


@pytest.mark.parametrize(
    "quote", ["<b>cures</b>", "cures\nall", 'say "cures"', "{{cures}}", "cures all " * 7, "[INST]"]
)
def test_an_ad_does_not_write_its_rulebook(quote: str):
    hostile = case("a", {"rule": "CURE-1", "evidence": [{"quote": quote, "field": "body"}]}, text={"body": quote})
    assert reason(hostile, "exception_added") == "nothing can be changed for certain"


def test_exceptions_that_did_not_help_may_go():
    found = twin("exception_removed", case("a", CURE))
    assert found.excerpt["CURE-1"].exceptions == () and found.gold and found.gold.verdict == "reject"
    assert reason(case("a", WIN), "exception_removed") == "nothing can be changed for certain"


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (case("a", CURE, gold={"exhaustive": False}), "its gold does not name all that is broken"),
        (case("a", gold={"violations": None}), "its gold names no verdict, or not what is broken"),
        (case("a", CURE, gold={"verdict": "escalate"}), "its verdict is not what its broken rules call for"),
        (case("a", CURE, twin="b"), "it has one (training with 'pair' takes such cases as they are)"),
        (case("a", {**CURE, "or": ["WIN-1"]}, rules=["CURE-1", "WIN-1"]), "nothing can be changed for certain"),
    ],
)
def test_what_cannot_be_done_for_certain_is_left_out_with_the_reason(one: Case, why: str):
    assert reason(one, "left_out", "idle_left_out") == why


def test_pairs_of_the_benchmark_pass_the_check_and_keep_their_pictures(tmp_path: Path):
    build(BillboardConfig(cases=80, test_cases=2), tmp_path / "ads")
    alone = [one.model_copy(update={"twin": None}) for one in load_cases(tmp_path / "ads/train.jsonl")]
    made = make_twins(Briefs.bind(alone, rulebook()), seed=3)
    assert made.made.total() == 80 - made.left_out.total() > 60
    assert made.flips == sum(len(one.gold.violations or []) == 1 for one in alone if one.gold), "all that can"
    assert {name for name, _ in made.made} >= {*CHANGES} - {"exception_removed"}, "what is broken has no exceptions"
    path = save_twins(made, tmp_path / "twins")
    assert not check_files(path, book=rulebook()).errors
    saved = load_cases(path)
    assert all(one.path(name).is_file() for one in saved for _, name in one.media)
    assert [one.id for one in make_twins(Briefs.bind(alone, rulebook()), seed=3).cases] == [one.id for one in saved]
