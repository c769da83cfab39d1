"""Reply: a completion as the assistant's turn that a model learns from, so that the chat template leaves it whole.

What the template makes of the turn behind the generation prompt has to be what the model is to write there: a tag that
the template opens is not opened twice, and reasoning that it wants in a field of its own is put there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from prompts.chat import Conversation, without_payloads
from prompts.message import Message
from prompts.opening import PROBE, opening_of, rest_of
from prompts.parse import END_THINK, THINK
from prompts.parts import Text
from prompts.processor import Processor

_REASONING = "It is a plain ad."


@dataclass(frozen=True)
class Reply:
    """How one chat template takes a completion."""

    opening: str = ""
    """What it writes of every completion; see `prompts.opening`."""
    apart: bool = False
    """Whether it takes reasoning in a field of its own only, and closes an empty one before any content."""

    @classmethod
    def of(cls, processor: Processor) -> "Reply":
        """The one that a model's chat template takes.

        Raises:
            DataError: it closes the reasoning before the model can write any.
        """
        whole = cls(opening_of(processor))
        asked = [Message("user", (Text(PROBE),))]
        before, found, _ = whole.shown(f"{THINK}{_REASONING}{END_THINK}", asked, processor).partition(_REASONING)
        return cls(whole.opening, apart=bool(found) and END_THINK in before)

    def message(self, completion: str) -> Message:
        """The assistant's turn with a completion that `prompts.write` wrote.

        Example:
            >>> Reply("<think>\\n").message("<think>A-1: clear</think><answer>{}</answer>").for_tokenizer()
            {'role': 'assistant', 'content': '<think>\\nA-1: clear</think><answer>{}</answer>'}
            >>> Reply("<think>\\n", apart=True).message("<think>A-1: clear</think><answer>{}</answer>").for_tokenizer()
            {'role': 'assistant', 'content': '<answer>{}</answer>', 'reasoning_content': 'A-1: clear'}
        """
        if not self.apart:
            return Message("assistant", (Text(self.opening + rest_of(completion, self.opening)),))
        reasoning, _, answer = completion.removeprefix(THINK).partition(END_THINK)
        return Message("assistant", (Text(answer),), reasoning)

    def shown(self, completion: str, asked: Conversation, processor: Processor) -> str:
        """What the chat template writes of the turn behind the generation prompt, as TRL cuts it out."""

        def text(messages: Sequence[Message], **option: Any) -> str:
            return str(processor.apply_chat_template(without_payloads(messages, processor), tokenize=False, **option))

        prompt, whole = text(asked, add_generation_prompt=True), text([*asked, self.message(completion)])
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(prompt, whole, strict=False))
        return whole[sum(1 for _ in alike) :]
