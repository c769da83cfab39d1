"""Message: one turn of a conversation, made of typed parts; and the forms in which libraries take it."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from data import DataError
from data.media.images import MAX_SIDE
from prompts.parts import Medium, Text

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True)
class ToolRequest:
    """One call of a tool, as the APIs of servers have it."""

    id: str
    """What its answer names it by."""
    name: str
    arguments: str
    """JSON, as text."""

    def for_server(self) -> dict[str, Any]:
        """``{"id": …, "type": "function", "function": …}``."""
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


@dataclass(frozen=True)
class Message:
    """A turn: who speaks, and the parts that it consists of, in their order.

    Example:
        >>> message = Message("user", (Text("Is this allowed?"),))
        >>> message.for_processor()
        {'role': 'user', 'content': [{'type': 'text', 'text': 'Is this allowed?'}]}
        >>> message.for_tokenizer()
        {'role': 'user', 'content': 'Is this allowed?'}
    """

    role: Role
    parts: tuple[Text | Medium, ...]
    reasoning: str | None = None
    """What an assistant thought before it spoke, for chat templates that want it apart (`prompts.reply`)."""
    tool_calls: tuple[ToolRequest, ...] = ()
    """What an assistant asked of tools through a server's API. In this process calls stand in its text."""
    answers: str | None = None
    """Of a tool's message to a server: the id of the call that it answers."""

    @property
    def texts(self) -> tuple[Text, ...]:
        """The parts that are text."""
        return tuple(part for part in self.parts if isinstance(part, Text))

    @property
    def media(self) -> tuple[Medium, ...]:
        """The parts that are not."""
        return tuple(part for part in self.parts if not isinstance(part, Text))

    def for_processor(self) -> dict[str, Any]:
        """The chat message that a transformers processor takes: a plain dictionary, pictures opened.

        Raises:
            DataError: a picture is missing, corrupt or far too large; names the case.
        """
        return self._said([part.for_processor() for part in self.parts])

    def for_tokenizer(self) -> dict[str, Any]:
        """The chat message with its content as one string, as chat templates of text-only models expect it.

        Raises:
            DataError: there is more than text in it; names the case.
        """
        if self.media:
            part = self.media[0]
            whose = "this case" if part.case is None else f"case '{part.case}'"
            raise DataError(
                f"{whose} has {part.plural}, and the model reads text only: take a vision-language model, or leave "
                "them out with `images: ignore`"
            )
        return self._said("".join(part.text for part in self.texts))

    def for_row(self) -> dict[str, Any]:
        """The chat message as it stands in a TRL row, its media without their payloads."""
        return self._said([part.for_row() for part in self.parts])

    def _said(self, content: str | list[dict[str, Any]]) -> dict[str, Any]:
        apart = {} if self.reasoning is None else {"reasoning_content": self.reasoning}
        return {"role": self.role, "content": content, **apart}

    def identity(self) -> dict[str, Any]:
        """What is shown, as JSON; see `Part.identity`."""
        return {"role": self.role, "parts": [part.identity() for part in self.parts]}

    def for_server(self, picture_side: int = MAX_SIDE) -> dict[str, Any]:
        """The message as servers that speak the OpenAI API want it: its content a string where it is one text, since
        not all take a list.

        Args:
            picture_side: pixels that the longer side of a picture is scaled down to.

        Raises:
            DataError: a picture cannot be read; names the case.
        """
        asked = {"tool_calls": [call.for_server() for call in self.tool_calls]} if self.tool_calls else {}
        about = {"tool_call_id": self.answers} if self.answers is not None else {}
        if len(self.parts) == 1 and not self.media:
            return {**self.for_tokenizer(), **asked, **about}
        return {"role": self.role, "content": [part.for_server(picture_side) for part in self.parts], **asked, **about}
