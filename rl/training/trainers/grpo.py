"""Ruling's GRPO trainer, and everything in which it touches TRL's private methods (trl 1.16).

Rollouts, loss, logging and checkpoints are TRL's. Ours are the log of rollouts, the text that is scored (parsed from
token ids, so that no tag is lost), checkpoints between generations only, sampling without dropout, and batches in
which some cases have pictures and some have none. A case's weight multiplies its advantages. An invariant test holds
losses and weights against the stock trainer's.

Two things make it faster and change no gradient. Completions without an advantage, often most of them, are left out of
the pass that only gradients need (so entropy and the like are logged over the rest). And completions are written with
the fused attention kernel: with a cache it is the faster one, even where plain products win in training.

A completion that could not be scored (total None) has advantage 0 and stays out of its group's mean and spread; with
a single reward function, that is what TRL does with it.
"""

from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from transformers import PreTrainedModel
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import split_pixel_values_by_grid, unsplit_pixel_values_by_grid

from data import DataError
from rewards import RewardFunction
from rl.generation.local import completion_text, fused_attention
from rl.runs.checkpoints import step_of
from rl.runs.rollouts import Rollout, RolloutLog
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.reward_callback import RewardCallback, restore_rewards, save_rewards
from rl.training.trainers.scored_positions import labelled_positions_only


class RulingGRPOTrainer(ResumableTrainer, GRPOTrainer):
    """TRL's trainer for rows with the columns ``case`` and ``weight``.

    Args:
        reward: the one function that gives the total, from `Rubric.reward_func`.
        rollouts: folder of the rollout log.
        checkpoint: where the run goes on from, if it does.
    """

    args: GRPOConfig
    model: PreTrainedModel

    def __init__(
        self, *args: Any, reward: RewardFunction, rollouts: Path, checkpoint: Path | None = None, **kwargs: Any
    ):
        super().__init__(*args, reward_funcs=reward, **kwargs)
        self.reward = reward
        image = getattr(self.model.config, "image_token_id", None)
        if image is not None and not self.use_vllm:  # an image token stands for a picture: none is to be written
            # TRL sees to it from 1.16 on. Python 3.10 has 1.14.
            self.generation_kwargs["suppress_tokens"] = self.generation_config.suppress_tokens = [image]
        if not self.use_vllm:
            self.generation_config.use_cache = True  # left open, it would follow a checkpoint saved for training
        self.cycle = self._check_settings()
        """Optimiser steps from one generation to the next."""
        if checkpoint is not None and step_of(checkpoint) % self.cycle:
            raise DataError("lies between two generations and has lost its completions: remove it", file=checkpoint)
        if checkpoint is not None and "ref" in getattr(self.model, "peft_config", {}):
            self._restore_reference_adapter(checkpoint)
        self.add_callback(RewardCallback(reward.batch_rewards))
        if checkpoint is not None:
            restore_rewards(reward.batch_rewards, checkpoint)
        self.log_of_rollouts = None
        if self.accelerator.is_main_process:
            self.log_of_rollouts = RolloutLog(rollouts, step_of(checkpoint) if checkpoint else 0)
        self._texts: list[str] = []

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

    def keep(self, folder: Path) -> None:
        """With the rewards that training has changed."""
        save_rewards(self.reward.batch_rewards, folder)

    def pace(self) -> dict[str, int]:
        """What decides which rows a step sees, and which completions it trains on."""
        names = ("num_generations", "num_iterations", "steps_per_generation")
        return super().pace() | {name: getattr(self.args, name) for name in names}

    def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
        # TRL samples in training mode: dropout would act, and gradient checkpointing forbid the cache.
        training = self.model.training
        self.model.eval()
        with fused_attention(self.model):
            result = super()._generate_single_turn(*args, **kwargs)
        self.model.train(training)
        return result

    def _generate(self, prompts: list) -> Any:
        *result, images, tool_images = super()._generate(prompts)
        if images is not None:  # the processor wants an empty list for a case without pictures, not None
            images = [pictures or [] for pictures in images]
        return *result, images, tool_images

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        pictures = kwargs.get("num_images")
        if pictures is not None and not sum(pictures):
            kwargs |= {"num_images": None, "pixel_values": None, "image_grid_thw": None}
        elif pictures is not None and 0 in pictures:
            kwargs["batch_size"] = None  # in one piece: smaller ones could be without any picture
        with labelled_positions_only():
            return super()._get_per_token_logps_and_entropies(*args, **kwargs)

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        return super()._compute_loss(model, self._lessons(inputs) if self._loss_is_of_advantages else inputs)

    @property
    def _loss_is_of_advantages(self) -> bool:
        """Whether a completion without advantage adds nothing to the loss, and leaves what the rest adds as it is."""
        return (
            self.model.training
            and self.accelerator.num_processes == 1  # TRL gathers figures of which each process must have equally many
            and self.loss_type in ("dapo", "cispo", "vespo")  # divided by the tokens of all completions
            and self.beta == 0.0
            and not self._entropy_bonus_enabled
            and not self.aux_loss_enabled
            and self.top_entropy_quantile == 1.0
        )

    def _lessons(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The completions that have an advantage; one where none has, so that a step is taken all the same."""
        rows = len(inputs["advantages"])
        kept = inputs["advantages"].nonzero()[:, 0].unique().tolist() or [0]
        if len(kept) == rows:
            return inputs

        def chosen(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                return value[kept] if value.dim() and len(value) == rows else value
            return [value[row] for row in kept] if isinstance(value, list) else value

        by_row = {name: chosen(value) for name, value in split_pixel_values_by_grid(inputs).items()}
        return unsplit_pixel_values_by_grid(by_row)

    def _calculate_rewards(
        self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any
    ) -> torch.Tensor:
        # TRL decodes without special tokens, and some tokenizers hold <think> as one.
        self._texts = [completion_text(self._tokenizer, ids, self.eos_token_ids) for ids in completion_ids_list]
        completions = [[{"role": "assistant", "content": text}] for text in self._texts]
        rewards = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        self._note_groups(rewards[:, 0])
        return rewards

    def _note_groups(self, totals: torch.Tensor) -> None:
        """Finds the groups that teach nothing, their completions all being worth the same, and logs their share."""
        groups = totals.view(-1, self._group_size)
        spread = groups.nan_to_num(nan=-torch.inf).amax(dim=1) - groups.nan_to_num(nan=torch.inf).amin(dim=1)
        self._flat = spread <= 0
        mode = "train" if self.model.training else "eval"
        self._metrics[mode]["groups/zero_variance"].append(self._flat.float().mean().item())

    @property
    def _group_size(self) -> int:
        size = self.num_generations if self.model.training else self.num_generations_eval
        assert size is not None
        return size

    def _generate_and_score_completions(self, inputs: list) -> dict[str, Any]:
        output: dict[str, Any] = super()._generate_and_score_completions(inputs)
        # What rounding leaves of a flat group is no lesson, and a batch of flat groups would blow it up.
        flat = self._flat.repeat_interleave(self._group_size)
        first = self.accelerator.process_index * len(inputs)
        output["advantages"][flat[first : first + len(inputs)]] = 0.0
        output["advantages"] *= torch.tensor([row["weight"] for row in inputs], device=output["advantages"].device)
        if self.model.training:
            rollouts = gather_object(self._rollouts(output["advantages"].tolist()))
            if self.log_of_rollouts is not None:
                self.log_of_rollouts.write(rollouts)
        return output

    def _rollouts(self, advantages: list[float]) -> list[Rollout]:
        """This process's rollouts; they come after those of the processes before it."""
        first = self.accelerator.process_index * len(advantages)
        return [
            Rollout(
                step=self.state.global_step,
                case=card.case,
                sample=(first + place) % self.num_generations,
                completion=text,
                total=card.total,
                advantage=advantage,
                rewards=card.values,
                errors=card.errors,
            )
            for place, (text, card, advantage) in enumerate(
                zip(self._texts, self.reward.cards, advantages, strict=True)
            )
        ]
