"""Sections: all that a page says, in order, what is hidden told apart; whatever the page is."""

import pytest

pytest.importorskip("selectolax")

from data import DataError
from data.media.page import PageBudget, sections_of
from data.media.page.sections import LONGEST
from data.page import Section
from rewards.testing.hostile import HOSTILE

SHOP = """<!DOCTYPE html><html><head><title>Tea &amp; Co</title><style>p { color: red }</style></head><body>
<header><nav><a href="/">Home</a> <a href="/shop">Shop</a></nav></header>
<main><h1>Free <b>tea</b></h1><p>Only   today.<br>Really free.<ul><li>One</li><li>Two</li></ul>
<h2>Reviews</h2><img src="x" alt="five stars"><table><tr><td>Ann</td><td>good</td></tr></table>
<input type="submit" value="Buy now"><input type="hidden" value="token"></main>
<footer aria-label="Small print">Renews at 79 dollars.</footer><script>alert(1)</script></body></html>"""


def told(html: str) -> list[tuple[str, str]]:
    return [(section.title, section.text) for section in sections_of(html)]


def test_everything_is_there_under_its_heading():
    assert told(SHOP) == [
        ("Tea & Co", ""),
        ("nav", "Home Shop"),
        ("Free tea", "Only today.\nReally free.\n- One\n- Two"),
        ("Reviews", "(image: five stars)\nAnn good\nBuy now"),
        ("Small print", "Renews at 79 dollars."),
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>Pay.</p>", "<div style='display : NONE'><h2>Pay.</h2></div>", "<p style='opacity:0;x:1'>Pay.</p>",
        "<p style='visibility:hidden'>Pay.</p>", "<p style='font-size:0px'>Pay.</p>", "<noscript>Pay.</noscript>",
        "<p data-ruling-hidden>Pay.</p>",
    ],
)  # fmt: skip
def test_what_is_hidden_comes_last_and_says_so(hidden):
    sections = sections_of(f"<h1>Tea</h1>{hidden}<p>Free.</p>")
    assert sections == [Section(title="Tea", text="Free."), Section(text="Pay.", hidden=True)]


@pytest.mark.parametrize("style", ["opacity:0.5", "font-size:10px", "display:block", "background:none"])
def test_what_is_seen_is_not_called_hidden(style):
    assert sections_of(f"<p style='{style}'>Free.</p>") == [Section(text="Free.")]


def test_an_open_shadow_is_seen():
    assert told("<x-ad><template shadowrootmode=open><p>Free.</p></template></x-ad>") == [("", "Free.")]


def test_what_stands_in_a_frame_is_read_where_it_stands():
    inner = "&lt;h2>Terms&lt;/h2>79 dollars.&lt;iframe srcdoc='&lt;p>Deep.'>&lt;/iframe>"
    html = f'<h1>Tea</h1>Free.<iframe srcdoc="{inner}">fallback</iframe><footer>End.</footer>'
    assert told(html) == [("Tea", "Free."), ("Terms", "79 dollars.\nDeep."), ("footer", "End.")]
    hidden = sections_of("<p>Tea.<iframe style='display:none' srcdoc='<p>Pay.'></iframe>")
    assert [(section.text, section.hidden) for section in hidden] == [("Tea.", False), ("Pay.", True)]
    assert told("<p>Tea.<iframe src='https://a/'></iframe>") == [("", "Tea.")]


def test_a_page_that_says_nothing_has_no_sections():
    assert sections_of("") == sections_of("<html><body><script>document.write('x')</script>") == []


def test_long_text_goes_on_in_further_sections_and_no_word_is_lost():
    words = " ".join(f"word{n}" for n in range(2000))
    lines = "".join(f"<p>line {n} of the terms" for n in range(400))
    for html, said in ((f"<h2>Terms</h2>{words}", words), (f"<h2>Terms</h2>{lines}", None), ("x" * 9000, "x" * 9000)):
        sections = sections_of(html)
        assert len(sections) > 1 and all(len(section.text) <= LONGEST for section in sections)
        if "Terms" in html:
            assert [section.title for section in sections[:2]] == ["Terms", "Terms (2)"]
        if said:
            assert " ".join(section.text for section in sections).replace(" ", "") == said.replace(" ", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_stays_text(text):
    for section in sections_of(f"<title>{text}</title><h1>{text}</h1><p>{text}</p>"):
        assert section.title or section.text
    sections_of(text)


def test_deep_and_wide_pages_are_walked():
    assert told("<div>" * 5000 + "Tea.") == [("", "Tea.")]
    assert len(sections_of("".join(f"<h2>t{n}</h2><p>text" for n in range(5000)))) == 5000


def test_too_much_text_is_an_error():
    with pytest.raises(ValueError, match="characters: at most 1,000,000"):
        sections_of("<p>tea " * 400_000)


def test_the_budget_goes_to_what_is_hidden_and_to_both_ends():
    sections = [Section(text=name * 10) for name in "abcdefgh"]
    sections[4] = sections[4].model_copy(update={"hidden": True})

    def shown(**budget: int) -> str:
        return "".join(s.text[0] for s in PageBudget(**budget).spend(sections) if s.shown)

    assert shown(sections=4) == "abeh" and shown(characters=30) == "aeh" and shown() == "abcdefgh"
    assert shown(characters=9) == ""
    assert [s.text for s in PageBudget(sections=1).spend(sections)] == [s.text for s in sections]


@pytest.mark.parametrize("block", ["<div>", "<UL\n>", "<section/>", "<template shadowrootmode=open>"])
def test_a_page_whose_blocks_lie_too_deep_is_refused_before_it_is_parsed(block: str) -> None:
    with pytest.raises(DataError, match="more than 5,000 blocks inside one another"):
        sections_of(block * 1_000_000 + "x")


def test_many_blocks_side_by_side_and_some_in_one_another_are_read() -> None:
    (section,) = sections_of("<div>" * 600 + "Tea" + "</div>" * 600 + "<div></div>" * 20_000)
    assert section.text == "Tea"
