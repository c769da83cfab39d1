"""Cases as conversations that a model learns from, and as the rows that TRL trains on.

A row is ``{"prompt": messages, "completion": messages, "images": paths, "case": id}``: conversational, with the
completion only where there is gold to learn from, and a column of payloads only for media that some case has. Payloads
are read when a row is read, not before. Every row is known to fit the model's context (`rl.training.lengths`).
"""

from collections.abc import Sequence
from typing import Any

import xxhash

from data import Brief
from prompts import Message, render, target, write
from prompts.chat import without_payloads
from prompts.feedback import Feedback, with_feedback
from prompts.parts import READERS
from prompts.processor import Processor, special_tokens
from prompts.reply import Reply
from prompts.tool_turns import knows_tools
from rl.desk import Desks
from rl.training.lengths import check_fit, count

Row = dict[str, Any]


def rows_for_sft(
    briefs: Sequence[Brief], processor: Processor, context: int, template: str = "default", feedback: float = 0.0
) -> Any:
    """A `datasets.Dataset` of prompts with the completions that state their gold.

    Args:
        feedback: share of the prompts that tell the ruling beforehand.

    Raises:
        DataError: a case has no gold to learn from, cannot be read by the model, or with its completion is longer
            than ``context`` tokens.
    """
    lessons = lessons_of(briefs, template, special_tokens(processor), Reply.of(processor), feedback)
    lengths = count(lessons, processor)
    check_fit(briefs, lengths, context)
    return _dataset(
        [
            _row(brief, prompt, processor)
            | {"completion": without_payloads([completion], processor), "length": length.total}
            for brief, (*prompt, completion), length in zip(briefs, lessons, lengths, strict=True)
        ]
    )


def rows_for_rl(
    briefs: Sequence[Brief],
    processor: Processor,
    context: int,
    max_completion_length: int,
    template: str = "default",
    desks: Desks | None = None,
) -> Any:
    """A `datasets.Dataset` of prompts to draw completions for.

    Args:
        desks: what may be looked up; prompts say so.

    Raises:
        DataError: a case cannot be read by the model, or its prompt leaves no room for ``max_completion_length``
            tokens in ``context``.
    """
    told = desks is not None and knows_tools(processor)
    prompts = prompts_of(briefs, template, special_tokens(processor), desks, told)
    lengths = count(prompts, processor, desks.schemas if desks is not None and told else None)
    check_fit(briefs, lengths, context, reserved=max_completion_length)
    return _dataset(
        [
            _row(brief, prompt, processor) | {"weight": brief.case.weight, "length": length.total}
            for brief, prompt, length in zip(briefs, prompts, lengths, strict=True)
        ]
    )


def prompts_of(
    briefs: Sequence[Brief],
    template: str = "default",
    specials: tuple[str, ...] = (),
    desks: Desks | None = None,
    told: bool = False,
) -> list[list[Message]]:
    """What a model is asked about each case.

    Args:
        desks: what may be looked up.
        told: whether the chat template tells of the tools.
    """
    if desks is not None:
        return [desks.prompt(brief, template, specials, told) for brief in briefs]
    return [render(brief.case, brief.excerpt, template, specials) for brief in briefs]


def lessons_of(
    briefs: Sequence[Brief],
    template: str = "default",
    specials: tuple[str, ...] = (),
    reply: Reply | None = None,
    feedback: float = 0.0,
) -> list[list[Message]]:
    """What a model is asked about each case, and the completion that states its gold.

    Args:
        reply: how the model's chat template takes a completion; whole where it is not known.
        feedback: share of the prompts that tell the ruling beforehand; whether one does depends on its case's id.

    Raises:
        DataError: a case has no gold to learn from; names it.
    """
    lessons = []
    for brief, prompt in zip(briefs, prompts_of(briefs, template, specials), strict=True):
        ruling = target(brief.case, brief.excerpt)
        if xxhash.xxh3_64_intdigest(brief.id.encode()) < feedback * 2**64:
            prompt = with_feedback(prompt, Feedback(ruling=ruling), specials, template)
        lessons.append([*prompt, (reply or Reply()).message(write(ruling, specials))])
    return lessons


def texts_of(briefs: Sequence[Brief], template: str = "default", desks: Desks | None = None) -> list[str]:
    """Everything that a tokenizer for these cases will meet: prompts, and completions where there is gold to state.

    Args:
        desks: what may be looked up, about which the prompts say something.
    """
    texts = []
    if desks is not None:
        texts += [part.text for prompt in prompts_of(briefs, template, (), desks) for part in prompt[0].texts]
    for brief in briefs:
        judged = brief.case.gold is not None and brief.case.gold.verdict is not None and not brief.lost
        (conversation,) = (lessons_of if judged else prompts_of)([brief], template)
        texts += [part.text for message in conversation for part in message.texts]
    return texts


def _row(brief: Brief, prompt: Sequence[Message], processor: Processor) -> Row:
    payloads: dict[str, list[str]] = {column: [] for column in READERS}
    for message in prompt:
        for part in message.media:
            payloads[part.row_column].append(part.path)
    return {"case": brief.id, "prompt": without_payloads(prompt, processor), **payloads}


def opened(name: str, prompt: Sequence[Message], processor: Processor) -> Row:
    """One row to read at once, its media opened.

    Args:
        name: of all rows of a reader, equal for equal prompts.

    Raises:
        DataError: a picture cannot be read; names the case.
    """
    row: Row = {"case": name, "prompt": without_payloads(prompt, processor)}
    for message in prompt:
        for part in message.media:
            row.setdefault(part.row_column, []).append(READERS[part.row_column](part.path, part.case))
    return row


def _dataset(rows: list[Row]) -> Any:
    from datasets import Dataset

    empty = {column for column in READERS if not any(row[column] for row in rows)}
    dataset = Dataset.from_list([{name: value for name, value in row.items() if name not in empty} for row in rows])
    return dataset if empty == READERS.keys() else dataset.with_transform(_read_payloads)


def _read_payloads(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    for column, read in READERS.items():
        if column in batch:
            cases = batch.get("case") or [None] * len(batch[column])  # missing where single columns are asked for
            rows = zip(cases, batch[column], strict=True)
            batch[column] = [[read(path, case) for path in paths] for case, paths in rows]
    return batch
