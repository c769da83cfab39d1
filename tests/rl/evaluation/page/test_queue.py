"""The queue: worked through with keys, closed, resumed, exported, and trained on."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from data import Briefs, Case, Gold, Quote, Region, Ruling, Violation, load_cases, save_cases
from prompts import Episode, target, write
from rewards import grounded
from rl.config.train import SFTRecipe
from rl.evaluation import Evaluation, Prediction, write_report
from rl.runs.folder import RunFolder
from rl.training import train
from tests.rl.conftest import toy_book, toy_cases

from .conftest import (
    BOOK,
    CHROMIUM,
    HOSTILE,
    NEEDS_BROWSER,
    SPLITS,
    Tab,
    exported,
    hostile_briefs,
    load,
    shows,
    watched,
)

pytestmark = NEEDS_BROWSER

COUNT, BEFORE = 20, 12
"""Cases of the queue, and how many of them are decided before the browser is closed."""


def under(case: Case) -> Gold:
    """The case's gold under its excerpt, which may leave out the rule that it breaks."""
    gold = case.gold_for(toy_book().excerpt(case.rules))
    assert gold is not None
    return gold


def wrong(case: Case) -> Ruling:
    """Approves what is to be rejected, and rejects what is not, with evidence that it makes up."""
    assert case.rules is not None
    if under(case).verdict == "reject":
        return Ruling(reasoning="Fine.", verdict="approve", confidence=0.6)
    made_up = Quote(quote="not to be found", field="body")
    cited = Violation(rule=str(case.rules[0]), evidence=[made_up])
    return Ruling(reasoning="Bad.", violations=[cited], verdict="reject", confidence=0.6)


@pytest.fixture
def ads(tmp_path: Path) -> Path:
    """A folder of 20 ads, of which a model gets two in three right, and the page that shows it."""
    save_cases(toy_cases(tmp_path, COUNT), tmp_path / "cases.jsonl")
    toy_book().dump(tmp_path / "rules.yaml")
    briefs = Briefs.bind(load_cases(tmp_path / "cases.jsonl"), toy_book())
    rulings = [target(b.case, b.excerpt) if i % 3 else wrong(b.case) for i, b in enumerate(briefs)]
    predictions = [
        Prediction.read(Episode.plain(b.id, write(ruling)), b) for ruling, b in zip(rulings, briefs, strict=True)
    ]
    write_report(tmp_path / "report.html", [Evaluation("SFT", "test", predictions)], {"test": briefs})
    return tmp_path


def correct(tab: Tab, case: Case) -> None:
    """Puts gold in the place of what the model said, with the keys alone."""
    gold = under(case)
    tab.keyboard.press("c")
    tab.keyboard.press((gold.verdict or "")[0])  # the verdict has the focus, and the first letter picks it
    right = {violation.rule: violation for violation in gold.violations or []}
    for row in tab.locator(".new-rule").all():
        tab.keyboard.press("Tab")
        rule = row.locator(".rule").inner_text()
        tab.keyboard.press("b" if rule in right else "c")
        if rule in right:
            tab.keyboard.press("Tab")
            tab.keyboard.press("Control+A")
            quoted = [item.quote for item in right[rule].evidence or [] if isinstance(item, Quote)]
            tab.keyboard.type("\n".join(quoted) if quoted else "image 0: 0 0 .5 1")
    tab.keyboard.press("Control+Enter")


def work(tab: Tab, cases: dict[str, Case], count: int) -> list[str]:
    """Decides so many cases, and says which: agrees where the model is right, is unsure of toy-4 and corrects all
    others."""
    done = []
    for _ in range(count):
        case = cases[tab.locator("#case h3").inner_text()]
        done.append(case.id)
        if case.id == "toy-4":
            tab.keyboard.press("n")
            tab.keyboard.type("no idea: ask Ben, jack")
            tab.keyboard.press("Escape")
            tab.keyboard.press("u")
        elif int(case.id.removeprefix("toy-")) % 3:
            tab.keyboard.press("a")
        else:
            correct(tab, case)
        assert tab.locator("#queue-trouble").inner_text() in ("", "Every case of this queue is decided: export them.")
        if not tab.locator("#queue-progress").inner_text().startswith(f"{len(cases)} of"):
            tab.wait_for_function("id => document.querySelector('#case h3').textContent !== id", arg=case.id)
    return done


def test_a_queue_is_worked_through_resumed_exported_and_trained_on(
    chromium: Any, ads: Path, tiny_vl: Path, tmp_path: Path
) -> None:
    cases = {case.id: case for case in load_cases(ads / "cases.jsonl")}

    def opened() -> Any:
        place = str(tmp_path / "profile")
        return chromium.launch_persistent_context(place, executable_path=CHROMIUM, args=["--no-sandbox"])

    context = opened()
    tab = context.new_page()
    trouble = watched(tab)
    load(tab, ads / "report.html")
    assert tab.locator("#resume").is_hidden()
    tab.keyboard.press("q")
    tab.wait_for_selector("#queue")
    tab.keyboard.type("Ann")  # the name has the focus, and the letters are no keys there
    tab.keyboard.press("Enter")
    first = work(tab, cases, BEFORE)
    shows(tab, "12 of 20 decided", "#queue-progress")
    context.close()

    context = opened()
    tab = context.new_page()
    trouble += watched(tab)
    load(tab, ads / "report.html")
    shows(tab, "Go on reviewing: 8 of 20 open", "#resume")
    tab.keyboard.press("q")
    tab.wait_for_selector("#queue")
    tab.wait_for_function("ids => !ids.includes(document.querySelector('#case h3').textContent)", arg=first)
    second = work(tab, cases, COUNT - BEFORE)
    assert sorted(first + second) == sorted(cases)
    shows(tab, "20 of 20 decided", "#queue-progress")
    (ads / "reviewed.jsonl").write_text("\n".join(exported(tab, "#export-reviewed")), encoding="utf-8")
    decisions = {row["id"]: row for row in map(json.loads, exported(tab, "#export-reviews"))}
    context.close()
    assert trouble == []

    assert decisions.keys() == cases.keys()
    assert decisions["toy-4"]["decision"] == "unsure" and decisions["toy-4"]["note"] == "no idea: ask Ben, jack"
    reviewed, kinds = {case.id: case for case in load_cases(ads / "reviewed.jsonl")}, set()
    assert reviewed.keys() == cases.keys() - {"toy-4"}
    for case in reviewed.values():
        old, review = cases[case.id], case.meta["review"]
        assert case.gold is not None and old.gold is not None
        corrected = int(case.id.removeprefix("toy-")) % 3 == 0
        assert (review["decision"], review["judged"]) == ("correct" if corrected else "agree", "SFT")
        assert review["author"] == "Ann" and re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", review["time"])
        assert Case.model_validate({"id": "x", "gold": review["before"]["gold"]}).gold == old.gold
        assert case.model_copy(update={"gold": old.gold, "meta": {}}) == old
        if not corrected:
            assert case.gold == old.gold
            continue
        found = case.gold.violations or []
        assert case.gold.verdict == under(old).verdict
        assert {v.rule for v in found} == {v.rule for v in under(old).violations or []}
        assert all(grounded(item, case) for v in found for item in v.evidence or [])
        kinds |= {type(item) for v in found for item in v.evidence or []}
    assert kinds == {Quote, Region}

    recipe = SFTRecipe(
        name="reviewed",
        output=tmp_path / "run",
        model={"path": str(tiny_vl)},
        data={"train": [str(ads / "reviewed.jsonl")], "rulebook": str(ads / "rules.yaml"), "template": "compact"},
        trainer={
            "max_steps": 2, "per_device_train_batch_size": 8, "gradient_checkpointing": False, "report_to": "none",
            "bf16": False,
        },
    )  # fmt: skip
    final = train(recipe)
    assert final == RunFolder(tmp_path / "run").final and (final / "model.safetensors").is_file()


def begin(tab: Tab, reviewer: str = "Ann") -> None:
    tab.keyboard.press("q")
    tab.wait_for_selector("#queue")
    tab.fill("#reviewer", reviewer)
    tab.keyboard.press("Enter")


def test_a_queue_is_what_was_selected_in_its_order(tab: Tab, ads: Path) -> None:
    load(tab, ads / "report.html", "#outcome0=miss&sort=shortest")
    found = tab.locator(".row-id").all_inner_texts()
    assert 1 < len(found) < COUNT
    begin(tab)
    assert tab.locator("#queue-progress").inner_text() == f"0 of {len(found)} decided"
    for case in found:
        shows(tab, case)
        tab.keyboard.press("j")
    tab.keyboard.press("q")
    assert tab.locator("#queue").is_hidden() and tab.locator("#list").is_visible()
    shows(tab, f"Go on reviewing: {len(found)} of {len(found)} open", "#resume")


def test_a_decision_can_be_looked_at_and_undone_and_each_reviewer_has_their_own(tab: Tab, ads: Path) -> None:
    load(tab, ads / "report.html")
    begin(tab)
    case = tab.locator("#case h3").inner_text()
    tab.keyboard.press("u")
    tab.wait_for_function("id => document.querySelector('#case h3').textContent !== id", arg=case)
    tab.keyboard.press("k")
    shows(tab, "unsure", "#queue-state")
    tab.fill("#reviewer", "Ben")
    tab.keyboard.press("Enter")
    shows(tab, "open", "#queue-state")
    tab.fill("#reviewer", "Ann")
    tab.keyboard.press("Enter")
    shows(tab, "unsure", "#queue-state")
    tab.keyboard.press("x")
    shows(tab, f"0 of {COUNT} decided", "#queue-progress")


def test_nothing_is_decided_without_a_name_nor_on_evidence_that_is_not_there(tab: Tab, ads: Path) -> None:
    load(tab, ads / "report.html")
    tab.keyboard.press("q")
    tab.wait_for_selector("#queue")
    tab.keyboard.press("Escape")
    tab.keyboard.press("a")
    assert "name" in tab.locator("#queue-trouble").inner_text()
    tab.keyboard.type("Ann")
    tab.keyboard.press("Escape")
    tab.keyboard.press("c")
    tab.keyboard.press("r")
    tab.keyboard.press("Tab")
    tab.keyboard.press("b")
    tab.keyboard.press("Tab")
    for line, said in {
        "words that are not there": "stands in no text of the case",
        "image 7: 0 0 1 1": "the case has 1 images, counted from 0",
        "image 0: .5 0 .1 1": "give left, top, right and bottom, each from 0 to 1",
        "seconds: 3 1": "ends before it starts",
    }.items():
        tab.keyboard.press("Control+A")
        tab.keyboard.type(line)
        tab.keyboard.press("Control+Enter")
        assert said in tab.locator("#queue-trouble").inner_text()
    assert tab.locator("#queue-progress").inner_text() == f"0 of {COUNT} decided"


def test_hostile_cases_are_reviewed_as_any_others(tab: Tab, page: Path, tmp_path: Path) -> None:
    load(tab, page, f"#{urlencode({'split': SPLITS[0], 'outcome1': 'right'})}")
    begin(tab, HOSTILE[:80])
    tab.select_option("#judged", label="gold")
    tab.keyboard.press("a")
    shows(tab, "1 of 11 decided", "#queue-progress")
    tab.keyboard.press("c")  # filled in with gold: its words stand in the case
    assert tab.locator(".new-rule .rule").all_inner_texts() == ["CURE-1", "GUN-1", "constructor"]
    evidence = tab.locator(".new-rule textarea").first
    assert evidence.input_value() == "body: HACKED=1\nimage 0: 0.1 0.1 0.5 0.5"
    tab.fill("#note", HOSTILE)
    tab.keyboard.press("Escape")
    evidence.fill("constructor: y\n__proto__: polluted\ntranscript: <STYLE>*{display:none}")
    evidence.press("Control+Enter")
    shows(tab, "2 of 11 decided", "#queue-progress")
    tab.select_option("#judged", "m1")
    tab.keyboard.press("a")  # it cites a rule that is none
    assert "is not among the rules of this case" in tab.locator("#queue-trouble").inner_text()
    (tmp_path / "reviewed.jsonl").write_text("\n".join(exported(tab, "#export-reviewed")), encoding="utf-8")
    confirmed, corrected = load_cases(tmp_path / "reviewed.jsonl")
    assert confirmed.gold == next(iter(hostile_briefs(tmp_path))).case.gold
    assert corrected.gold is not None and corrected.gold.violations is not None
    fields = [item.field for item in corrected.gold.violations[0].evidence or [] if isinstance(item, Quote)]
    assert fields == ["constructor", "__proto__", "transcript"]
    assert all(grounded(item, corrected) for item in corrected.gold.violations[0].evidence or [])
    for case in (confirmed, corrected):
        assert case.meta["number"] == 2**63 + 1 and case.text["title"] == HOSTILE
        assert case.meta["review"]["author"] == HOSTILE[:80].strip()
    assert corrected.meta["review"]["note"].startswith(HOSTILE[:60])
    assert tab.evaluate("typeof hacked") == "undefined" and tab.evaluate("({}).polluted") is None


def test_a_review_of_a_reviewed_case_keeps_the_review_before(tab: Tab, tmp_path: Path) -> None:
    earlier = {"author": "Ben", "before": {"gold": None}}
    teacher = {"verdict": "approve", "confidence": 1.0}
    gold = {"verdict": "approve", "violations": []}
    case = Case.model_validate({"id": "a", "meta": {"review": earlier}, "gold": gold, "teacher": teacher})
    briefs = Briefs.bind([case], BOOK)
    model = Evaluation("SFT", "test", [Prediction.of(Ruling(verdict="approve", confidence=1), briefs["a"])])
    load(tab, write_report(tmp_path / "report.html", [model], {"test": briefs}))
    begin(tab)
    tab.keyboard.press("a")
    shows(tab, "1 of 1 decided", "#queue-progress")
    (tmp_path / "reviewed.jsonl").write_text("\n".join(exported(tab, "#export-reviewed")), encoding="utf-8")
    [found] = load_cases(tmp_path / "reviewed.jsonl")
    before = found.meta["review"]["before"]
    assert before["review"] == earlier and before["gold"] == gold and before["teacher"] == teacher
    assert found.gold == case.gold and found.teacher is None  # who learns from it must not imitate the teacher
