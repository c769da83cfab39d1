"""The page: says what the figures say, is whole in one file, and escapes all that it shows."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from data import Briefs, Case, DataError
from prompts import Episode
from rl.evaluation import Evaluation, write_report
from rl.evaluation.comparison import Criterion, Gate, compare
from rl.evaluation.page.blocks import Block, unpack
from rl.evaluation.page.report import headline, mean_rewards, number, p_value
from rl.runs.rollouts import Rollout, RolloutLog

from ..conftest import predicted
from .conftest import BOOK, HOSTILE, hostile_briefs, hostile_models


class Page(HTMLParser):
    """What a browser sees: every attribute, and the text of every element of the kinds that matter."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": [], "h1": [], "title": []}
        self.blocks: dict[str, str] = {}
        self._inside = ""
        self._block = ""
        self.html = path.read_text(encoding="utf-8")
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._inside, self._block = tag, ""
        if tag == "script" and ("type", "application/gzip") in attrs:
            self._block = str(dict(attrs)["id"])
        elif tag in self.texts:
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._block = ""

    def handle_data(self, data: str) -> None:
        if self._block:
            self.blocks[self._block] = data
        elif self._inside in self.texts:
            self.texts[self._inside][-1] += data

    def content(self, id: str) -> dict:
        return unpack(Block(id, self.blocks[id]))


@pytest.fixture(scope="module")
def seen(page: Path) -> Page:
    return Page(page)


def evaluation(name: str, right: int, total: int = 100, rule: str = "CURE-1") -> Evaluation:
    return Evaluation(
        name,
        "test",
        [
            predicted(
                str(i), "reject" if i < right else "approve", "reject", broken=[rule], rules=[rule] * (i < right),
                severity="critical",
            )
            for i in range(total)
        ],
    )  # fmt: skip


def briefs_of(model: Evaluation) -> dict[str, Briefs]:
    return {"test": Briefs.bind([Case(id=p.case, text={"title": "x"}) for p in model.predictions], BOOK)}


def test_a_single_model_is_headed_by_its_accuracy() -> None:
    assert headline(evaluation("SFT", 60), None) == (
        "SFT gets 60.0\u202f% of verdicts right.",
        "95 % interval 49.7\u202f% to 69.7\u202f%, on 100 cases.",
    )
    unknown = Evaluation("SFT", "test", [predicted("a", "reject", None)])
    assert "no gold verdicts" in headline(unknown, None)[0]


def test_the_comparison_speaks_first_and_a_broken_gate_with_it(tmp_path: Path) -> None:
    first, last = evaluation("SFT", 80), evaluation("GRPO", 60)
    gate = Gate(name="launch", criteria=(Criterion(metric="miss_rate", margin=0.01),))
    comparison = compare(first, last, gate=gate, book=BOOK)
    path = write_report(tmp_path / "a.html", [first, last], briefs_of(first), comparisons=[comparison])
    seen = Page(path)
    assert comparison.gate is not None and comparison.gate.decision == "fail"
    assert seen.texts["h1"] == [comparison.sentence] and seen.texts["title"] == [comparison.sentence]
    assert seen.html.index('class="gate fail"') < seen.html.index('class="tiles"')
    assert "miss rate" in seen.html[seen.html.index('class="gate fail"') : seen.html.index("<nav")]


def test_one_model_alone_makes_a_page_and_so_do_cases_without_gold(tmp_path: Path) -> None:
    alone = evaluation("SFT", 60)
    assert "60.0" in Page(write_report(tmp_path / "a.html", [alone], briefs_of(alone))).texts["h1"][0]
    blind = [Evaluation(name, "test", [predicted("a", "reject", None)]) for name in ("SFT", "GRPO")]
    page = Page(write_report(tmp_path / "b.html", blind, briefs_of(blind[0])))
    assert "no gold verdicts" in page.texts["h1"][0]
    assert page.content("index")["cases"][0]["outcomes"] == [None, None]


def test_a_column_shows_what_was_refused_where_anything_was(tmp_path: Path) -> None:
    model = evaluation("A", 60)
    plain = write_report(tmp_path / "plain.html", [model], briefs_of(model)).read_text("utf-8")
    assert "<th>unparsed</th>" in plain and "<th>refused</th>" not in plain
    none = {"ruling": None, "refused": True, "failure": "HTTP 400: the response was filtered"}
    first, *others = model.predictions
    refused = Evaluation("A", "test", [first.model_copy(update=none), *others])
    page = write_report(tmp_path / "refused.html", [refused], briefs_of(model))
    assert "<th>refused</th>" in page.read_text("utf-8")
    (entry,) = [case for case in Page(page).content("index")["cases"] if case["id"] == first.case]
    assert entry["verdicts"] == ["refused"]


def test_predictions_on_other_cases_are_the_users_mistake(tmp_path: Path) -> None:
    alone = evaluation("SFT", 60)
    with pytest.raises(DataError, match="'SFT' was evaluated on case '0', which is not in 'test'"):
        write_report(tmp_path / "a.html", [alone], {"test": Briefs([], BOOK)})


def test_numbers_are_written_for_people() -> None:
    assert [number(x, sign="+") for x in (0.0784, -0.021, 0.0001, -0.0001)] == ["+7.8", "−2.1", "±0.0", "±0.0"]
    assert [number(x) for x in (0.8349, -0.0001)] == ["83.5", "0.0"]
    assert [number(x, share=False) for x in (1234.5, -0.0121, 216.2)] == ["1,234", "−0.0121", "216"]
    assert [p_value(p) for p in (0.0341, 0.0002, 1.0)] == ["= .034", "< .001", "= 1.000"]


def test_mean_rewards_leave_the_unscored_out(tmp_path: Path) -> None:
    log = RolloutLog(tmp_path / "rollouts")
    log.write([Rollout(2, Episode.plain("a", "", i), total, 0.0) for i, total in enumerate((1.0, None, 2.0))])
    log.write([Rollout(4, Episode.plain("a", ""), -1.0, 0.0)])
    assert mean_rewards(tmp_path) == [(2, 1.5), (4, -1.0)]


def test_only_the_pages_own_style_and_script_are_let_in(seen: Page) -> None:
    [script], [style] = seen.texts["script"], seen.texts["style"]
    policy = next(value for tag, _, value in seen.attributes if tag == "meta" and "default-src" in value)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    assert re.findall(r"'(?:sha256-)?([^']+)'", policy) == ["none", "self", "self", *digests, "none", "none"]
    assert "img-src data: file: 'self';" in policy and "https:" not in policy
    assert not [found for found in seen.attributes if found[1] == "style" or found[1].startswith("on")]
    links = [value for _, name, value in seen.attributes if name in ("src", "href")]
    assert {link.partition(":")[0] if ":" in link else link[0] for link in links} == {"data", "#"}


def test_what_is_hostile_is_escaped_or_packed(seen: Page) -> None:
    assert "\u202e" not in seen.html and "\x1b" not in seen.html and "⟨U+202E⟩" in seen.html
    assert "{{" not in seen.html.replace("{{ 7*7 }}", "") and "49 {%" not in seen.html
    assert "<img src=x" not in seen.html and "<style>*" not in seen.html
    assert all(re.fullmatch(r"[A-Za-z0-9+/=]+", text) for text in seen.blocks.values())
    assert len(seen.html) < 600_000


def test_cases_are_whole_in_their_blocks(seen: Page, page: Path) -> None:
    index = seen.content("index")
    assert [case["id"].startswith(HOSTILE) for case in index["cases"]] == [True] * 24
    assert {case["split"] for case in index["cases"]} == {"test", HOSTILE}
    records = seen.content("cases-0")["records"]
    assert json.loads(records[0]["line"]["meta"])["number"] == 2**63 + 1
    [shown, gone] = seen.content("pictures-0")
    assert (
        base64.b64decode(shown["webp"])[8:12] == b"WEBP" and (page.parent / index["folder"] / shown["whole"]).is_file()
    )
    assert "no such image" in gone["trouble"]


def test_a_page_that_cannot_hold_all_says_so(tmp_path: Path) -> None:
    briefs = hostile_briefs(tmp_path)
    page = Page(write_report(tmp_path / "a.html", hostile_models(briefs), {"test": briefs}, shown=6))
    assert len(page.content("index")["cases"]) == 6
    assert "6 of 12, every kind of outcome with its share" in page.html
