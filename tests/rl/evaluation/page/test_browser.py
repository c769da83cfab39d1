"""The page in a browser: nothing hostile runs, and filters, links, keys, marks and export do what they say."""

import json
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.large_page import evaluated
from data import Briefs, Case, Region, Ruling, Violation, load_cases
from prompts import Episode, write
from prompts.episode import Turn
from rl.evaluation import Evaluation, Prediction, write_report

from .conftest import BOOK, HOSTILE, NEEDS_BROWSER, SPLITS, Tab, count, exported, load, shows

pytestmark = NEEDS_BROWSER


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_that_is_shown_runs(tab: Tab, page: Path, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)
    load(tab, page)
    assert count(tab) == (24, 24)
    for place in range(24):  # every case, unfolded
        shows(tab, f"{place + 1} / 24", "#case .place")
        heading = tab.locator("#case h3").inner_text()
        assert heading.startswith("<script>hacked=1</script> <img")
        assert "⟨U+202E⟩gpj.exe" in heading and "\U0001f525" in heading
        tab.keyboard.press("e")
        tab.keyboard.press("j")
    tab.wait_for_selector("#case img")
    assert "no such image" in tab.locator("#case .trouble").first.inner_text()
    assert tab.evaluate("typeof hacked") == "undefined" and tab.evaluate("({}).polluted") is None
    assert tab.locator("main").count() == 1 and tab.locator("#case script, #case a, #case style").count() == 0
    assert tab.evaluate("document.querySelectorAll('script:not([type])').length") == 1
    assert "GRPO <b>" in tab.title()
    assert "polluted" in tab.locator("#case .field").nth(3).inner_text()
    assert tab.evaluate("document.querySelector('#case img').decode().then(() => 1)") == 1
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_hostile_names_filter_link_and_export_as_any_others(tab: Tab, page: Path) -> None:
    load(tab, page)
    tab.select_option("select[name=split]", value=HOSTILE)
    assert count(tab) == (12, 24)
    tab.select_option("select[name=outcome0]", "miss")
    tab.keyboard.press("j")
    shows(tab, "2 / 8", "#case .place")
    address, heading = tab.evaluate("location.hash"), tab.locator("#case h3").inner_text()
    load(tab, page, address)
    shows(tab, heading)
    assert count(tab) == (8, 24)
    assert tab.locator("select[name=split]").input_value() == HOSTILE
    cases = [Case.model_validate_json(line) for line in exported(tab, "#export-cases")]
    assert len(cases) == 8 and all(case.meta["number"] == 2**63 + 1 for case in cases)
    assert all(case.text["title"] == HOSTILE for case in cases)
    rulings = [json.loads(line) for line in exported(tab, "#export-rulings")]
    assert {row["split"] for row in rulings} == {SPLITS[1]} and {row["id"] for row in rulings} == {c.id for c in cases}


def test_marks_stand_where_the_quotes_are(tab: Tab, plain: Path) -> None:
    load(tab, plain, "#case=tea-0")
    marks = tab.locator("#case mark")
    assert [(mark.inner_text(), mark.get_attribute("class")) for mark in marks.all()] == [
        ("CURES  ", "gold"),
        ("all", "gold m0 m1"),
        (". Buy", "m0 m1"),
    ]
    assert tab.locator("#case .content").nth(1).inner_text() == "It CURES  all. Buy now, or never."
    assert marks.nth(1).get_attribute("title") == "quoted by gold, SFT, GRPO"
    assert tab.locator("#case .answer .good").all_inner_texts() == ["✓ ", "✓ "]


def test_regions_are_drawn_where_they_are(tab: Tab, page: Path) -> None:
    load(tab, page)
    tab.select_option("select[name=outcome1]", "right")
    tab.wait_for_selector("#case img")
    image = tab.locator("#case .picture img").bounding_box()
    assert tab.locator("#case .boxes").bounding_box() == pytest.approx(image, abs=1)
    corners = "node => { const b = node.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; }"
    assert tab.locator("#case rect.gold").evaluate(corners) == pytest.approx([0.1, 0.1, 0.5, 0.5])
    assert tab.locator("#case rect.m1").evaluate(corners) == pytest.approx([0.2, 0.2, 0.6, 0.6])
    assert tab.locator("#case rect").count() in (2, 3)  # a box in a picture that is not there is told, not drawn
    assert "image 9, region" in tab.locator("#case .answer.m1").inner_text()


def test_a_link_opens_its_case_even_past_the_filters(tab: Tab, plain: Path) -> None:
    load(tab, plain, "#case=tea-5")
    shows(tab, "tea-5")
    shows(tab, "tea-5", '[aria-selected="true"] .row-id')
    load(tab, plain, "#case=tea-5&change1=lost")
    shows(tab, "tea-5")
    assert count(tab) == (8, 8)
    load(tab, plain, "#outcome1=right&search=zebra")
    shows(tab, "tea-2")
    assert count(tab) == (1, 8)
    tab.evaluate("location.hash = '#case=tea-7'")
    shows(tab, "tea-7")
    load(tab, plain, "#case=nobody&outcome1=constructor")
    assert count(tab) == (8, 8)


def test_keys_walk_unfold_search_and_explain(tab: Tab, plain: Path) -> None:
    load(tab, plain)
    shows(tab, "tea-1")
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    shows(tab, "tea-3")
    assert tab.evaluate("location.hash") == "#case=tea-3"
    tab.keyboard.press("k")
    shows(tab, "tea-2")
    assert tab.locator("#case .answer details[open]").count() == 0
    tab.keyboard.press("e")
    assert tab.locator("#case .answer details[open]").count() == 2
    assert "Fine, no zebra." in tab.locator("#case .answer pre").first.inner_text()
    tab.keyboard.press("?")
    assert tab.locator("#help").is_visible()
    tab.keyboard.press("Escape")
    assert not tab.locator("#help").is_visible()
    tab.keyboard.press("/")
    tab.keyboard.type("jek?")  # into the search, not to the keys
    shows(tab, "0 of 8", "#count")
    assert not tab.locator("#help").is_visible() and tab.locator("#search").input_value() == "jek?"
    tab.fill("#search", "CURES  ALL")
    shows(tab, "8 of 8", "#count")


def test_export_holds_the_selection_and_nothing_else(tab: Tab, plain: Path, tmp_path: Path) -> None:
    load(tab, plain)
    tab.select_option("select[name=change1]", "gained")
    [line] = exported(tab, "#export-cases")
    (tmp_path / "cases.jsonl").write_text(line + "\n", encoding="utf-8")
    [case] = load_cases(tmp_path / "cases.jsonl")
    assert case.id == "tea-2" and case.gold is not None and case.gold.verdict == "reject"
    [row] = map(json.loads, exported(tab, "#export-rulings"))
    assert (row["id"], row["split"], row["gold"]["verdict"]) == ("tea-2", "test", "reject")
    assert [(r["model"], r["outcome"], r["ruling"]["verdict"]) for r in row["rulings"]] == [
        ("SFT", "miss", "approve"),
        ("GRPO", "right", "reject"),
    ]


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cases with a large picture, a model that wrote three samples of each, with probabilities."""
    folder = tmp_path_factory.mktemp("sampled")
    Image.new("RGB", (1200, 900), (200, 90, 40)).save(folder / "ad.png")
    gold = {"verdict": "approve", "violations": []}
    cases = [
        Case.model_validate({"id": f"ad-{i}", "text": {"body": "x" * (9 - i)}, "images": ["ad.png"], "gold": gold,
                             "meta": {"market": "SG", "number": 2}}).with_root(folder)
        for i in range(3)
    ]  # fmt: skip
    briefs = Briefs.bind(cases, BOOK)
    clear = "\n".join(f"{rule.id}: clear" for rule in BOOK.rules)
    cited = [Violation(rule="CURE-1", evidence=[Region(image=0, region=(0.1, 0.1, 0.5, 0.5))])]

    def said(case: int, sample: int) -> str:
        if sample == 2:
            return "gibberish, at last"
        rejects = case == 1 or sample
        return write(Ruling(reasoning=clear, violations=cited if rejects else [],
                            verdict="reject" if rejects else "approve", confidence=0.5 + case / 10))  # fmt: skip

    predictions = [
        Prediction.read(Episode(b.id, (Turn(said(i, n), tokens=40 + i),), n, -0.1 * (i + 1)), b)
        for i, b in enumerate(briefs)
        for n in range(3)
    ]
    return write_report(folder / "report.html", [Evaluation("SFT", "test", predictions)], {"test": briefs})


def test_everything_that_a_model_wrote_can_be_read(tab: Tab, sampled: Path) -> None:
    load(tab, sampled, "#case=ad-1")
    answer = tab.locator("#case .answer.m0")
    first = answer.locator("small").nth(1).inner_text()
    assert first == "confidence 0.60 · probability of the verdict 0.819 · 41 tokens"
    assert "finds 'CURE-1' clear, and the answer cites it" in answer.locator(".contradiction").first.inner_text()
    tab.keyboard.press("r")
    assert answer.locator("details[open] pre").first.inner_text().startswith("<think>CURE-1: clear")
    assert answer.locator("details.sample").count() == 2
    assert "gibberish, at last" in answer.locator("details.sample").nth(1).inner_text()
    assert tab.locator("#case details.meta").inner_text() == "meta"
    tab.click("#case details.meta summary")
    assert "market\nSG" in tab.locator("#case details.meta").inner_text()
    tab.select_option("select[name=follows0]", "disagree")
    assert count(tab) == (1, 3)


def test_orders_put_first_what_is_asked_for(tab: Tab, sampled: Path) -> None:
    load(tab, sampled)
    for order, expected in {
        "unsure0": "ad-0", "sure0": "ad-2", "unlikely0": "ad-2", "long0": "ad-2", "longest": "ad-0",
        "shortest": "ad-2", "disagreement": "ad-0",
    }.items():  # fmt: skip
        tab.select_option("#sort", order)
        shows(tab, expected, ".row:first-child .row-id")
    load(tab, sampled, "#sort=sure0&verdict0=approve")
    assert tab.locator(".row-id").all_inner_texts() == ["ad-2", "ad-0"]


def test_pictures_are_seen_at_full_size_with_their_regions(tab: Tab, sampled: Path) -> None:
    load(tab, sampled, "#case=ad-1")
    tab.wait_for_selector("#case img")
    tab.keyboard.press("f")
    image = tab.locator("#zoom img")
    assert image.evaluate("node => node.decode().then(() => [node.naturalWidth, node.naturalHeight])") == [1200, 900]
    assert tab.locator("#zoom .boxes").bounding_box() == pytest.approx(image.bounding_box(), abs=1)
    tab.keyboard.press("j")  # no key of the list while it is open
    tab.keyboard.press("Escape")
    assert not tab.locator("#zoom").is_visible()
    shows(tab, "ad-1")


def test_fifty_thousand_cases_are_filtered_and_found(tab: Tab, tmp_path: Path) -> None:
    """How long it takes, `benchmarks/seconds.py` measures."""
    briefs, models = evaluated(50_000)
    load(tab, write_report(tmp_path / "report.html", models, {"test": briefs}))
    tab.wait_for_selector("#case h3")
    assert count(tab) == (50_000, 50_000)
    for choice, value in (("change1", "lost"), ("false1", "GUN-1")):
        tab.select_option(f"select[name={choice}]", value)
        assert 0 < count(tab)[0] < 50_000
        tab.select_option(f"select[name={choice}]", "")
    tab.select_option("#sort", "sure1")
    tab.evaluate("document.querySelector('#list').scrollTop = 1e6")
    for number in (49_999, 49_998):
        tab.fill("#search", f"Tea {number} cures")
        shows(tab, f"case-{number}", seconds=60)
    tab.fill("#search", "")
    assert tab.locator(".row").count() < 60  # only what can be seen is drawn
