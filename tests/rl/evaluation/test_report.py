"""The page: says what the figures say, loads nothing, and obeys nothing that it shows."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from data import Case, Quote, Region, Rule, Rulebook, Ruling, Violation
from prompts import write
from rl.evaluation import Evaluation, read_completions, write_report
from rl.evaluation.gallery import card, change, select
from rl.evaluation.report import headline, interval, mean_rewards, percent, points
from rl.rollouts import Rollout, RolloutLog

from .conftest import predicted

HOSTILE = (
    "<script>hacked=1</script> <img src=x onerror=hacked=1> </script><script>hacked=1</script> {{ 7*7 }} {% raw %} "
    "\" onmouseover=\"hacked=1 ' <a href='javascript:hacked=1'>x</a> <style>*{display:none}</style> "
    "<!-- \u202egpj.exe\u202c \x00 \x1b[2J ]]> &lt;b&gt; ${hacked=1}"
)
BOOK = Rulebook(
    name="two",
    rules=(Rule(id="CURE-1", title=HOSTILE, text="No cures."), Rule(id="GUN-1", text=HOSTILE, exceptions=(HOSTILE,))),
)


def hostile_cases(folder: Path, count: int = 12) -> list[Case]:
    Image.new("RGB", (640, 320), (200, 90, 40)).save(folder / "ad.png")
    violation = {
        "rule": "CURE-1",
        "evidence": [{"quote": "hacked=1", "field": "body"}, {"image": 0, "region": [0.1, 0.1, 0.5, 0.5]}],
    }
    return [
        Case.model_validate(
            {
                "id": f"{HOSTILE} {i}",
                "group": f"g{i // 2}",
                "text": {"title": HOSTILE, "body": HOSTILE, HOSTILE: "x"},
                "images": ["ad.png", "gone<script>.png"],
                "meta": {"mechanism": HOSTILE if i % 3 else "claim"},
                "gold": {"verdict": "reject", "violations": [violation], "reasoning": HOSTILE},
            }
        ).at(folder)
        for i in range(count)
    ]


def evaluations(cases: list[Case], split: str = "test") -> list[Evaluation]:
    quotes = [
        Quote(quote="<script>hacked=1</script>", field="title"),
        Quote(quote="not there" + HOSTILE, field=HOSTILE),
    ]
    boxes = [Region(image=0, region=(0.2, 0.2, 0.6, 0.6)), Region(image=9, region=(0, 0, 1, 1))]
    cited = [Violation(rule="CURE-1", evidence=[*quotes, *boxes]), Violation(rule=HOSTILE)]
    right = write(Ruling(reasoning=HOSTILE, violations=cited, verdict="reject", confidence=0.9))
    wrong = write(Ruling(reasoning=HOSTILE, verdict="approve", confidence=0.6))
    first = [[(right, wrong, HOSTILE)[i % 3]] for i in range(len(cases))]
    last = [[right if i else wrong] for i in range(len(cases))]
    facts = {"checkpoint": {"path": HOSTILE}, HOSTILE: HOSTILE}
    return [
        Evaluation(name, split, read_completions(found, cases, BOOK), facts)
        for name, found in (("SFT", first), ("GRPO <b>", last))
    ]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    cases = hostile_cases(folder)
    log = RolloutLog(folder / "rollouts")
    for step in range(4):
        log.write([Rollout(step, "a", i, HOSTILE, float(step) if i else None, 0.0) for i in range(2)])
    models = [*evaluations(cases), *evaluations(cases, HOSTILE)]
    return write_report(folder / "report.html", models, {"test": cases, HOSTILE: cases}, BOOK, rollouts=folder)


def test_headline_says_which_is_better_and_how_sure() -> None:
    low = Evaluation("SFT", "test", [predicted(str(i), "reject" if i < 60 else None, "reject") for i in range(100)])
    high = Evaluation("GRPO", "test", [predicted(str(i), "reject" if i < 80 else None, "reject") for i in range(100)])
    sentence, figures = headline([low, high])
    assert sentence == "GRPO reviews better than SFT."
    assert figures.startswith("80.0\u2009% of verdicts right instead of 60.0\u2009%: +20.0 points, 95 % interval +1")
    assert headline([high, low])[0] == "SFT reviews worse than GRPO."
    assert headline([high, high]) == headline([high])
    twin = Evaluation("twin", "test", high.predictions)
    assert headline([high, twin])[0] == "These cases cannot tell whether twin reviews better than GRPO."
    assert headline([low])[0] == "SFT gets 60.0\u2009% of verdicts right."
    unknown = Evaluation("SFT", "test", [predicted("a", "reject", None)])
    assert "no gold verdicts" in headline([unknown])[0]


def test_numbers_are_written_for_people() -> None:
    assert percent(0.8349) == "83.5\u2009%"
    assert [points(x) for x in (0.0784, -0.021, 0.0001, -0.0001)] == ["+7.8", "−2.1", "±0.0", "±0.0"]
    found = Evaluation("a", "t", [predicted(str(i), "reject" if i else None, "reject") for i in range(50)])
    assert re.fullmatch(r"\d+\.\d to 100\.0", interval(found.metrics["parse_rate"]))


def test_mean_rewards_leave_the_unscored_out(tmp_path: Path) -> None:
    log = RolloutLog(tmp_path / "rollouts")
    log.write([Rollout(2, "a", i, "", total, 0.0) for i, total in enumerate((1.0, None, 2.0))])
    log.write([Rollout(4, "a", 0, "", -1.0, 0.0)])
    assert mean_rewards(tmp_path) == [(2, 1.5), (4, -1.0)]


def test_every_kind_of_change_is_shown_first_those_that_changed() -> None:
    verdicts = {"fixed": ("approve", "reject"), "broken": ("reject", "approve")}
    verdicts |= {"wrong": ("approve", None), "right": ("reject", "reject")}
    rows = [(kind, i) for kind, n in (("right", 60), ("wrong", 30), ("fixed", 4), ("broken", 2)) for i in range(n)]
    models = [
        Evaluation(name, "test", [predicted(f"{kind}{i}", verdicts[kind][place], "reject") for kind, i in rows])
        for place, name in enumerate(("SFT", "GRPO"))
    ]
    chosen = [change(row) for row in select(models, 16)]
    assert [chosen.count(kind) for kind in ("fixed", "broken", "wrong", "right")] == [4, 2, 5, 5]
    assert chosen == sorted(chosen, key=["fixed", "broken", "wrong", "right"].index)
    assert len(select(models, 1_000)) == len(rows)


def test_highlights_lie_where_the_quotes_are() -> None:
    case = Case(id="a", text={"body": "It CURES  all. Buy now."})
    quotes = [Quote(quote="cures all", field="body"), Quote(quote="all. buy", field="body")]
    gold = {"verdict": "reject", "violations": [{"rule": "CURE-1", "evidence": [quotes[0].model_dump()]}]}
    case = Case.model_validate({**case.model_dump(), "gold": gold})
    said = Ruling(violations=[Violation(rule="CURE-1", evidence=[quotes[1]])], verdict="reject", confidence=1.0)
    row = read_completions([[write(said)]], [case], BOOK)
    [(name, segments)] = card(case, BOOK, row, ["SFT"], "test").fields
    assert name == "body"
    found = [(segment.text, segment.marks) for segment in segments]
    assert found == [("It ", ""), ("CURES  ", "gold"), ("all", "gold m0"), (". Buy", "m0"), (" now.", "")]


def test_a_long_text_is_cut_and_says_so() -> None:
    case = Case(id="a", text={"body": "word " * 20_000})
    row = read_completions([[""]], [case], BOOK)
    [(_, segments)] = card(case, BOOK, row, ["SFT"], "test").fields
    assert segments[-1].text == " … and 98,500 more characters"
    assert sum(len(segment.text) for segment in segments) < 2_000


def test_the_page_is_whole_and_escaped(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert page.stat().st_size < 3_000_000
    assert html.count("<script>") == 1 and "{{" not in re.sub(r"\{\{ 7\*7 \}\}", "", html)
    assert "49 {%" not in html and "onerror=hacked" in html and "<img src=x" not in html
    assert "\u202e" not in html and "\x1b" not in html and "⟨U+202E⟩" in html
    assert "no such image" in html  # the picture that is missing is named as missing
    parser = Attributes()
    parser.feed(html)
    assert {value.partition(":")[0] for name, value in parser.found if name in ("src", "href")} == {"data"}
    assert not [name for name, _ in parser.found if name.startswith("on")]


class Attributes(HTMLParser):
    """Every attribute of every tag, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(name, value or "") for name, value in attrs]


CHROMIUM = shutil.which("chromium")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser_nothing_runs_but_the_filters(page: Path, scheme: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
        trouble: list[str] = []
        tab.on("console", lambda message: trouble.append(message.text))
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("dialog", lambda dialog: trouble.append(dialog.message))
        tab.on("request", lambda r: trouble.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
        tab.goto(page.as_uri())
        assert tab.evaluate("typeof hacked") == "undefined"
        assert tab.locator("script").count() == 1 and tab.locator("main").count() == 1
        assert "GRPO <b> reviews better than SFT." in tab.title()

        cases = tab.locator(".case:visible")
        everything = cases.count()
        assert everything == 24 and tab.locator("#shown").inner_text() == "24"
        tab.select_option("select[name=change]", "fixed")
        fixed = cases.count()
        assert 0 < fixed < everything and tab.locator("#shown").inner_text() == str(fixed)
        assert cases.locator(".chip.fixed").count() == fixed
        tab.select_option("select[name=split]", label="test")
        assert cases.count() == fixed // 2
        tab.select_option("select[name=outcome1]", label="miss")
        assert cases.count() == 0

        for summary in tab.locator("summary").all()[:5]:
            summary.evaluate("node => node.click()")
        for image in tab.locator("img").all():
            assert image.evaluate("node => node.decode().then(() => node.naturalWidth)") == 300
        tab.set_viewport_size({"width": 390, "height": 844})
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        assert trouble == []
        browser.close()
