"""Conversations that go through a model together."""

from hypothesis import given
from hypothesis import strategies as st

from prompts import Message
from prompts.chat import batches
from prompts.parts import Picture, Text


def conversation(letters: int, pictures: int) -> list[Message]:
    asked = Message("system", (Text("x" * (letters // 2)),))
    return [asked, Message("user", (*[Picture("a.png")] * pictures, Text("x" * (letters - letters // 2))))]


def test_longest_first_with_and_without_pictures_apart() -> None:
    conversations = [conversation(*lengths) for lengths in [(9, 0), (5, 1), (3, 2), (7, 0), (8, 1)]]
    assert list(batches(conversations, 2)) == [[2, 4], [1], [0, 3]]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=12), st.integers(1, 5))
def test_every_conversation_is_in_one_batch(lengths: list[tuple[int, int]], size: int) -> None:
    made = list(batches([conversation(*pair) for pair in lengths], size))
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    assert all(len(batch) <= size and len({bool(lengths[i][1]) for i in batch}) == 1 for batch in made)
