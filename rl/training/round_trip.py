"""Round trip: before a run, one ruling goes the way that completions go, and has to come back as it was.

Chat templates drop the reasoning of an assistant's turn, or split it into channels; tokenizers change letters. Then
what a model learns is no ruling, or nothing that it writes is read as one, and every reward is the floor to the end.
"""

from collections.abc import Sequence
from contextlib import suppress

from data import Brief, DataError, Finding, Ruling
from data.finding import lines
from prompts import ParseFailure, parse, render, target, write
from prompts.opening import rest_of
from prompts.parse import END_THINK, THINK
from prompts.processor import Processor, special_tokens, tokenizer_of
from prompts.reply import Reply
from rl.generation.decode import completion_text


def check_round_trip(briefs: Sequence[Brief], processor: Processor, template: str, imitates: bool) -> None:
    """Checks that a ruling survives the model's chat template and tokenizer, on the gold of the first case that has
    some; where none has, on an approval of the first.

    Args:
        template: the prompt template.
        imitates: whether the model learns from assistant's turns as the chat template writes them; otherwise it writes
            behind the generation prompt, and only what the template puts before an assistant's words matters.

    Raises:
        DataError: it does not, or the chat template closes the reasoning.
    """
    reply, specials = Reply.of(processor), special_tokens(processor)
    brief, ruling = _stated(briefs)
    completion = write(ruling, specials)
    written = reply.shown(completion, render(brief.case, brief.excerpt, template, specials), processor)
    if not imitates:
        # What a template drops of past turns the model writes all the same; what it puts before them, it writes too.
        before = "" if reply.opening or THINK not in written else written[: written.index(THINK)]
        written = before + rest_of(completion, reply.opening)
    parsed = parse(reply.opening + _decoded(written, processor))
    if isinstance(parsed, ParseFailure) or _comparable(parsed) != _comparable(ruling):
        raise DataError(
            f"the gold of case '{brief.id}' does not survive the model's chat template and tokenizer: "
            f"{_fault(parsed, written)}. Give the model a template that leaves an assistant's turn as it is "
            "(chat_template.jinja in its folder), or take another model"
        )


def _stated(briefs: Sequence[Brief]) -> tuple[Brief, Ruling]:
    for brief in briefs:
        with suppress(DataError):  # that this case has nothing to learn from is for whoever wants to learn from it
            return brief, target(brief.case, brief.excerpt)
    found = lines(Finding(rule, "clear") for rule in briefs[0].excerpt.ids)
    return briefs[0], Ruling(reasoning=found, verdict="approve", confidence=0.9)


def _decoded(written: str, processor: Processor) -> str:
    tokenizer = tokenizer_of(processor)
    ids = tokenizer(written, add_special_tokens=False)["input_ids"]
    return completion_text(tokenizer, ids, [tokenizer.eos_token_id])


def _comparable(ruling: Ruling) -> Ruling:
    """Templates put new lines around the reasoning, which say nothing."""
    return ruling.model_copy(update={"reasoning": ruling.reasoning.strip()})


def _fault(parsed: Ruling | ParseFailure, written: str) -> str:
    if isinstance(parsed, Ruling):
        return "it comes back changed"
    if END_THINK not in written:
        return f"the reasoning is dropped ({parsed.reason.value}, it begins {written[:40]!r})"
    return f"it is written as {written[:60]!r}, which reads as {parsed.reason.value}"
