"""Pages of hostile cases, and of models that differ in known ways; and the browser that shows them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Briefs, Case, Quote, Region, Rule, Rulebook, Ruling, Violation
from prompts import Episode, write
from rl.evaluation import Evaluation, Prediction, write_report
from rl.runs.rollouts import Rollout, RolloutLog

CHROMIUM = shutil.which("chromium")
NEEDS_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]

Tab = Any  # playwright is imported only where there is a browser

HOSTILE = (
    "<script>hacked=1</script> <img src=x onerror=hacked=1> </script><script>hacked=1</script> {{ 7*7 }} {% raw %} "
    "\" onmouseover=\"hacked=1 ' <a href='javascript:hacked=1'>x</a> <style>*{display:none}</style> "
    "<!-- \u202egpj.exe\u202c \x00 \x1b[2J ]]> &lt;b&gt; ${hacked=1} javascript:hacked=1 \U0001f525"
)
BOOK = Rulebook(
    name="two",
    rules=(
        Rule(id="CURE-1", title=HOSTILE, text="No cures.", severity="critical", category=HOSTILE),
        Rule(id="GUN-1", text=HOSTILE, exceptions=(HOSTILE,)),
        Rule(id="constructor", text="A rule named as what every object of the script has."),
    ),
)
SPLITS = ("test", HOSTILE)


def hostile_briefs(folder: Path, count: int = 12) -> Briefs:
    Image.new("RGB", (640, 320), (200, 90, 40)).save(folder / "ad<img src=x onerror=hacked=1>.png")
    violation = {
        "rule": "CURE-1",
        "evidence": [{"quote": "HACKED=1", "field": "body"}, {"image": 0, "region": [0.1, 0.1, 0.5, 0.5]}],
    }
    cases = [
        Case.model_validate(
            {
                "id": f"{HOSTILE} {i}",
                "group": f"g{i // 2}",
                "text": {"title": HOSTILE, "body": HOSTILE, HOSTILE: "x", "__proto__": "polluted", "constructor": "y"},
                "images": ["ad<img src=x onerror=hacked=1>.png", "gone<script>.png"],
                "transcript": [{"start": 0, "end": 2.5, "text": HOSTILE}],
                "meta": {"mechanism": HOSTILE if i % 3 else "claim", "number": 2**63 + 1},
                "gold": {"verdict": "reject", "violations": [violation], "reasoning": HOSTILE},
            }
        ).with_root(folder)
        for i in range(count)
    ]
    return Briefs.bind(cases, BOOK)


def hostile_models(briefs: Briefs, split: str = "test") -> list[Evaluation]:
    """SFT: a third right, a third missed, a third unparsed. GRPO: all right but the first, which is missed."""
    quotes = [
        Quote(quote="<script>hacked=1</script>", field="title"),
        Quote(quote="not there" + HOSTILE, field=HOSTILE),
        Quote(quote="y", field="constructor"),
    ]
    boxes = [Region(image=0, region=(0.2, 0.2, 0.6, 0.6)), Region(image=9, region=(0, 0, 1, 1))]
    cited = [Violation(rule="CURE-1", evidence=[*quotes, *boxes]), Violation(rule=HOSTILE)]
    right = write(Ruling(reasoning=HOSTILE, violations=cited, verdict="reject", confidence=0.9, intent=HOSTILE))
    wrong = write(Ruling(reasoning=HOSTILE, verdict="approve", confidence=0.6, advice=HOSTILE))
    first = [(right, wrong, HOSTILE)[i % 3] for i in range(len(briefs))]
    last = [right if i else wrong for i in range(len(briefs))]
    facts = {"checkpoint": {"path": HOSTILE}, HOSTILE: HOSTILE}
    return [
        Evaluation(
            name,
            split,
            [Prediction.read(Episode.plain(b.id, text), b) for text, b in zip(found, briefs, strict=True)],
            facts,
        )
        for name, found in (("SFT", first), ("GRPO <b>", last))
    ]


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two splits of twelve hostile cases, two models."""
    folder = tmp_path_factory.mktemp("page")
    briefs = hostile_briefs(folder)
    log = RolloutLog(folder / "rollouts")
    for step in range(4):
        log.write([Rollout(step, Episode.plain("a", HOSTILE, i), float(step) if i else None, 0.0) for i in range(2)])
    models = [model for split in SPLITS for model in hostile_models(briefs, split)]
    return write_report(folder / "report.html", models, dict.fromkeys(SPLITS, briefs), rollouts=folder)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Iterator[Any]:
    found = chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield found
    found.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Tab]:
    """A tab in which any word on the console, error, dialogue or request fails the test."""
    tab = browser.new_page()
    trouble = watched(tab)
    yield tab
    assert trouble == []
    tab.close()


def watched(tab: Tab) -> list[str]:
    """What goes wrong in a tab from now on, or leaves the machine."""
    trouble: list[str] = []
    tab.on("console", lambda message: trouble.append(message.text))
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.on("dialog", lambda dialog: trouble.append(dialog.message))
    tab.on("request", lambda r: trouble.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None)
    tab.on("popup", lambda _: trouble.append("popup"))
    return trouble


def load(tab: Tab, page: Path, address: str = "") -> None:
    tab.goto("about:blank")
    tab.goto(page.as_uri() + address)
    tab.wait_for_selector("html.ready")


def count(tab: Tab) -> tuple[int, int]:
    shown, whole = tab.locator("#count").inner_text().split(" of ")
    return int(shown.replace(",", "")), int(whole.replace(",", ""))


def shows(tab: Tab, what: str, where: str = "#case h3", seconds: float = 5) -> None:
    """Waits until the case has this title (or another part this text): a case is unpacked before it is shown."""
    from playwright.sync_api import expect

    expect(tab.locator(where)).to_have_text(what, timeout=1000 * seconds)


def exported(tab: Tab, button: str) -> list[str]:
    with tab.expect_download() as download:
        tab.click(button)
    return Path(download.value.path()).read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight cases about one tea, two models: SFT has cases 0 and 1 right, GRPO 0 and 2. The last four have a gun."""
    folder = tmp_path_factory.mktemp("plain")
    text = {"title": "Tea \U0001f525", "body": "It CURES  all. Buy now, or never."}
    quote, other = Quote(quote="cures all", field="body"), Quote(quote="all. buy", field="body")
    golds = [
        {"verdict": "reject", "violations": [{"rule": rule, "evidence": [quote.model_dump()]}]}
        for rule in ("CURE-1", "GUN-1")
    ]
    cases = [Case.model_validate({"id": f"tea-{i}", "text": text, "gold": golds[i // 4]}) for i in range(8)]
    briefs = Briefs.bind(cases, BOOK)
    right = Ruling(
        reasoning="It cures.",
        violations=[Violation(rule="CURE-1", evidence=[other])],
        verdict="reject",
        confidence=0.9,
    )
    gun = Violation(rule="GUN-1", evidence=[Region(image=0, region=(0, 0, 1, 1))])
    wrong = Ruling(reasoning="Fine, no zebra.", violations=[gun], verdict="approve", confidence=0.8)
    models = [
        Evaluation(
            name,
            "test",
            [
                Prediction.read(Episode.plain(brief.id, write(right if i in kept else wrong)), brief)
                for i, brief in enumerate(briefs)
            ],
        )
        for name, kept in (("SFT", {0, 1}), ("GRPO", {0, 2}))
    ]
    return write_report(folder / "report.html", models, {"test": briefs})
