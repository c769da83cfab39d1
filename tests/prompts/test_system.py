"""A system's turn, where a chat template has no place for it."""

from typing import Any

import pytest

from prompts.chat import encode, without_payloads
from prompts.message import Message
from prompts.parts import Picture, Text
from prompts.system import fold_system
from rl.models.tiny import CHAT_TEMPLATE, train_tokenizer

ASKED = [Message("system", (Text("No cures."),)), Message("user", (Text("Tea that cures."),))]
REFUSES = """{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}\
{{ m.content }};{% endfor %}"""
LOSES = "{% for m in messages if m.role != 'system' %}{{ m.content }};{% endfor %}"
MOVES = """{% for m in messages %}{% if m.role != 'system' %}{{ messages[0].content }} {{ m.content }};{% endif %}\
{% endfor %}"""
DAMAGED = "{{ raise_exception('never') }}"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_tokenizer(["No cures. Tea that cures."], 300, 64)


@pytest.mark.parametrize(
    ("template", "folds"), [(CHAT_TEMPLATE, False), (MOVES, False), (REFUSES, True), (LOSES, True)]
)
def test_what_the_system_says_begins_the_users_turn_where_it_must(template: str, folds: bool, tokenizer: Any) -> None:
    tokenizer.chat_template = template
    shown = fold_system(ASKED, tokenizer)
    assert [message.role for message in shown] == (["user"] if folds else ["system", "user"])
    assert "".join(part.text for message in shown for part in message.texts).startswith("No cures.")
    assert without_payloads(ASKED, tokenizer) == [message.for_tokenizer() for message in shown]
    text = tokenizer.decode(encode(tokenizer, [ASKED])["input_ids"][0])
    assert text.count("No cures.") == 1 and "Tea that cures." in text


def test_a_template_that_can_say_nothing_is_left_for_others_to_complain_of(tokenizer: Any) -> None:
    tokenizer.chat_template = DAMAGED
    assert fold_system(ASKED, tokenizer) is ASKED


def test_pictures_stay_in_their_places() -> None:
    class Refusing:
        chat_template = "refuses"
        tokenizer = object()

        def apply_chat_template(self, messages: Any, **options: Any) -> str:
            pictures = any(part["type"] == "image" for message in messages for part in message["content"])
            if pictures and messages[0]["role"] == "system":  # as Llama 3.2 Vision's
                raise ValueError("incompatible with system messages")
            return str(messages)

    processor: Any = Refusing()
    picture = Picture("a.png")
    asked = [ASKED[0], Message("user", (Text("image 0:"), picture, Text("Tea")))]
    (user,) = fold_system(asked, processor)
    assert user.parts == (Text("No cures."), Text("\n\n"), Text("image 0:"), picture, Text("Tea"))
    assert fold_system(asked[1:], processor) == asked[1:]
