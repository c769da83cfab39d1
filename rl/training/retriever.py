"""A retriever: an encoder learns from gold which rules a case breaks, to find them in a book of any size."""

from collections.abc import Iterable, Sequence
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel

from data import Brief, Briefs, DataError, Rule
from prompts import Message
from prompts.excerpts import RetrievalConfig, ranked, retriever_of, scored
from prompts.excerpts.documents import document_of, query_of
from prompts.excerpts.encoder import load_encoder
from prompts.processor import Processor
from prompts.reply import Reply
from rewards.models.location import resolve
from rl.config.model import ModelConfig
from rl.config.retriever import RetrieverRecipe
from rl.models.load import load_config
from rl.training.launch.sharding import Sharding
from rl.training.stage import Parts, Stage, Start
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.retriever import Lesson, RetrieverTrainer


class RetrieverStage(Stage[RetrieverRecipe]):
    """Rows are lessons, one for each rule that a case breaks. An encoder reads a beginning of a long text, here as
    where it is used."""

    unit = "rules to be found"

    @property
    def template(self) -> None:
        """An encoder is asked nothing."""
        return None

    def check(self, arguments: Any) -> None:
        if not self.recipe.negatives and arguments.per_device_train_batch_size == 1:
            message = (
                "a rule is told from the others of its batch, and with a batch of 1 there are none: give negatives"
            )
            raise DataError(f"{message}, or a larger batch", field="negatives")

    def check_sharded(self, sharding: Sharding) -> None:
        raise DataError("an encoder is trained whole in each process: leave out ZeRO and FSDP", field="accelerate")

    def steps(self, arguments: Any, cases: int, processes: int = 1) -> int | None:
        return arguments.max_steps if arguments.max_steps > 0 else None

    def texts(self, briefs: Briefs) -> list[str]:
        return [*map(query_of, briefs.cases), *(document_of(rule, briefs.book) for rule in briefs.book.rules)]

    def load(self, model: ModelConfig, checkpoint: Path | None) -> Any:
        assert model.path is not None, "build the tiny model first"
        dtype = {} if model.dtype == "auto" else {"dtype": model.dtype}
        attention = {} if model.attn_implementation is None else {"attn_implementation": model.attn_implementation}
        return load_encoder(str(checkpoint or resolve(model.path)), dtype | attention).train()

    def empty(self, folder: Path) -> Any:
        with torch.device("meta"):
            return AutoModel.from_config(load_config(folder))

    def conversations(
        self, briefs: Briefs, special_tokens: tuple[str, ...] = (), reply: Reply | None = None, told: bool = False
    ) -> list[tuple[Brief, list[Message]]]:
        return []

    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> list[Lesson]:
        lessons = lessons_of(briefs, self.recipe.negatives)
        if not lessons:
            raise DataError("no case breaks a rule of the book: there is nothing to find", field="data.train")
        if all(len(lesson.named) == len(briefs.book) for lesson in lessons):
            message = (
                "gold says of no rule that a case does not break it (exhaustive, cleared): a rule has none that it"
            )
            raise DataError(f"{message} could be told from", field="data.train")
        return lessons

    def parts(self, arguments: Any, start: Start, checkpoint: Path | None) -> Parts:
        model = self.load(start.model, checkpoint)

        def rows(briefs: Briefs) -> list[Lesson]:
            return self.rows(briefs, model.tokenizer, model.max_seq_length, 0)

        valid = rows(start.valid) if start.valid else None
        return Parts(start, arguments, model, model.tokenizer, rows(start.briefs), valid, checkpoint)

    def trainer(self, parts: Parts) -> ResumableTrainer:
        book = parts.start.briefs.book
        documents = [document_of(rule, book) for rule in book.rules]
        return RetrieverTrainer(**parts.for_trl(), documents=documents, temperature=self.recipe.temperature)


def lessons_of(briefs: Briefs, negatives: int) -> list[Lesson]:
    """A lesson for each rule of the book that gold says a case breaks, by the first accepted name that the book has;
    none for one that the case gives in a wording of its own.

    Args:
        negatives: how many of the rules that BM25 ranks highest, and gold does not name, go with each.
    """
    book, cases = briefs.book, [case for case in briefs.cases if case.gold is not None and case.gold.violations]
    places = {rule: place for place, rule in enumerate(book.ids)}
    orders: Iterable[Sequence[int]] = repeat(())
    if negatives and cases:  # of a large book and many cases, only those in work are ever held
        retriever = retriever_of(book, RetrievalConfig(retrieve="bm25"))
        orders = (order.tolist() for scores in scored(retriever, cases) for order in ranked(scores))
    lessons = []
    for case, order in zip(cases, orders, strict=False):
        gold = case.gold
        assert gold is not None
        # What cannot be told, and what gold does not list, may be broken: neither is taken for a negative.
        told = [*(rule for one in gold.violations or [] for rule in one.accepted), *gold.unclear]
        named = frozenset(places[rule] for rule in told if rule in places)
        if not gold.exhaustive:
            named = frozenset(places.values()) - {places[rule] for rule in gold.cleared if rule in places}
        # What gold says of a rule that the case words itself, it does not say of the book's.
        own = {
            rule.id
            for rule in case.rules or ()
            if isinstance(rule, Rule) and rule.id in book and rule != book[rule.id]
        }
        named |= {places[rule] for rule in own}
        hard = tuple(islice((place for place in order if place not in named), negatives))
        for rule in dict.fromkeys(rule.id for rule in gold.broken_in(book) if rule.id not in own):
            lessons.append(Lesson(case.id, query_of(case), places[rule], named, hard))
    return lessons
