"""Serve: what a tool gave, made safe, cut to what is left of the budget, and counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prompts import Look
from prompts.excerpts.documents import tokens_in
from prompts.parts import Medium, Text, View
from prompts.render import printed
from rl.desk.answer import Piece
from rl.desk.calls import BadCall, ToolCall
from rl.desk.shown import Shown, writable

if TYPE_CHECKING:
    from PIL import Image

MOST_TOLD = 1000
"""Characters of a call's arguments, and of an error, that are kept and told."""
CUT = " … (cut: no more text is let through)"
NO_PICTURE = "(a picture that is not shown: no pictures are left)"
NO_REASON = "the tool failed"
NOTHING = "nothing"
"""What a blank tool says."""
GREY = (128, 128, 128)


@dataclass
class Left:
    """What is left of a budget."""

    calls: int
    tokens: float
    pictures: int


@dataclass(frozen=True)
class Server:
    """Serves what tools give in one episode.

    Args:
        left: the budget, which it takes from.
        special_tokens: literals of the tokenizer at hand.
        case: whose it is, for messages.
    """

    left: Left
    special_tokens: tuple[str, ...]
    case: str

    def shown(self, call: ToolCall, shown: Shown) -> Piece:
        """The answer to a call that showed something."""
        parts: list[Text | Medium] = []
        pictures, tokens, whole = 0, 0.0, set()
        for item in shown.items:
            if isinstance(item, str):
                text, taken, is_whole = self._cut(printed(item, self.special_tokens))
                tokens += taken
                whole |= {item} if is_whole else set()
            elif self.left.pictures < 1:
                text = NO_PICTURE
            else:
                self.left.pictures, pictures = self.left.pictures - 1, pictures + 1
                parts.append(View.drawn(item, f"view {pictures - 1}", self.case))
                continue
            _add(parts, text)
        # What no budget is left for was not looked at.
        drawn = sum(not isinstance(item, str) for item in shown.items)
        regions = shown.regions[:pictures] if len(shown.regions) == drawn else shown.regions if pictures else ()
        return self._piece(
            parts, call, tokens=round(tokens), pictures=pictures, regions=regions,
            rules=tuple(rule for rule, text in shown.rules.items() if text in whole),
            interval=shown.interval if pictures or (tokens and not drawn) else None,
            **({"field": shown.source, "section": shown.section} if tokens else {}),
        )  # fmt: skip

    def blank(self, call: ToolCall, shown: Shown) -> Piece:
        """The same without anything to be seen: pictures are grey, and texts say nothing."""
        pictures = tuple(_grey(item) for item in shown.items if not isinstance(item, str))
        return self.shown(call, Shown(pictures or (NOTHING,)))

    def error(self, call: ToolCall | BadCall, reason: str) -> Piece:
        """The answer to a call that showed nothing; it is let through whatever is left."""
        reason = (
            writable(str(reason))[:MOST_TOLD] or NO_REASON
        )  # those of other people may give no text, or none at all
        text = printed(reason, self.special_tokens)
        return self._piece([Text(text)], call, tokens=round(tokens_in(text)), error=reason)

    def _piece(self, parts: Sequence[Text | Medium], call: ToolCall | BadCall, **looked: Any) -> Piece:
        look = Look(tool=call.name[:64], arguments=call.told[:MOST_TOLD], **looked)
        return Piece(tuple(parts), look, printed(look.tool, self.special_tokens))

    def _cut(self, text: str) -> tuple[str, float, bool]:
        """As much of a text as fits, its tokens, and whether that is all."""
        taken = tokens_in(text)
        if fits := taken <= self.left.tokens:
            self.left.tokens -= taken
            return text, taken, fits
        text, taken, self.left.tokens = text[: int(len(text) * self.left.tokens / taken)], self.left.tokens, 0.0
        return text + CUT, taken, False


def _add(parts: list[Text | Medium], text: str) -> None:
    """Adds a text on a line of its own; texts side by side are one, as chat templates may put something between."""
    if parts and isinstance(before := parts[-1], Text):
        parts[-1] = Text(f"{before.text}\n{text}")
    else:
        parts.append(Text(text))


def _grey(image: "Image.Image") -> "Image.Image":
    from PIL import Image

    return Image.new("RGB", image.size, GREY)
