"""Text: words in a message, neutralised by whoever wrote them there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHARACTERS_PER_TOKEN = 4
"""Of English text, in a large vocabulary."""


@dataclass(frozen=True)
class Text:
    """Words in a message. Their tokens are counted with those of the chat template, which stand between them."""

    text: str

    def for_processor(self) -> dict[str, Any]:
        """``{"type": "text", "text": …}``, as everywhere."""
        return {"type": "text", "text": self.text}

    def for_row(self) -> dict[str, Any]:
        """``{"type": "text", "text": …}``, as everywhere."""
        return self.for_processor()

    def for_server(self, picture_side: int) -> dict[str, Any]:
        """``{"type": "text", "text": …}``, as everywhere."""
        return self.for_processor()

    def identity(self) -> dict[str, Any]:
        """The words themselves."""
        return self.for_processor()

    def estimate(self, settings: Path) -> float:
        """Tokens by the number of characters alone, a share of one included."""
        return len(self.text) / CHARACTERS_PER_TOKEN
