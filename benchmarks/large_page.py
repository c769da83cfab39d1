"""A page as large as they come: cases of many words, and two models that rule on them now right, now wrong."""

import random
import shutil
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from data import Briefs, Case, Quote, Rule, Rulebook, Ruling, Violation
from rl.evaluation import Evaluation, Prediction

ANSWERS = (("CURE-1", "reject"), ("GUN-1", "reject"), ("GUN-1", "approve"))
"""What a model cites, and its verdict."""
BOOK = Rulebook(name="two", rules=[Rule(id=rule, text=f"Rule {rule}.", category=rule) for rule in ("CURE-1", "GUN-1")])


def evaluated(count: int) -> tuple[Briefs, list[Evaluation]]:
    """So many cases, every other one to be rejected by ``CURE-1``, and what SFT and GRPO made of them. The body of
    case ``n`` begins with *Tea n cures all.*, which no other does."""
    draw = random.Random(0)
    words = ["".join(draw.choices("abcdefghijklmnop", k=draw.randint(3, 9))) for _ in range(3_000)]
    quote = Quote(quote="cures all", field="body")
    golds = [{"verdict": "reject", "violations": [{"rule": "CURE-1", "evidence": [quote.model_dump()]}]},
             {"verdict": "approve", "violations": []}]  # fmt: skip
    texts = (f"Tea {i} cures all. {' '.join(draw.choices(words, k=50))}" for i in range(count))
    cases = [
        Case.model_validate({"id": f"case-{i}", "text": {"body": body}, "gold": golds[i % 2]})
        for i, body in enumerate(texts)
    ]
    briefs = Briefs.bind(cases, BOOK)

    def ruling(kind: int) -> Ruling:
        rule, verdict = ANSWERS[kind % 3]
        return Ruling(
            reasoning=" ".join(draw.choices(words, k=40)),
            violations=[Violation(rule=rule, evidence=[quote])],
            verdict=verdict,
            confidence=round(draw.random(), 2),
        )

    models = [
        Evaluation(name, "test", [Prediction.of(ruling(i * k), b) for i, b in enumerate(briefs)])
        for name, k in (("SFT", 1), ("GRPO", 2))
    ]
    return briefs, models


def seen(file: Path, count: int) -> dict[str, float]:
    """Seconds that are waited for in a browser; none where there is no browser, which is said."""
    chromium = shutil.which("chromium")
    if chromium is None or find_spec("playwright") is None:
        print("no browser: install chromium and playwright", file=sys.stderr)
        return {}
    from playwright.sync_api import expect, sync_playwright

    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        began = time.monotonic()
        tab.goto(file.as_uri())
        tab.wait_for_selector("#case h3")
        found["first screen"] = time.monotonic() - began
        for name, number in (("first search", count - 1), ("next search", count - 2)):
            began = time.monotonic()
            tab.fill("#search", f"Tea {number} cures")
            expect(tab.locator("#case h3")).to_have_text(f"case-{number}", timeout=120_000)
            found[name] = time.monotonic() - began
        browser.close()
    return found
