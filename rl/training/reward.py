"""A reward model: it learns from pairs of rulings on one case which is better (Bradley & Terry 1952)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import xxhash

from data import Briefs
from prompts.processor import Processor, special_tokens
from rewards.model_based.reward_model import conversation
from rl.config.model import ModelConfig
from rl.config.train import RewardRecipe
from rl.models.scorer import load_scorer_to_train
from rl.runs.preferences import Preference, check_apart, read_preferences
from rl.training.lengths import check_fit, count
from rl.training.stage import Parts, Stage, Start
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.reward import Pair, RulingRewardTrainer


class RewardStage(Stage[RewardRecipe]):
    """Rows are pairs, about some of the cases; what is held out is about cases of other groups."""

    unit = "pairs"
    imitates = True

    @cached_property
    def pairs(self) -> list[Preference]:
        """Those to learn from."""
        return read_preferences(*self.recipe.pairs)

    @cached_property
    def valid_pairs(self) -> list[Preference]:
        """Those to watch the loss on, where it is watched."""
        watches = self.recipe.trainer.get("eval_strategy", "no") != "no"
        return read_preferences(*self.recipe.valid_pairs) if watches and self.recipe.valid_pairs else []

    def identity(self) -> dict[str, Any]:
        return {"pairs": _content_of(self.pairs), "valid_pairs": _content_of(self.valid_pairs)}

    def steps(self, arguments: Any, cases: int, processes: int = 1) -> int | None:
        return super().steps(arguments, len(self.pairs), processes)

    def prepare(self) -> Start:
        """With the cases that pairs are about, whichever file they stand in."""
        start = super().prepare()
        pool = start.briefs + start.valid
        check_apart(self.pairs, self.valid_pairs, pool)
        return replace(start, briefs=_about(self.pairs, pool), valid=_about(self.valid_pairs, pool))

    def load(self, model: ModelConfig, checkpoint: Path | None) -> Any:
        return load_scorer_to_train(model, checkpoint)

    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> list[Pair]:
        shown = self.recipe.data.template, special_tokens(processor)
        pairs = []
        for one in (one for one in (*self.pairs, *self.valid_pairs) if one.case in briefs):
            both = (conversation(briefs[one.case], ruling, *shown) for ruling in (one.chosen, one.rejected))
            pairs.append(Pair(one.case, *both))
        for side in ("chosen", "rejected"):
            conversations = [getattr(pair, side) for pair in pairs]
            check_fit([briefs[pair.case] for pair in pairs], count(conversations, processor), context)
        return pairs

    def trainer(self, parts: Parts) -> ResumableTrainer:
        return RulingRewardTrainer(**parts.for_trl())


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
