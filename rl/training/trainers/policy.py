"""PolicyTrainer: what every RL trainer of Ruling needs, and everything in which it touches TRL's private methods
(trl 1.16; `tests/rl/training/trainers/test_private_methods.py` pins their signatures).

Rollouts, loss, logging and checkpoints are TRL's. Ours are the text that is scored (parsed from token ids, so that no
tag is lost, behind what the chat template has written of it), the scorecards, the log of rollouts, an alarm where
nothing is learned, checkpoints between generations only, sampling without dropout, and batches in which some cases
have pictures and some have none. A case's weight multiplies its advantages, which have the shape (B,) or, one for each
token, (B, T). What is made of the totals is a learner's own: it overrides `advantages_of`.

Episodes have one turn, or several at a desk (`EpisodeTrainer`): the last one is scored as the ruling, and what tools
said carries no loss and no advantage.

Completions are written with the fused attention kernel: with a cache it is the faster one, even where plain products
win in training. It changes no gradient.
"""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate.utils import gather, gather_object
from transformers import PreTrainedModel
from trl import GRPOConfig

from data import DataError
from prompts import Episode, opening_of
from rewards import RewardFunction, Scorecard
from rewards.reward_function import progress_of, step_metrics
from rewards.scoring.pair import PairReward
from rl.config.cases import MasteredConfig
from rl.generation.decode import confidence_places, turn_of
from rl.generation.local import fused_attention
from rl.runs.checkpoints import step_of
from rl.runs.rollouts import Rollout, RolloutLog
from rl.training.trainers.alarm import Alarm
from rl.training.trainers.draw import Draw, own_tokens
from rl.training.trainers.episodes import EpisodeTrainer
from rl.training.trainers.habits import Habits, habits_of
from rl.training.trainers.mastered import Mastered
from rl.training.trainers.pairs import Pairs
from rl.training.trainers.refill import Refilled
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.reward_callback import RewardCallback, restore_rewards, save_rewards
from rl.training.trainers.scored_positions import labelled_positions_only

NO_DESK = (
    "processes write unequally many turns at a desk, and under ZeRO-3 or FSDP each would wait for the others' pieces "
    "of the model: take zero2"
)


class PolicyTrainer(ResumableTrainer, EpisodeTrainer):
    """TRL's trainer for rows with the columns ``case`` (its id) and ``weight``.

    Args:
        reward: the one function that scores, from `Rubric.reward_func`.
        rollouts: folder of the rollout log.
        checkpoint: where the run goes on from, if it does.
        credit: whether what the stated confidence earns goes to every token, or to those alone that state it.
        mastered: which cases are drawn less often from the second epoch on, if any are.
        pair: how twins are paid, which are drawn together then.
        shared_prefix: whether each prompt is read once for all completions on it; see `SharedPrefixTrainer`.
    """

    args: GRPOConfig
    model: PreTrainedModel

    def __init__(
        self,
        *args: Any,
        reward: RewardFunction,
        rollouts: Path,
        checkpoint: Path | None = None,
        credit: Literal["joint", "masked"] = "joint",
        mastered: MasteredConfig | None = None,
        pair: PairReward | None = None,
        **kwargs: Any,
    ):
        super().__init__(*args, reward_funcs=reward, **kwargs)
        self.reward, self.credit = reward, credit
        if self.desks is not None and self.sharding in ("zero3", "fsdp"):
            raise DataError(NO_DESK, field="desk")
        if not self.use_vllm:
            self.generation_config.use_cache = True  # left open, it would follow a checkpoint saved for training
        if self.ref_model is not None:
            self.settle_pictures(self.accelerator.unwrap_model(self.ref_model))
        if self.mixes_pictures and self.accelerator.num_processes > 1:
            self.log_multimodal = False  # would gather them in those processes that have some, and wait for the others
        assert pair is None or self.briefs is not None
        self._pairs = None if pair is None or self.briefs is None else Pairs(pair, self.names, self.briefs)
        self.cycle = self._check_settings()
        """Optimiser steps from one generation to the next."""
        if checkpoint is not None and not self.can_be_saved(step_of(checkpoint)):
            raise DataError("lies between two generations and has lost its completions: remove it", file=checkpoint)
        if checkpoint is not None and "ref" in getattr(self.model, "peft_config", {}):
            self._restore_reference_adapter(checkpoint)
        self._mastered = None
        if mastered is not None:
            self._mastered = Mastered(mastered, self.names, self.args.seed, checkpoint)
        self.add_callback(RewardCallback(reward.batch_rewards))
        if checkpoint is not None:
            restore_rewards(reward.batch_rewards, checkpoint)
        self.log_of_rollouts = None
        if self.accelerator.is_main_process:
            self.log_of_rollouts = RolloutLog(rollouts, step_of(checkpoint) if checkpoint else 0)
        self.alarm, self.habits = Alarm(rollouts, self.cycle), Habits(rollouts)
        processor: Any = self.processing_class
        variables: Any = self.chat_template_kwargs
        self.opening = opening_of(processor, **variables)
        self._scored: list[tuple[Episode, Scorecard]] = []
        """What this process wrote and what it earned, from its scoring until its advantages are known."""

    def advantages_of(self, output: dict[str, Any], totals: torch.Tensor) -> torch.Tensor:
        """What the loss makes of this process's completions, before their cases' weights.

        Args:
            output: TRL's batch, ``advantages`` (B,) among it: totals less their group's mean, scaled as the recipe
                says; 0 where unscored. Tensors of B rows that are added to it come to the loss, row by row.
            totals: of all processes' completions, those of one case side by side; NaN where unscored.

        Returns:
            (B,) or (B, T).
        """
        advantages: torch.Tensor = output["advantages"]
        return advantages

    def parts(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What of all processes' totals their stated confidence has earned, and what all else has: (N,) each. The
        first is NaN where it has earned nothing, the second where there is no total.
        """
        pairs = []
        for _, card in self._scored:
            stated = card.share_of(self.reward.on_confidence)
            # What is left of equal totals is equal, too: without rounding, it would differ in the last digit.
            rest = None if card.total is None else round(card.total - (stated or 0.0), 6)
            pairs.append([torch.nan if part is None else part for part in (stated, rest)])
        gathered: torch.Tensor = gather(torch.tensor(pairs, dtype=torch.float32, device=self.accelerator.device))
        return gathered[:, 0], gathered[:, 1]

    def states_confidence(self, mask: torch.Tensor) -> torch.Tensor:
        """Which tokens of this process's completions state the confidence.

        Args:
            mask: of the completions, (B, T).
        """
        states = torch.zeros_like(mask, dtype=torch.bool)
        for row, (episode, _) in enumerate(self._scored):
            begin = self._trajectories[row].last if self._trajectories else 0
            places = confidence_places(self._tokenizer, episode.turns[-1], self.opening)
            states[row, [begin + place for place in places]] = True
        return states

    def own(self, of_all: torch.Tensor, rows: int) -> torch.Tensor:
        """This process's rows of what stands for all processes' completions."""
        first = self.accelerator.process_index * rows
        return of_all[first : first + rows]

    @property
    def names(self) -> list[str]:
        """The cases that are trained on, in the order of the data."""
        rows: Any = self.train_dataset
        return list(rows["case"])

    def drawn(self, order: list[int], epoch: int) -> list[int]:
        """Less often what is mastered, or twins together."""
        if self._pairs is not None:
            return self._pairs.together(order)
        at_once = (self.args.generation_batch_size or 0) // (self.num_generations or 1)
        return order if self._mastered is None else self._mastered.instead(order, epoch, at_once)

    def keep(self, folder: Path) -> None:
        """With the rewards that training has changed, and with what is mastered."""
        save_rewards(self.reward.batch_rewards, folder)
        if self._mastered is not None:
            self._mastered.save(folder)

    def can_be_saved(self, step: int) -> bool:
        """Between two generations, its completions would be lost."""
        return step % self.cycle == 0

    @property
    def group_size(self) -> int:
        """How many episodes are written about one case at once."""
        size = self.num_generations if self.model.training else self.num_generations_eval
        assert size is not None
        return size

    def mixes(self, pictured: list[bool]) -> bool:
        """Tools may show pictures of a case that has come without."""
        return super().mixes(pictured) or (self.desks is not None and self._is_vlm and not all(pictured))

    def _check_settings(self) -> int:
        """Refuses settings that would take no step or lose completions; returns the steps between two generations."""
        every, accumulated = self.args.steps_per_generation or 1, self.args.gradient_accumulation_steps
        every *= self.num_iterations
        if every % accumulated and accumulated % every:
            raise DataError(
                f"completions are drawn every {every} batches and weights change every {accumulated}: one must be a "
                "multiple of the other",
                field="trainer.steps_per_generation",
            )
        cases = len(self.train_dataset)  # type: ignore[arg-type]
        at_once = (self.args.generation_batch_size or 0) // (self.num_generations or 1)
        if cases < at_once:
            raise DataError(
                f"completions are drawn for {at_once} cases at once, and there are {cases}: no step would be taken",
                field="trainer.generation_batch_size",
            )
        if self._pairs is not None:
            self._pairs.check_whole(at_once, self.accelerator.num_processes)
        cycle = max(1, every // accumulated)
        if self.args.save_strategy == "steps" and self.args.save_steps % cycle:
            raise DataError(
                f"{self.args.save_steps} steps are not a multiple of {cycle}, from one generation to the next; a "
                "checkpoint in between would have lost its completions",
                field="trainer.save_steps",
            )
        return cycle

    def _restore_reference_adapter(self, checkpoint: Path) -> None:
        """TRL takes the adapter that the model comes with for the reference; after a resume, that has been trained."""
        from peft import load_peft_weights, set_peft_model_state_dict

        set_peft_model_state_dict(self.model, load_peft_weights(str(checkpoint / "ref")), adapter_name="ref")

    def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
        # TRL samples in training mode: dropout would act, and gradient checkpointing forbid the cache.
        training = self.model.training
        self.model.eval()
        with nullcontext() if self.shares else fused_attention(self.model):
            result = super()._generate_single_turn(*args, **kwargs)
        self.model.train(training)
        return result

    def _generate(self, prompts: list) -> Any:
        *result, images, tool_images = super()._generate(prompts)
        if images is not None:  # the processor wants an empty list for a case without pictures, not None
            images = [pictures or [] for pictures in images]
        return *result, images, tool_images

    def _calculate_rewards(
        self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any
    ) -> torch.Tensor:
        """Totals of all processes (B, 1), NaN where unscored.

        TRL would decode without special tokens, and some tokenizers hold <think> as one.
        """
        cases = [row["case"] for row in inputs]
        first = self.accelerator.process_index * len(cases)
        samples = [(first + place) % self.group_size for place in range(len(cases))]
        if self._trajectories:
            rows = zip(self._trajectories, cases, samples, strict=True)
            episodes = [row.episode(case, sample) for row, case, sample in rows]
        else:
            episodes = [
                Episode(case, (turn_of(self._tokenizer, ids, self.eos_token_ids, opening=self.opening),), sample)
                for case, ids, sample in zip(cases, completion_ids_list, samples, strict=True)
            ]
        cards = self.reward.score(episodes, cases, progress_of(self.state))
        self._scored = list(zip(episodes, cards, strict=True))
        for name, value in step_metrics(cards).items():
            self._log_metric(name, value)
        habits = habits_of(episodes, self.desks is not None)
        for name, value in habits.items():
            self._log_metric(name, value)
        self.reward.check(cards)
        totals = [[torch.nan if total is None else total] for total in self._paid(cards)]
        self._totals: torch.Tensor = gather(torch.tensor(totals, dtype=torch.float32, device=self.accelerator.device))
        if self.model.training:
            means = gather(torch.tensor([list(habits.values())], device=self.accelerator.device)).mean(dim=0)
            figures = dict(zip(habits, means.tolist(), strict=True))
            self.habits.hear(figures, self._totals.nanmean().nan_to_num().item())
        return self._totals

    def _paid(self, cards: list[Scorecard]) -> list[float | None]:
        """What advantages are made of: totals, which in training hang on the twin's where twins are drawn together."""
        if self._pairs is None or not self.model.training:
            return [card.total for card in cards]
        for name, value in self._pairs.figures(cards).items():
            self._log_metric(name, value)
        return self._pairs.paid(cards)

    def draw(self, rows: list[dict[str, Any]]) -> Draw:
        """Writes about rows, one completion for each, and scores what is written."""
        batch: dict[str, Any] = super()._generate_and_score_completions(rows)
        figures = self._metrics["train" if self.model.training else "eval"]
        for statistic in ("mean", "std"):  # of the one reward function: TRL has them as reward and reward_std, too
            figures.pop(f"rewards/{self.reward_func_names[0]}/{statistic}")
        return Draw(rows, batch, self._scored)

    def refilled(self, draw: Draw) -> Refilled:
        """What is learned from in the place of what was drawn in training: that itself, unless more is drawn."""
        return Refilled(draw, [], [0] * len(draw.rows))

    def _generate_and_score_completions(self, inputs: list) -> dict[str, Any]:
        drawn = self.draw(inputs)
        refilled = self.refilled(drawn) if self.model.training else None
        if refilled is not None:
            drawn = refilled.draw
        inputs, output = drawn.rows, drawn.batch
        advantages = self.advantages_of(output, self._totals[:, 0])
        weights = torch.tensor([self._weight(row) for row in inputs], device=advantages.device)
        output["advantages"] = advantages * weights.view(-1, *[1] * (advantages.dim() - 1))
        if refilled is not None:
            cards = [card for _, card in self._scored]
            told = [[any(card.parsed for card in cards), bool(output["advantages"].any())]]
            parsed, taught = gather(torch.tensor(told, dtype=torch.int, device=advantages.device)).any(dim=0).tolist()
            self.alarm.hear(self.state.global_step, cards, parsed, taught)
            rollouts = gather_object(self._rollouts(output["advantages"], own_tokens(output), refilled))
            if self.log_of_rollouts is not None:
                self.log_of_rollouts.write(rollouts)
            self._hear([*self._scored, *(pair for group in refilled.left_out for pair in group.scored)])
        return output

    def _weight(self, row: Mapping[str, Any]) -> float:
        """What multiplies the advantages of a row."""
        makes_up = self._mastered.weight(row["case"]) if self._mastered is not None and self.model.training else 1.0
        return float(row["weight"]) * makes_up

    def _hear(self, scored: Iterable[tuple[Episode, Scorecard]]) -> None:
        """Learns in all processes what all have mastered, from what this one has written."""
        if self._mastered is None:
            return
        self._metrics["train"]["mastered"].append(self._mastered.share)
        self._mastered.hear(gather_object([(episode.case, card.right) for episode, card in scored]))

    def _rollouts(self, advantages: torch.Tensor, mask: torch.Tensor, refilled: Refilled) -> list[Rollout]:
        """This process's rollouts, each with its advantage, or the mean of those of its tokens; behind them those that
        are not learned from.
        """
        if advantages.dim() == 2:
            advantages = (advantages * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        learned = zip(self._scored, advantages.tolist(), refilled.rounds, strict=True)
        left_out = ((pair, 0.0, group.round) for group in refilled.left_out for pair in group.scored)
        step = self.state.global_step
        return [
            Rollout(step, episode, card.total, advantage, card.values, card.errors, number)
            for (episode, card), advantage, number in (*learned, *left_out)
        ]

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        with labelled_positions_only():
            return super()._get_per_token_logps_and_entropies(*args, **kwargs)
