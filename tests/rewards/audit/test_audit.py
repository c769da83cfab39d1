"""The report of an audit, and cheats that a designer adds."""

import json

import pytest

from data import Briefs, DataError, Interval, Ruling
from prompts import FailureReason, ParseFailure, parse
from rewards import Rubric
from rewards.audit import CHEATS, Cheat, audit, cheat
from rewards.audit.subject import prepare
from rewards.audit.trial import Trial
from rewards.testing.small import BOOK, CASES, CURES, approving, make_case, rejecting

RUBRIC = Rubric.load("billboard")
SMALL = Briefs.bind([CASES[name]().model_copy(update={"id": name}) for name in CASES], BOOK)


@pytest.fixture
def mine():
    """Cheats that are entered during a test leave with it."""
    before = dict(CHEATS)
    yield
    CHEATS.clear()
    CHEATS.update(before)


def test_the_shipped_rubric_passes_on_billboard(billboard):
    found = audit(RUBRIC, billboard)
    assert found.ok and not found.flaws
    assert found.cases == {"approve": 2, "reject": 3, "escalate": 1} and found.left_out == 0
    totals = [rating.total for rating in found.ratings]
    assert totals == sorted(totals, reverse=True)
    assert all(0 <= rating.break_even <= rating.cheat.limit for rating in found.ratings)
    kinds = {trial.cheat.kind for trial in found.trials if trial.tried}
    assert kinds == {"gold-aware", "unfaithful", "damage", "padding", "bulk"}
    untried = {trial.cheat.name for trial in found.trials if not trial.tried}
    assert untried <= {"shift an interval", "first words"}, "Billboard has no video, and gold has all the evidence"
    assert found.honest[1.0] == pytest.approx(1.7)
    assert json.loads(json.dumps(found.as_json()))["ok"] is True


def test_the_cheats_of_the_issue_are_all_there():
    names = {
        "empty", "always approve", "always reject", "always escalate", "cite every rule",
        "cite the most frequent rule", "quote every line", "echo the prompt", "keyword stuffing",
        "tags without content", "filler", "instructions to the judge", "two answers", "answer inside the reasoning",
        "truncated answer", "foreign evidence", "right evidence under a wrong rule", "drop a violation",
        "swap a sibling", "invent a rule", "shift an interval", "flip the verdict",
    }  # fmt: skip
    assert names <= set(CHEATS)
    assert {name for name, one in CHEATS.items() if one.kind == "blind" and one.limit != 0.75} == {"always escalate"}
    assert all(one.summary.endswith(".") for one in CHEATS.values())


def test_audits_repeat():
    assert audit(RUBRIC, SMALL, seed=1).as_json() == audit(RUBRIC, SMALL, seed=1).as_json()


def test_a_sample_is_drawn_and_counted(billboard):
    told = []
    found = audit(RUBRIC, billboard, sample=5, seed=2, advance=told.append)
    assert sum(found.cases.values()) == 5 and found.left_out == 1
    assert sum(told) == len(CHEATS)


def test_cases_without_gold_are_left_out():
    plain = approving().model_copy(update={"id": "x", "gold": None})
    assert audit(RUBRIC, SMALL + Briefs.bind([plain], BOOK)).left_out == 1


def test_a_designers_cheat_is_tried(mine):
    @cheat("blind")
    def writes_what_gold_says(view):
        """It does not know, but what if it did."""
        yield next(one.right for one in prepare(SMALL) if one.case.id == view.case.id)

    found = audit(RUBRIC, SMALL)
    assert found.ratings[0].cheat.name == "writes what gold says" and found.ratings[0].break_even == 1.0
    (flaw,) = found.errors
    assert "right 100% of the time; at most 75% is allowed" in flaw.message
    assert isinstance(parse(flaw.exhibit.completion), Ruling)


OWN = '''
from rewards import reward
from rewards.audit import cheat

@reward(name="t_says_please", range=(0, 1))
def says_please(ruling, case, excerpt):
    return float("please" in ruling.advice)

@cheat("padding")
def pleading(ruling, subject):
    """Says please."""
    yield ruling.model_copy(update={"advice": "please"})
'''


def test_a_cheat_may_stand_beside_the_reward_that_it_is_for(mine, tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    content = {**RUBRIC.model_dump(), "craft": {"evidence": 0.25, "rules": 0.2, "own.py:says_please": 0.05}}
    for _ in range(2):  # a file may be read again
        found = audit(Rubric.model_validate({**content, "folder": str(tmp_path)}), SMALL)
        assert "pleading" in {flaw.name for flaw in found.errors}


def test_a_cheat_yields_as_many_answers_for_every_case(mine):
    @cheat("blind")
    def uneven(view):
        """Not always."""
        if view.case.id == "reject":
            yield ""

    with pytest.raises(ValueError, match="'uneven' yields"):
        audit(RUBRIC, SMALL)


ODD = """
from rewards import reward

@reward(name="odd", range=(0, 1))
def odd(ruling, case, excerpt):
    return 2
"""


ASKED = """
from rewards import BatchReward, NotApplicable

class Asked(BatchReward):
    name = "t_asked"
    def score_batch(self, items):
        return [1.0 for _ in items]

class Shy(Asked):
    name = "t_asked_when_sure"
    def score_batch(self, items):
        return [1.0 if item.ruling.confidence > 0.9 else NotApplicable for item in items]
"""


@pytest.mark.parametrize(("name", "chooses"), [("Asked", False), ("Shy", True)])
def test_only_the_reward_itself_can_choose_its_answers(name, chooses, tmp_path):
    """Not being asked about a wrong verdict is no choice of the reward's."""
    (tmp_path / "own.py").write_text(ASKED)
    craft = {**RUBRIC.model_dump()["craft"], f"own.py:{name}": 0.0}
    found = audit(Rubric.model_validate({**RUBRIC.model_dump(), "craft": craft, "folder": str(tmp_path)}), SMALL)
    assert ("a reward that chooses its answers" in {flaw.name for flaw in found.flaws}) == chooses
    assert found.ok != chooses


def test_a_reward_that_fails_everywhere_leaves_nothing_to_audit(tmp_path):
    (tmp_path / "own.py").write_text(ODD)
    content = {**RUBRIC.model_dump(), "craft": {"own.py:odd": 0.05}, "folder": str(tmp_path)}
    with pytest.raises(DataError, match=r"reward 'odd' fails on every case, first on '.*': .*2"):
        audit(Rubric.model_validate(content), SMALL)


def test_a_name_is_taken_once(mine):
    with pytest.raises(ValueError, match="two cheats are called 'empty'"):

        @cheat("blind")
        def empty(view):
            """Another one."""
            yield ""


SILENT = "WIN-1: a prize is promised -> broken"


def test_gold_that_closes_a_gate_is_found():
    silent = make_case(verdict="reject", violations=[{"rule": "WIN-1", "evidence": [CURES]}], reasoning=SILENT)
    found = audit(RUBRIC, Briefs.bind([silent.model_copy(update={"id": "silent"})], BOOK) + SMALL)
    gold = next(flaw for flaw in found.errors if flaw.name == "gold")
    assert "1 of 4 cases: gate 'reasoning_agreement' is closed" in gold.message and gold.exhibit.case == "silent"


def test_every_kind_of_evidence_is_damaged():
    violations = [
        {"rule": "WIN-1", "evidence": [{"interval": [4, 10]}]},
        {"rule": "CURE-2", "evidence": [{"image": 0, "region": [0, 0, 1, 1]}, {"quote": "amazed", "field": "body"}]},
    ]
    case = make_case(verdict="reject", violations=violations)
    subject = prepare(Briefs.bind([case, approving().model_copy(update={"id": "a"})], BOOK))[0]
    later, half, shorter = (
        next(iter(CHEATS[name].make(subject))) for name in ("shift an interval", "shift a region", "shorten a quote")
    )
    assert Interval(interval=(7, 13)) in [item for v in later.violations for item in v.evidence]
    assert (0, 0, 0.5, 1) in [getattr(item, "region", None) for v in half.violations for item in v.evidence]
    assert "ama" in [getattr(item, "quote", None) for v in shorter.violations for item in v.evidence]


def test_truncated_answers_stop_at_every_key():
    subject = prepare(Briefs.bind([rejecting(), approving().model_copy(update={"id": "a"})], BOOK))[0]
    cut = list(CHEATS["truncated answer"].make(subject))
    assert [text.count('"verdict"') for text in cut] == [0, 0, 0, 0, 1, 1, 1]
    failures = [parse(text) for text in cut]
    assert all(isinstance(failure, ParseFailure) for failure in failures)
    assert {failure.reason for failure in failures} >= {FailureReason.UNCLOSED_ANSWER, FailureReason.MISSING_KEY}


def test_one_in_a_hundred_may_escape_when_gold_is_known():
    aware, damage = (Cheat("x", kind, lambda _: []) for kind in ("gold-aware", "damage"))
    assert Trial(aware, 100, 99, 0).ok and not Trial(aware, 100, 98, 0).ok
    assert not Trial(damage, 100, 99, 0).ok and Trial(damage, 0, 0, 0).ok


def test_prices_of_a_category_are_audited_too():
    lax = {"money": {"prices": {"miss": 8, "false_flag": 0, "escalation": 0.3}}}
    found = audit(Rubric.model_validate({**RUBRIC.model_dump(), "overrides": lax}), SMALL)
    assert {"reject when in doubt"} == {flaw.name for flaw in found.errors}
    assert "low in money" in found.errors[0].message
    with pytest.raises(DataError, match="no category 'monny' \\(did you mean 'money'"):
        audit(Rubric.model_validate({**RUBRIC.model_dump(), "overrides": {"monny": lax["money"]}}), SMALL)


def test_a_schedule_is_audited_as_of_one_time():
    rubric = Rubric.model_validate({**RUBRIC.model_dump(), "calibration": {0: 0, 0.5: 0.2}})
    assert "overconfidence" in {flaw.name for flaw in audit(rubric, SMALL).errors}
    assert audit(rubric.at(1.0), SMALL).ok
