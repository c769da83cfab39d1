"""The queue: worked through with keys, closed, resumed, exported, and trained on."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from data import Briefs, Case, Gold, Quote, Region, Ruling, Violation, load_cases, save_cases
from prompts import Episode, target, write
from rewards import grounded
from rl.config.train import SFTRecipe
from rl.evaluation import Evaluation, Prediction, write_report
from rl.runs.folder import RunFolder
from rl.training import train
from tests.rl.conftest import toy_book, toy_cases

from .conftest import CHROMIUM, NEEDS_BROWSER, Tab, exported, load, shows, watched

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
    tab.wait_for_function(f"!{json.dumps(first)}.includes(document.querySelector('#case h3').textContent)")
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
