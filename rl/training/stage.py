"""Stage: what every kind of training does, written once.

Recipe → arguments → checks → lock → checkpoint to go on from → seed → cases and model → rows → trainer → run → final
checkpoint and ``run.json``. A kind of training says only what is its own: which settings it refuses, which of the
cases it takes, how a case becomes a row, and its trainer.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from transformers import set_seed

from data import Brief, Briefs, Case, DataError, Rulebook, load_cases
from data.windows import windows_of
from prompts import Message
from prompts.excerpts import Excerpts
from prompts.processor import Processor
from prompts.reply import Reply
from rl.config.model import ModelConfig
from rl.config.train import TrainRecipe
from rl.desk import Desks
from rl.models.load import context_length, empty_model, load_model, processor_for
from rl.runs.checkpoints import checkpoint_to_resume
from rl.runs.excerpts import excerpts_of
from rl.runs.folder import RunFolder
from rl.runs.manifest import Manifest
from rl.runs.provenance import provenance, write_run
from rl.terminal.snapshot import Watch
from rl.training.identity import check_same, identity_of
from rl.training.launch.process import arguments_of, is_fsdp
from rl.training.launch.sharding import Sharding
from rl.training.processes import held_by_one, in_first_process
from rl.training.round_trip import check_round_trip
from rl.training.rows import lessons_of, prompts_of, texts_of
from rl.training.selecting import Selecting
from rl.training.tiny_model import build, built_once
from rl.training.trainers.rehearsal import Rehearsal
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.saving import saving

OneRecipe = TypeVar("OneRecipe", bound=TrainRecipe)


@dataclass(frozen=True)
class Start:
    """What a run begins with."""

    briefs: Briefs
    """Of the cases to train on."""
    model: ModelConfig
    """The model that learns from them: one that is there."""
    valid: Briefs
    """Of the cases to watch the loss on, none of which is trained on; empty where nothing is to be watched."""
    reviewed: Briefs
    """Of the cases by which the best checkpoint is chosen, none of which is trained on; empty where none is."""


@dataclass(frozen=True)
class Parts:
    """What a trainer is made of."""

    start: Start
    arguments: Any
    """TRL's configuration."""
    model: Any
    """As the kind of training loads it."""
    processor: Processor
    rows: Any
    """Of the cases to train on."""
    valid_rows: Any
    """Of those to watch the loss on; None where there are none."""
    checkpoint: Path | None
    """Where the run goes on from, if it does."""

    def for_trl(self) -> dict[str, Any]:
        """What every trainer of TRL's takes, under its names."""
        return {
            "model": self.model,
            "args": self.arguments,
            "train_dataset": self.rows,
            "eval_dataset": self.valid_rows,
            "processing_class": self.processor,
        }


class Stage(ABC, Generic[OneRecipe]):
    """One kind of training, as one recipe has it."""

    unit = "cases"
    """What a batch is counted in."""
    imitates = False
    """Whether the model is shown completions to learn, and not prompts alone."""

    def __init__(self, recipe: OneRecipe):
        self.recipe, self.run, self.selecting = recipe, RunFolder(recipe.output), Selecting(recipe)

    @property
    def template(self) -> str | None:
        """The prompt template; None where no prompts are written."""
        return self.recipe.data.template

    def check(self, arguments: Any) -> None:  # most kinds refuse nothing
        """Refuses settings that do not go together, before anything is loaded.

        Raises:
            DataError: they do not; names the field.
        """

    def check_sharded(self, sharding: Sharding) -> None:
        """Refuses settings that do not go with processes of which each holds a share of what is trained; asked before
        they start.

        Args:
            sharding: what they share.

        Raises:
            DataError: they do not; names the field.
        """
        self.selecting.check(fsdp=sharding.kind == "fsdp")

    def facts(self, arguments: Any) -> dict[str, str]:
        """What a dry run should say of this kind's own settings, by name."""
        return {}

    def identity(self) -> dict[str, Any]:
        """What tells runs of this kind apart beside what all kinds have, by the recipe's names."""
        return {}

    def desks(self, book: Rulebook) -> Desks | None:
        """Where the model looks things up; None where it does not.

        Raises:
            DataError: there is no such tool.
        """
        config = getattr(self.recipe, "desk", None)
        return None if config is None else Desks.of(config, book)

    def reserved(self, arguments: Any) -> int:
        """Tokens of the context that are kept for what the model is to write; 0 where rows hold it already."""
        return 0

    def steps(self, arguments: Any, cases: int, processes: int = 1) -> int | None:
        """How many optimiser steps the training has; None where that is not known beforehand."""
        if arguments.max_steps > 0:
            return int(arguments.max_steps)
        batch = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps
        return -(-cases // (batch * processes)) * int(arguments.num_train_epochs)

    def check_apart(self, train: Briefs, valid: Briefs) -> None:
        """Refuses to watch the loss on what is trained on.

        Raises:
            DataError: a case is in both; names it and the files.
        """
        data = self.recipe.data
        if both := next((brief.id for brief in valid if brief.id in train), None):
            files = f"'train' ({', '.join(data.train)}) and in 'valid' ({', '.join(data.valid)})"
            raise DataError(f"case '{both}' is in {files}: leave it out of one", field="data.valid")

    def bind(self, cases: Sequence[Case], excerpts: Excerpts) -> Briefs:
        """The cases with the rules that they are shown: all of them, for most kinds; as windows, where the recipe cuts
        them.

        Raises:
            DataError: one cannot be bound or cut, or none is left.
        """
        briefs, windows = excerpts.bind(cases), self.recipe.data.windows
        return windows_of(briefs, windows) if windows is not None else briefs

    def choose(self, start: Start) -> Briefs:
        """Which of the recipe's cases to train on, and with which weights."""
        return start.briefs

    def load(self, model: ModelConfig, checkpoint: Path | None) -> Any:
        """The model that is trained: one that writes text, for most kinds.

        Raises:
            DataError: there is no such model, or its weights do not match it key by key.
        """
        return load_model(model, checkpoint)

    @property
    def files(self) -> list[str]:
        """What is trained on, by files, folders and names."""
        return self.recipe.data.train

    def conversations(
        self,
        briefs: Briefs,
        special_tokens: tuple[str, ...] = (),
        reply: Reply | None = None,
        told: bool = False,
    ) -> list[tuple[Brief, list[Message]]]:
        """What a model is shown of cases, each with the case that it is about: to measure how long it is.

        Args:
            special_tokens: of the model, where it is known.
            reply: how the model's chat template takes a completion, where it is known.
            told: whether the chat template tells of tools.
        """
        template = self.recipe.data.template
        if self.imitates:
            shown = lessons_of(briefs, template, special_tokens, reply)
        else:
            shown = prompts_of(briefs, template, special_tokens, self.desks(briefs.book), told)
        return list(zip(briefs, shown, strict=True))

    def texts(self, briefs: Briefs) -> list[str]:
        """What a tokenizer for these cases will meet."""
        return texts_of(briefs, self.recipe.data.template, self.desks(briefs.book))

    def empty(self, folder: Path) -> Any:
        """The model of a folder's ``config.json`` without weights, to count its parameters."""
        return empty_model(folder, self.recipe.model.lora, self.recipe.model.freeze)

    @abstractmethod
    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> Any:
        """What is trained on: a `datasets.Dataset` or a list, each row of which fits into ``context`` tokens.

        Raises:
            DataError: one does not, or there is nothing to learn from it; names the case.
        """

    @abstractmethod
    def trainer(self, parts: Parts) -> ResumableTrainer:
        """The trainer, ready to run."""

    def prepare(self) -> Start:
        """Reads the data, and makes what must be there before a model can be trained.

        In a launched run this is done once before the processes start: what it makes they find in the run's folder.

        Raises:
            DataError: the data are not as they should be.
        """
        data, excerpts = self.recipe.data, excerpts_of(self.recipe.data.rulebook, self.recipe.data.excerpt)
        briefs = self._bound(data.train, excerpts)
        valid = self._bound(data.valid, excerpts) if self.recipe.watches and data.valid else Briefs([], excerpts.book)
        reviewed = self.selecting.briefs(excerpts)
        self.check_apart(briefs, reviewed or valid)
        model = self.recipe.model
        if model.tiny is not None:
            # Under ZeRO-3, one of several processes alone could not build a model.
            model = model.with_weights(built_once(self.run.tiny, self.texts(briefs), model.tiny, self.recipe.seed))
        start = Start(briefs, model, valid, reviewed)
        return replace(start, briefs=self.choose(start))

    def build(self, briefs: Briefs, folder: Path) -> Path:
        """Builds the tiny model that the recipe describes, for the texts of its cases."""
        tiny = self.recipe.model.tiny
        assert tiny is not None, "the recipe names a model that is there"
        return build(folder, self.texts(briefs), tiny, self.recipe.seed)

    def train(self, resume: bool = False, watch: Watch | None = None) -> Path:
        """See `rl.training.registry.train`."""
        arguments = arguments_of(self.recipe)  # first: it sets up the processes, which ZeRO-3 needs to load weights
        self.check(arguments)
        self.selecting.check(fsdp=is_fsdp(arguments))
        with held_by_one(self.run):
            checkpoint = in_first_process(lambda: checkpoint_to_resume(self.run, resume))
            set_seed(self.recipe.seed)
            start = self.prepare()
            identity = in_first_process(lambda: self._identity(start, checkpoint))
            parts = self.parts(arguments, start, checkpoint)
            trainer = self.trainer(parts)
            if self.recipe.rehearse:
                trainer.add_callback(Rehearsal(trainer, self.recipe))
            trainer.selection = self.selecting.selection(
                start.reviewed,
                parts.processor,
                context_length(parts.model),
                self.desks(start.briefs.book),
                checkpoint,
            )
            trainer.run(checkpoint, watch, identity)
            return self._finish(trainer, parts.start.briefs)

    def _identity(self, start: Start, checkpoint: Path | None) -> dict[str, Any]:
        """What the run is, which is what it was where it goes on."""
        identity = identity_of(self.recipe, start.briefs, start.valid, str(start.model.path)) | self.identity()
        identity |= self.selecting.identity(start.reviewed)
        if checkpoint is not None:
            check_same(checkpoint, Manifest.read(checkpoint).identity, identity)
        return identity

    def parts(self, arguments: Any, start: Start, checkpoint: Path | None) -> Parts:
        """Loads all that the trainer is made of.

        Raises:
            DataError: the model cannot be loaded, or a case does not fit it.
        """
        processor = processor_for(start.model)
        check_round_trip(start.briefs, processor, self.recipe.data.template, self.imitates)
        model = self.load(start.model, checkpoint)

        def rows(briefs: Briefs) -> Any:
            return self.rows(briefs, processor, context_length(model), self.reserved(arguments))

        valid_rows = rows(start.valid) if start.valid else None
        return Parts(start, arguments, model, processor, rows(start.briefs), valid_rows, checkpoint)

    def _bound(self, files: Sequence[str], excerpts: Excerpts) -> Briefs:
        cases = load_cases(*files)
        if not cases:
            raise DataError("there are no cases", file=", ".join(files))
        return self.bind(cases, excerpts)

    def _finish(self, trainer: ResumableTrainer, briefs: Briefs) -> Path:
        """Saves the trained model, or that of the best checkpoint, and says in ``run.json`` what it comes from."""
        final, selection = self.run.final, trainer.selection
        trainer.check_sound()
        with saving(final):
            trainer.save_model(str(final))  # every process takes part: under ZeRO each holds a share of the weights
            if selection is not None and trainer.is_world_process_zero():
                selection.finish(self.run, trainer.state.global_step)
        if trainer.is_world_process_zero():
            facts = provenance(
                model=final,
                book=briefs.book,
                briefs=briefs,
                template=self.template,
                recipe=self.recipe.model_dump(mode="json", exclude_defaults=True),
                steps=trainer.state.global_step,
                processes=trainer.args.world_size,
                wrapper=type(trainer.model_wrapped).__name__,
                **({} if selection is None else {"selected": selection.facts}),
            )
            write_run(self.run.path, facts)
        trainer.accelerator.wait_for_everyone()
        return final
