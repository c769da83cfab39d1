"""A message in the forms that libraries take."""

from pathlib import Path

import pytest
from PIL import Image

from data import DataError
from prompts import Message
from prompts.parts import Picture, Text


@pytest.fixture
def mixed(tmp_path: Path) -> Message:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    return Message("user", (Text("look:"), Picture(str(tmp_path / "a.png"), "image 0", "b-17"), Text("title: Tea")))


def test_texts_and_media_are_apart(mixed: Message) -> None:
    assert mixed.texts == (Text("look:"), Text("title: Tea"))
    assert mixed.media == (mixed.parts[1],)


def test_parts_stay_in_their_order(mixed: Message) -> None:
    for message, kinds in (
        (mixed.for_processor(), ["text", "image", "text"]),
        (mixed.for_row(), ["text", "image", "text"]),
        (mixed.for_server(), ["text", "image_url", "text"]),
    ):
        assert list(message) == ["role", "content"] and message["role"] == "user"
        assert [part["type"] for part in message["content"]] == kinds


def test_a_tokenizer_gets_one_text_and_nothing_else(mixed: Message) -> None:
    two = Message("system", (Text("a"), Text("b")))
    assert two.for_tokenizer() == {"role": "system", "content": "ab"}
    with pytest.raises(DataError, match=r"case 'b-17' has pictures, and the model reads text only: .*images: ignore"):
        mixed.for_tokenizer()
    with pytest.raises(DataError, match="this case has pictures"):
        Message("user", (Picture("a.png"),)).for_tokenizer()


def test_a_server_gets_one_text_as_a_string_and_several_as_a_list() -> None:
    assert Message("user", (Text("a"),)).for_server() == {"role": "user", "content": "a"}
    two = Message("user", (Text("a"), Text("b"))).for_server()
    assert two["content"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


def test_messages_can_be_told_apart_and_kept_in_sets(mixed: Message) -> None:
    assert len({mixed, Message(mixed.role, mixed.parts), Message("system", mixed.parts)}) == 2
