"""The longest case: how many tokens it has, counted, or estimated where there is no tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoImageProcessor

from data import Brief, DataError
from data.media.images import image_size
from prompts import render, target, write
from rl.models.load import Processor
from rl.training.rows import image_token_counts, rows_for_rl, rows_for_sft

CHARACTERS_PER_TOKEN = 4
"""Of English text, in a large vocabulary."""


@dataclass(frozen=True)
class Longest:
    """The longest case of a set, in tokens of prompt (and, for SFT, completion)."""

    case: str
    text: int
    pictures: int
    exact: bool
    """Whether the tokens of text are counted; those of pictures always are."""

    @property
    def total(self) -> int:
        return self.text + self.pictures


def measure(briefs: Sequence[Brief], processor: Processor, context: int, reserved: int, template: str) -> Longest:
    """Counts with the model's own processor.

    Args:
        context: the model's context in tokens.
        reserved: tokens kept for the completion; 0 counts the completion that states the gold.

    Raises:
        DataError: a case does not fit; names it.
    """
    if reserved:
        rows = rows_for_rl(briefs, processor, context, reserved, template)
    else:
        rows = rows_for_sft(briefs, processor, context, template)
    lengths = rows.with_format(None)["length"]
    at = max(range(len(briefs)), key=lengths.__getitem__)
    pictures = sum(image_token_counts(_pictures(briefs[at], template), processor))
    return Longest(briefs[at].id, lengths[at] - pictures, pictures, exact=True)


def estimate(briefs: Sequence[Brief], settings: Path, context: int, reserved: int, template: str) -> Longest:
    """Counts the tokens of pictures by the settings of an image processor, and estimates those of text.

    Raises:
        DataError: the pictures of a case alone do not fit; names it.
    """
    processor = AutoImageProcessor.from_pretrained(settings)

    def of(brief: Brief) -> Longest:
        case, pictures = brief.case, 0
        for path in _pictures(brief, template):
            width, height = image_size(path, case.id)
            pictures += processor.get_number_of_image_patches(height, width) // processor.merge_size**2
        if pictures + reserved > context:
            raise DataError(
                f"case '{case.id}' has {pictures} tokens of pictures, and the model's context is {context}"
            )
        messages = render(case, brief.excerpt, template)
        text = sum(len(part.get("text", "")) for message in messages for part in message["content"])
        if not reserved:
            text += len(write(target(case, brief.excerpt)))
        return Longest(case.id, text // CHARACTERS_PER_TOKEN, pictures, exact=False)

    return max(map(of, briefs), key=lambda longest: longest.total)


def _pictures(brief: Brief, template: str) -> list[str]:
    messages = render(brief.case, brief.excerpt, template)
    return [part["image"] for message in messages for part in message["content"] if part["type"] == "image"]
