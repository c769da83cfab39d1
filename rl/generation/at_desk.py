"""AtDesk: a model in this process writes episodes with tools, round by round, many cases side by side."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from transformers import PreTrainedModel

from data import Brief, Briefs
from prompts import Episode, Message, Turn, opening_of
from prompts.chat import batches
from prompts.parts import Text
from prompts.processor import Processor, special_tokens, tokenizer_of
from prompts.tool_turns import knows_tools
from rl.config.decoding import Decoding
from rl.desk import Desk, Desks
from rl.generation.decode import end_of_turn_ids, turn_of, verdict_logprob_of
from rl.generation.engine import Key
from rl.generation.local import LocalEngine, check_room, evaluating, generation_config, seed_of, seeded
from rl.generation.reader import Reader
from rl.generation.writers import Lengths, Writer, writer_for
from rl.models.load import context_length


class AtDesk(LocalEngine):
    """An engine whose model may look things up before it rules.

    Args:
        engine: whose model it is; it is loaded once for both.
        desks: what it can do.

    Raises:
        DataError: a tool may have side effects, and episodes are written side by side.
    """

    def __init__(self, engine: LocalEngine, desks: Desks):
        super().__init__(engine.path)
        self._loaded, self.desks = engine._loaded, desks

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        return {**super().identity(decoding), "desk": self.desks.identity}

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        return {**super().provenance(decoding), "desk": self.desks.identity}

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        if decoding.batch_size > 1 or decoding.samples > 1:
            self.desks.check_parallel()
        wanted = {case for case, _ in missing}
        yield from write_at_desk(*self._loaded(decoding.dtype), briefs, decoding, self.desks, wanted)


@dataclass
class _Seat:
    """An episode that is being written."""

    brief: Brief
    sample: int
    desk: Desk
    messages: list[Message]
    turns: list[Turn] = field(default_factory=list)
    verdict_logprob: float | None = None

    @property
    def episode(self) -> Episode:
        return Episode(self.brief.id, tuple(self.turns), self.sample, self.verdict_logprob)


class _NoRoom(Exception):
    """Rows whose next turn does not fit the model's context."""

    def __init__(self, rows: set[int]):
        super().__init__()
        self.rows = rows


@dataclass(frozen=True)
class _Hand:
    """What writes the turns of episodes."""

    model: PreTrainedModel
    processor: Processor
    writer: Writer
    decoding: Decoding
    variables: dict[str, Any]

    def round(self, seats: list[_Seat]) -> list[_Seat]:
        """Writes one turn of each episode.

        Returns:
            Those that go on.
        """
        going: list[_Seat] = []
        for part in batches([seat.messages for seat in seats], self.decoding.batch_size):
            for seat in self._written([seats[at] for at in part]):
                answer = seat.desk.answer(seat.turns[-1].text)
                if answer is None:
                    continue
                seat.turns.append(answer.turn)
                seat.messages.append(answer.message)
                going.append(seat)
        return [seat for seat in seats if seat in going]

    def _written(self, seats: list[_Seat]) -> list[_Seat]:
        """The episodes whose next turn was written: one that has no room for it ends with what its tool said."""
        limit, most, first = context_length(self.model), self.decoding.max_new_tokens, not seats[0].turns

        def check(lengths: Lengths) -> None:
            if first:
                check_room(self.model, [seat.brief for seat in seats], most, lengths)
            if over := {at for at, length in enumerate(lengths) if length + most > limit}:
                raise _NoRoom(over)

        while seats:
            try:
                rows = self.writer.write([seat.messages for seat in seats], check)
                break
            except _NoRoom as full:
                seats = [seat for at, seat in enumerate(seats) if at not in full.rows]
        else:
            return []
        tokenizer, opening = tokenizer_of(self.processor), opening_of(self.processor, **self.variables)
        ends = end_of_turn_ids(self.model, tokenizer)
        for seat, ids, known in zip(seats, rows.ids, rows.logprobs, strict=True):
            turn = turn_of(tokenizer, ids, ends, known, opening)
            seat.turns.append(turn)
            seat.messages.append(Message("assistant", (Text(turn.text.removeprefix(opening)),)))
            seat.verdict_logprob = verdict_logprob_of(tokenizer, turn, opening)
        return seats


def write_at_desk(
    model: PreTrainedModel,
    processor: Processor,
    briefs: Sequence[Brief],
    decoding: Decoding,
    desks: Desks,
    wanted: Collection[str] | None = None,
) -> Iterator[list[Episode]]:
    """What a model writes about each brief, with tools, batch by batch: ``decoding.samples`` episodes each, in order.
    In each round, only those are written on that go on.

    The batches, and what is drawn in each, depend on the briefs, the desk and the decoding alone.

    Args:
        wanted: ids of the cases to write about; all if None. A batch with one of them is written whole.

    Raises:
        DataError: a picture that cannot be read, a prompt that leaves no room for ``decoding.max_new_tokens``, or a
            chat template that cannot be asked with tools.
    """
    specials, told = special_tokens(processor), knows_tools(processor)
    variables: dict[str, Any] = {**decoding.chat_template_kwargs, **({"tools": desks.schemas} if told else {})}
    template = decoding.template or "default"
    settings = generation_config(model, tokenizer_of(processor), replace(decoding, samples=1))
    hand = _Hand(model, processor, writer_for(model, Reader(processor, variables), settings), decoding, variables)
    prompts = [desks.prompt(brief, template, specials, told) for brief in briefs]
    for batch in batches(prompts, max(1, decoding.batch_size // decoding.samples)):
        chosen = [briefs[i] for i in batch]
        if wanted is not None and not any(brief.id in wanted for brief in chosen):
            continue
        seats = [
            _Seat(briefs[i], sample, desks.at(briefs[i], specials), list(prompts[i]))
            for i in batch
            for sample in range(decoding.samples)
        ]
        going, number, began = seats, 0, time.monotonic()
        with evaluating(model):
            while going:
                with seeded(seed_of(chosen, decoding.seed + number), model.device):
                    going = hand.round(going)
                number += 1
        seconds = (time.monotonic() - began) / len(seats)
        yield [replace(seat.episode, seconds=seconds) for seat in seats]
