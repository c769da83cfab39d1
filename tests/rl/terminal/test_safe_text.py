"""Control characters are shown, and all else is left alone."""

import pytest

from rl.terminal.safe_text import one_line, visible

ORDINARY = [
    "plain\ttext\nin lines",
    "日本語 한국어 русский العربية עברית",
    "\U0001f469\u200d\U0001f467 é ﬁ",
    "[bold] <b> {{ x }}",
]
CONTROLS = [0x00, 0x07, 0x0D, 0x1B, 0x7F, 0x9B, 0x61C, 0x200B, 0x200E, 0x2028, 0x202E, 0x2066, 0xFEFF, 0xD800]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("point", CONTROLS, ids=hex)
def test_control_characters_are_written_out(point: int) -> None:
    assert visible(f"a{chr(point)}b") == f"a⟨U+{point:04X}⟩b"


def test_a_line_stays_one() -> None:
    assert one_line("a\nb\r\x1bc\td") == "a⟨U+000A⟩b⟨U+000D⟩⟨U+001B⟩c\td"
