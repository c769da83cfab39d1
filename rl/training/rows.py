"""Cases as rows that TRL trains on, and the check that every one of them fits the model's context.

A row is ``{"prompt": messages, "completion": messages, "images": paths, "case": id}``: conversational, with the
completion only where there is gold to learn from, and ``images`` only where some case has any. Pictures are opened
when a row is read, not before. Nothing is ever cut: a case that is too long is an error that says by how much.
"""

from collections.abc import Sequence
from typing import Any

from transformers import ProcessorMixin

from data import Brief, DataError
from data.media.images import image_size, open_image
from prompts import render, target, write
from prompts.chat import Processor, flatten, special_tokens, tokenizer_of

Message = dict[str, Any]
Row = dict[str, Any]


def rows_for_sft(briefs: Sequence[Brief], processor: Processor, context: int, template: str = "default") -> Any:
    """A `datasets.Dataset` of prompts with the completions that state their gold.

    Raises:
        DataError: a case has no gold to learn from, cannot be read by the model, or with its completion is longer
            than ``context`` tokens.
    """
    specials = special_tokens(processor)
    rows = [
        _row(brief, processor, template)
        | {"completion": _reply(write(target(brief.case, brief.excerpt), specials), processor)}
        for brief in briefs
    ]
    _check_lengths(rows, processor, context, reserved=0)
    return _dataset(rows)


def rows_for_rl(
    briefs: Sequence[Brief],
    processor: Processor,
    context: int,
    max_completion_length: int,
    template: str = "default",
) -> Any:
    """A `datasets.Dataset` of prompts to draw completions for.

    Raises:
        DataError: a case cannot be read by the model, or its prompt leaves no room for ``max_completion_length``
            tokens in ``context``.
    """
    rows = [_row(brief, processor, template) | {"weight": brief.case.weight} for brief in briefs]
    _check_lengths(rows, processor, context, reserved=max_completion_length)
    return _dataset(rows)


def texts_of(briefs: Sequence[Brief], template: str = "default") -> list[str]:
    """Everything that a tokenizer for these cases will meet: prompts, and completions where there is gold."""
    texts = []
    for brief in briefs:
        case, excerpt = brief.case, brief.excerpt
        for message in render(case, excerpt, template):
            texts += [part["text"] for part in message["content"] if part["type"] == "text"]
        if case.gold is not None and case.gold.verdict is not None:
            texts.append(write(target(case, excerpt)))
    return texts


def token_counts(rows: Sequence[Row], processor: Processor) -> list[int]:
    """Tokens of each row's prompt and completion together, every token of its pictures counted."""
    conversations = [row["prompt"] + row.get("completion", []) for row in rows]
    options: list[Any] = [{"add_generation_prompt": "completion" not in row} for row in rows]
    texts = [
        processor.apply_chat_template(conversation, tokenize=False, **option)
        for conversation, option in zip(conversations, options, strict=True)
    ]
    encoded = tokenizer_of(processor)(texts, add_special_tokens=False)["input_ids"]
    return [
        len(ids) + sum(count - 1 for count in image_token_counts(row.get("images", []), processor))
        for ids, row in zip(encoded, rows, strict=True)
    ]


def image_token_counts(paths: Sequence[str], processor: Processor) -> list[int]:
    """How many tokens each picture becomes; only the pictures' headers are read.

    Raises:
        DataError: a picture is missing, no image or too large.
    """
    if not paths:
        return []
    sizes = [image_size(path) for path in paths]
    vision: Any = processor
    counts = vision._get_num_multimodal_tokens(image_sizes=[(height, width) for width, height in sizes])
    return list(counts["num_image_tokens"])


def _row(brief: Brief, processor: Processor, template: str) -> Row:
    case = brief.case
    messages = render(case, brief.excerpt, template, special_tokens(processor))
    paths = [part["image"] for message in messages for part in message["content"] if part["type"] == "image"]
    row: Row = {"case": case.id}
    if isinstance(processor, ProcessorMixin):
        for path in paths:
            image_size(path, case.id)  # one that is missing or too large stops here, and not in the middle of training
        # TRL puts the pictures in: a part that held a path already would be taken as done.
        row["prompt"] = [{**m, "content": [_without_payload(part) for part in m["content"]]} for m in messages]
        row["images"] = paths
    elif paths:
        raise DataError(f"case '{case.id}' has pictures, and the model reads text only: take a vision-language model")
    else:
        row["prompt"] = flatten(messages)
    return row


def _without_payload(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "image"}


def _reply(text: str, processor: Processor) -> list[Message]:
    messages = [{"role": "assistant", "content": [{"type": "text", "text": text}]}]
    return messages if isinstance(processor, ProcessorMixin) else flatten(messages)


def _check_lengths(rows: list[Row], processor: Processor, context: int, reserved: int) -> None:
    for row, count in zip(rows, token_counts(rows, processor), strict=True):
        if count + reserved > context:
            pictures = sum(image_token_counts(row.get("images", []), processor))
            parts = [f"{count} tokens"]
            if pictures:
                parts.append(f"{pictures} of them for its pictures")
            if reserved:
                parts.append(f"and {reserved} more for the completion")
            raise DataError(
                f"case '{row['case']}' needs {', '.join(parts)}, and the model's context is {context}: show it "
                "fewer rules, smaller pictures or less text, or take a model with a longer context"
            )
        row["length"] = count


def _dataset(rows: list[Row]) -> Any:
    from datasets import Dataset

    if not any(row.get("images") for row in rows):
        return Dataset.from_list([{key: value for key, value in row.items() if key != "images"} for row in rows])
    return Dataset.from_list(rows).with_transform(_open_images)


def _open_images(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    if "images" in batch:
        batch["images"] = [[open_image(path) for path in paths] for paths in batch["images"]]
    return batch
