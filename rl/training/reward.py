"""A reward model: it learns from pairs of rulings on one case which is better (Bradley & Terry 1952)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import xxhash

from data import Brief, Briefs
from prompts import Message
from prompts.processor import Processor, special_tokens
from prompts.reply import Reply
from rewards.model_based.reward_model import conversation
from rl.config.model import ModelConfig
from rl.config.train import RewardRecipe
from rl.models.scorer import load_scorer_to_train
from rl.runs.preferences import Preference, check_apart, read_preferences
from rl.training.lengths import check_fit, count
from rl.training.stage import Parts, Start
from rl.training.supervised import SupervisedStage
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.reward import Pair, RulingRewardTrainer


class RewardStage(SupervisedStage[RewardRecipe]):
    """Rows are pairs, about some of the cases; what is held out is about cases of other groups."""

    unit = "pairs"

    @cached_property
    def pairs(self) -> list[Preference]:
        """Those to learn from."""
        return read_preferences(*self.recipe.pairs)

    @cached_property
    def valid_pairs(self) -> list[Preference]:
        """Those to watch the loss on, where it is watched."""
        return read_preferences(*self.recipe.valid_pairs) if self.recipe.watches else []

    @property
    def files(self) -> list[str]:
        return [*super().files, *self.recipe.pairs, *self.recipe.valid_pairs]

    def facts(self, arguments: Any) -> dict[str, str]:
        gone = [file for file in self.recipe.pairs if not Path(file).exists()]
        return {} if gone else {"pairs": f"{len(self.pairs):,}, on {len({one.case for one in self.pairs}):,} cases"}

    def identity(self) -> dict[str, Any]:
        return {"pairs": _content_of(self.pairs), "valid_pairs": _content_of(self.valid_pairs)}

    def steps(self, arguments: Any, cases: int, processes: int = 1) -> int | None:
        return super().steps(arguments, len(self.pairs) if cases else 0, processes)

    def prepare(self) -> Start:
        """With the cases that pairs are about, whichever file they stand in."""
        start = super().prepare()
        pool = start.briefs + start.valid
        check_apart(self.pairs, self.valid_pairs, pool)
        return replace(start, briefs=_about(self.pairs, pool), valid=_about(self.valid_pairs, pool))

    def load(self, model: ModelConfig, checkpoint: Path | None) -> Any:
        return load_scorer_to_train(model, checkpoint)

    def conversations(
        self, briefs: Briefs, special_tokens: tuple[str, ...] = (), reply: Reply | None = None, told: bool = False
    ) -> list[tuple[Brief, list[Message]]]:
        pairs = (*self.pairs, *self.valid_pairs)
        return [shown for one in pairs for shown in self._shown(one, one.brief(briefs), special_tokens)]

    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> list[Pair]:
        specials, rows = special_tokens(processor), []
        for one in (one for one in (*self.pairs, *self.valid_pairs) if one.case in briefs):
            about, told = zip(*self._shown(one, briefs[one.case], specials), strict=True)
            check_fit(about, count(told, processor), context)
            rows.append(Pair(one.case, *told))
        return rows

    def _shown(
        self, one: Preference, brief: Brief, special_tokens: tuple[str, ...]
    ) -> list[tuple[Brief, list[Message]]]:
        """Both conversations of a pair, the better one first."""
        template = self.recipe.data.template
        return [
            (brief, conversation(brief, ruling, template, special_tokens)) for ruling in (one.chosen, one.rejected)
        ]

    def trainer(self, parts: Parts) -> ResumableTrainer:
        return RulingRewardTrainer(**parts.for_trl(), optimizer_cls_and_kwargs=self.optimizer(parts.arguments))


def _about(pairs: Sequence[Preference], pool: Briefs) -> Briefs:
    """The cases that pairs are about, in their order."""
    cases = {one.brief(pool).id for one in pairs}
    return Briefs((brief for brief in pool if brief.id in cases), pool.book)


def _content_of(pairs: Sequence[Preference]) -> str | None:
    """Hash of pairs in their order, 16 hex digits; None where there are none."""
    digest = xxhash.xxh3_64()
    for one in pairs:
        digest.update(f"{one.case} {one.chosen.model_dump_json()} {one.rejected.model_dump_json()}".encode())
    return digest.hexdigest() if pairs else None
