"""Supervised fine-tuning: the model learns to write the rulings that gold states, or what episodes did at the desk.

The loss is on the completion alone (`rl.training.trainers.sft`), of an episode on the policy's own turns; a case
without gold has nothing to teach, and is an error.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from data import Brief, Briefs, Case, DataError
from prompts import Episode, Message
from prompts.excerpts import Excerpts
from prompts.processor import Processor, tokenizer_of
from prompts.reply import Reply
from rl.config.train import SFTRecipe
from rl.desk import Desks
from rl.runs.trajectories import read_trajectories
from rl.shared_prefix.prompt import media_tokens
from rl.terminal.console import console, is_first_process
from rl.training.rows import lessons_of, rows_for_sft
from rl.training.stage import Parts
from rl.training.supervised import SupervisedStage
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.sft import RulingSFTTrainer
from rl.training.trajectories import Collator, conversations_of, rows_for_trajectories


class SFTStage(SupervisedStage[SFTRecipe]):
    """Rows hold the completion."""

    @property
    def imitates(self) -> bool:  # type: ignore[override]  # what is shown of episodes, the policy has to write
        return not self.recipe.trajectories

    @cached_property
    def episodes(self) -> dict[str, list[Episode]]:
        """The trajectories, by the case that each is about; none where gold is learned from."""
        found: dict[str, list[Episode]] = {}
        for episode in read_trajectories(*self.recipe.trajectories) if self.recipe.trajectories else ():
            found.setdefault(episode.case, []).append(episode)
        return found

    def check(self, arguments: Any) -> None:
        super().check(arguments)
        if self.recipe.trajectories and self.recipe.desk is None:
            raise DataError("episodes need the desk that they are put to: name its tools", field="desk")
        if self.recipe.desk is not None and not self.recipe.trajectories:
            raise DataError(
                "rulings alone teach nobody to look things up: name files of episodes", field="trajectories"
            )

    @property
    def files(self) -> list[str]:
        return [*super().files, *self.recipe.trajectories]

    def facts(self, arguments: Any) -> dict[str, str]:
        gone = [file for file in self.recipe.trajectories if not Path(file).exists()]
        if gone or not self.recipe.trajectories:
            return {}
        turns = [turn for episodes in self.episodes.values() for episode in episodes for turn in episode.turns]
        own, number = sum(turn.author == "policy" for turn in turns), sum(map(len, self.episodes.values()))
        return {
            "trajectories": f"{number:,} episodes about {len(self.episodes):,} cases, {own / number:.1f} turns each"
        }

    def identity(self) -> dict[str, Any]:
        if not self.recipe.trajectories:
            return {}
        written = [[e.case, *(t.text for t in e.turns)] for episodes in self.episodes.values() for e in episodes]
        return {"trajectories": hashlib.sha256(json.dumps(written).encode()).hexdigest()[:16]}

    def bind(self, cases: Sequence[Case], excerpts: Excerpts) -> Briefs:
        """Those whose gold can be stated by the rules that they are shown. Where retrieval has lost one that is
        broken, a lesson would cite what nobody was shown, or approve what is to be rejected: such cases are left out,
        and counted. Where there are trajectories, those that one is about.
        """
        bound = super().bind(cases, excerpts)
        if self.recipe.trajectories:
            kept = Briefs((brief for brief in bound if brief.id in self.episodes), bound.book)
            why, nothing = "no trajectory is about them", "no trajectory is about any of the cases"
        else:
            kept = Briefs((brief for brief in bound if not brief.lost), bound.book)
            why = "retrieval has lost a rule that their gold speaks of"
            nothing = "retrieval finds the broken rules of no case: show more rules"
        if not kept:
            raise DataError(nothing, field="trajectories" if self.recipe.trajectories else "data.excerpt")
        if len(kept) < len(bound) and is_first_process():
            console().print(f"{len(bound) - len(kept):,} of {len(bound):,} cases are left out: {why}")
        return kept

    def conversations(
        self,
        briefs: Briefs,
        special_tokens: tuple[str, ...] = (),
        reply: Reply | None = None,
        told: bool = False,
    ) -> list[tuple[Brief, list[Message]]]:
        if not self.recipe.trajectories:
            lessons = lessons_of(briefs, self.recipe.data.template, special_tokens, reply, self.recipe.feedback)
            return list(zip(briefs, lessons, strict=True))
        opening = reply.opening if reply is not None else ""
        shown = self._desks(briefs), self.recipe.data.template, special_tokens, told, opening
        return conversations_of(self.episodes, briefs, *shown)

    def texts(self, briefs: Briefs) -> list[str]:
        if not self.recipe.trajectories:
            return super().texts(briefs)
        messages = [message for _, shown in self.conversations(briefs) for message in shown]
        return [part.text for message in messages for part in message.texts]

    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> Any:
        template = self.recipe.data.template
        if not self.recipe.trajectories:
            return rows_for_sft(briefs, processor, context, template, self.recipe.feedback)
        return rows_for_trajectories(self.episodes, briefs, self._desks(briefs), processor, context, template)

    def trainer(self, parts: Parts) -> ResumableTrainer:
        own: dict[str, Any] = {}
        if self.recipe.trajectories:
            tokenizer = tokenizer_of(parts.processor)
            padding: Any = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
            media = media_tokens(parts.model.config) if self.recipe.learn == "all" else None
            own = {"data_collator": Collator(padding, media)}
            # Rows are encoded when they are read, and TRL has nothing to prepare.
            parts.arguments.dataset_kwargs = {"skip_prepare_dataset": True}
            parts.arguments.remove_unused_columns = False
        return RulingSFTTrainer(**parts.for_trl(), **own, optimizer_cls_and_kwargs=self.optimizer(parts.arguments))

    def _desks(self, briefs: Briefs) -> Desks:
        desks = self.desks(briefs.book)
        assert desks is not None, "checked before"
        return desks
