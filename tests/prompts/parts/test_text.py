"""Text is the same in every form, and is estimated by its letters."""

from pathlib import Path

from prompts.parts import Text


def test_text_is_text_everywhere() -> None:
    text = Text("Tea")
    assert text.for_processor() == text.for_row() == text.for_server(64) == {"type": "text", "text": "Tea"}


def test_shares_of_a_token_add_up() -> None:
    assert sum(Text("ab").estimate(Path("anywhere")) for _ in range(6)) == 3
