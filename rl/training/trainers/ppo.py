"""PPO's own part: a critic, advantages from what it foresees, and its loss beside the policy's (trl 1.16).

The policy's loss is TRL's, clipped as the recipe says (``epsilon``), with an advantage for each token. The reward of
a completion is its total, for its last token, less the price of leaving the reference, token by token; rewards reach
back over the policy's own tokens alone (`rl.training.advantages.gae`). A completion that could not be scored is in
neither loss; every scored one teaches the critic.

TRL's ``steps_per_generation`` are the minibatches and ``num_iterations`` the epochs over them. A checkpoint holds the
critic's weights and the price of KL beside the policy; what is exported is the policy alone.
"""

import inspect
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from trl import GRPOTrainer

from data.files import read_json, whole_file, write_json
from rl.config.model import ModelConfig
from rl.config.ppo import AdvantageConfig, CriticConfig, KLConfig
from rl.models.critic import (
    CRITIC,
    VALUES,
    TrunkCritic,
    attach_critic,
    is_critics,
    restore_critic,
    split_critic,
)
from rl.models.second_adapter import without_adapter
from rl.shared_prefix.forward import widened
from rl.shared_prefix.layout import Layout
from rl.training.advantages.gae import at_the_end, discounted, gae, length_adaptive
from rl.training.advantages.groups import against_group
from rl.training.advantages.kl import KLController, kl_of
from rl.training.advantages.moments import explained_variance, mean_and_variance, whiten
from rl.training.advantages.value_loss import value_loss
from rl.training.trainers.draw import own_tokens
from rl.training.trainers.measuring import MeasuringTrainer
from rl.training.trainers.policy import PolicyTrainer
from rl.training.trainers.snapshot_callback import FLAT

WEIGHTS, PRICE = "critic.safetensors", "kl.json"
"""Files of a checkpoint."""
_INPUTS = (
    set(inspect.signature(GRPOTrainer._get_per_token_logps_and_entropies).parameters)
    - {"self", "model", "input_ids", "attention_mask", "logits_to_keep", "batch_size"}
    - {"compute_entropy", "compute_aux_loss"}
)
"""What a batch of TRL's holds beside the tokens that the model is to see."""


class RulingPPOTrainer(MeasuringTrainer, PolicyTrainer):
    """PPO on the policy that Ruling's RL trainers share.

    Args:
        critic: which critic, and how it learns.
        advantage: how far rewards reach back.
        kl: the price of leaving the reference.
        start: the model that the run began with.
        checkpoint: where the run goes on from, if it does.
    """

    def __init__(
        self,
        *args: Any,
        critic: CriticConfig,
        advantage: AdvantageConfig,
        kl: KLConfig,
        start: ModelConfig,
        checkpoint: Path | None = None,
        **kwargs: Any,
    ):
        super().__init__(*args, checkpoint=checkpoint, **kwargs)
        self.how, self.reach, self.kl = critic, advantage, kl
        self.critic = attach_critic(self.model, critic, start)
        if isinstance(self.critic, TrunkCritic):
            self.settle_pictures(self.critic.trunk)
            if self.shares and type(self.critic.trunk) is not type(self._bare.base_model):
                self._stop_sharing("its critic is a model of another kind")
        self.price = KLController(kl.coefficient, kl.target, kl.horizon)
        if checkpoint is not None:
            restore_critic(self.model, checkpoint / WEIGHTS)
            self.price.coefficient = read_json(checkpoint / PRICE)["coefficient"]
        self._foresees = False
        """Whether the next pass through the model is to give values as well."""
        self._foreseen: _Foreseen | None = None
        self._is_far = False
        """Whether the policy has gone too far from the one that drew this generation."""
        self._critics: dict[str, torch.Tensor] = {}
        """The critic's weights, while a checkpoint is saved."""

    def advantages_of(self, output: dict[str, Any], totals: torch.Tensor) -> torch.Tensor:
        stated, earned = self.parts() if self.credit == "masked" else (None, totals)
        own = self.own(earned, len(output["advantages"]))
        mask = own_tokens(output) * ~own.isnan().unsqueeze(1)
        values, logps = self.foresee(output)
        rewards = at_the_end(own.nan_to_num(), mask)
        if "ref_per_token_logps" in output:
            rewards = rewards - self._charged(kl_of(logps, output["ref_per_token_logps"], self.kl.estimator), mask)
        alpha = self.reach.alpha
        lam = self.reach.lam if alpha is None else length_adaptive(mask, alpha)
        advantages = gae(rewards, values, mask, self.reach.gamma, lam)
        returns = gae(rewards, values, mask, self.reach.gamma, self.reach.critic_lam) + values * mask
        of_all = self._moments(advantages, mask)
        self._log_foresight(values, discounted(rewards, mask, self.reach.gamma), mask, of_all)
        output |= {"old_values": values, "returns": returns, "tool_mask": mask}
        output["num_items_in_batch"] = self.accelerator.gather(mask.sum()).sum()
        self._is_far = self._is_far and not self.model.training
        if self.reach.whiten:
            advantages = whiten(advantages, mask, of_all)
        return advantages if stated is None else self._with_stated(advantages, stated, mask)

    def _with_stated(self, advantages: torch.Tensor, stated: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """With what the stated confidence has earned, against that of all completions, for the tokens that state it:
        the critic foresees the rest alone.
        """
        compared = against_group(stated, len(stated), "batch" if self.reach.whiten else "none")
        ours = self.own(compared, len(mask)).unsqueeze(1)
        return torch.where(self.states_confidence(mask), ours, advantages) * mask

    def foresee(self, output: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        """What the critic foresees before each token, and the log-probability of each, (B, T), before anything is
        learned from them.

        Args:
            output: a batch of TRL's, with ``old_per_token_logps`` where it has just been looked at.
        """
        if "old_per_token_logps" not in output:  # TRL has had no use for a pass
            ids = torch.cat([output["prompt_ids"], output["completion_ids"]], dim=1)
            attended = torch.cat([output["prompt_mask"], output["completion_mask"]], dim=1)
            size = self.args.per_device_train_batch_size if self.model.training else None
            self._foresees = True
            with torch.no_grad():
                self._get_per_token_logps_and_entropies(
                    self.model,
                    ids,
                    attended,
                    output["completion_ids"].shape[1],
                    batch_size=size,
                    **{name: output[name] for name in _INPUTS & output.keys()},
                )
        assert self._foreseen is not None
        return self._foreseen.values, self._foreseen.logps

    def _charged(self, kl: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The price of each token's KL; what it came to moves the price of the next generation."""
        rows = mask.any(dim=1)
        count, mean = self._mean((kl * mask).sum(dim=1), rows)
        priced = self.price.coefficient * kl * mask
        self._log("kl", self._mean(kl, mask)[1])
        self._log("kl_coefficient", self.price.coefficient)
        if self.model.training:
            self.price.hear(mean, count)
        return priced

    def _generate_and_score_completions(self, inputs: list) -> dict[str, Any]:
        # The first pass that TRL makes, where it makes one, is that of the policy before it learns.
        self._foresees = bool(self.args.gradient_accumulation_steps % self._passes)
        output = super()._generate_and_score_completions(inputs)
        self._metrics["train" if self.model.training else "eval"].pop(FLAT, None)  # of groups, which nothing here is
        return output

    @property
    def _passes(self) -> int:
        """Batches from one generation to the next."""
        return (self.args.steps_per_generation or 1) * self.num_iterations

    def _get_per_token_logps_and_entropies(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        if not self._foresees:
            return super()._get_per_token_logps_and_entropies(model, *args, **kwargs)
        self._foresees = False
        asked = _Asked(model)
        result = super()._get_per_token_logps_and_entropies(asked, *args, **kwargs)
        self._foreseen = _Foreseen(asked.values(result[0].shape[1]), result[0])
        return result

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        pretraining = self.model.training and self.state.global_step < self.how.pretraining_steps
        self.critic.spares_trunk = self.how.stop_gradient or pretraining
        self._foresees = True
        beta, self.beta = self.beta, 0.0  # the price of KL is in the rewards
        loss: torch.Tensor = super()._compute_loss(model, inputs)
        self.beta = beta
        assert self._foreseen is not None
        seen, mask = self._foreseen, own_tokens(inputs)
        self._check_distance(seen.logps, inputs, mask)
        if pretraining or self._is_far:
            loss = loss * 0.0
        found = value_loss(seen.values, inputs["old_values"], inputs["returns"], self.how.clip)
        self._log("critic/loss", self._mean(found.loss.detach(), mask)[1])
        self._log("critic/clip_ratio", self._mean(found.clipped.float(), mask)[1])
        return loss + self.how.coefficient * (found.loss * mask).sum() / self._tokens(inputs["num_items_in_batch"])

    def _check_distance(self, logps: torch.Tensor, inputs: dict[str, Any], mask: torch.Tensor) -> None:
        """Notes whether the policy has gone further from the one that drew the generation than it may."""
        old = inputs.get("old_per_token_logps")
        if old is None:
            return
        distance = self._mean(kl_of(old, logps.detach(), "k3"), mask)[1]
        self._log("policy/kl", distance)
        if self.kl.stop_at is not None:
            self._is_far |= distance > self.kl.stop_at
            self._log("policy/stopped", float(self._is_far))

    def _log_foresight(
        self, values: torch.Tensor, earned: torch.Tensor, mask: torch.Tensor, of_all: torch.Tensor
    ) -> None:
        """Logs what the critic foresaw of completions that it has not learned from, and what they earned."""
        error, returns = self._moments(earned - values, mask), self._moments(earned, mask)
        self._log("critic/explained_variance", explained_variance(error, returns))
        self._log("critic/value", self._mean(values, mask)[1])
        for name, found in {"return": returns, "advantage": of_all}.items():
            mean, variance = mean_and_variance(found)
            self._log(f"{name}/mean", mean.item())
            self._log(f"{name}/std", variance.sqrt().item())

    def create_optimizer(self, *args: Any, **kwargs: Any) -> torch.optim.Optimizer:
        """With the critic's weights in groups of their own, its head's and the others, without decay."""
        if self.optimizer is not None:
            return self.optimizer
        optimizer = super().create_optimizer(*args, **kwargs)
        head = list(self.critic.score.parameters())
        at_its_own_pace = set(map(id, head))
        own = [weight for name, weight in self.model.named_parameters() if is_critics(name) and weight.requires_grad]
        taken = set(map(id, own))
        for group in optimizer.param_groups:
            group["params"] = [weight for weight in group["params"] if id(weight) not in taken]
        optimizer.add_param_group({"params": head, "lr": self.how.learning_rate, "weight_decay": 0.0})
        if trunk := [weight for weight in own if id(weight) not in at_its_own_pace]:
            pace = self.how.trunk_learning_rate or self.args.learning_rate
            optimizer.add_param_group({"params": trunk, "lr": pace, "weight_decay": 0.0})
        return optimizer

    def _save(self, output_dir: str | None = None, state_dict: dict[str, torch.Tensor] | None = None) -> None:
        weights = self.model.state_dict() if state_dict is None else state_dict
        policy, self._critics = split_critic(weights)
        with without_adapter(self.model, CRITIC):
            super()._save(output_dir, policy)

    def keep(self, folder: Path) -> None:
        """With the critic and the price of KL."""
        super().keep(folder)
        with whole_file(folder / WEIGHTS) as draft:
            save_file({name: weight.contiguous().cpu() for name, weight in self._critics.items()}, draft)
        self._critics = {}
        write_json(folder / PRICE, {"coefficient": self.price.coefficient})


class _Foreseen:
    """Of each token, (B, T): what the critic expects before it, and its log-probability."""

    def __init__(self, values: torch.Tensor, logps: torch.Tensor):
        self.values, self.logps = values, logps


class _Asked:
    """A model that is asked for values as well, whoever calls it."""

    def __init__(self, model: Any):
        self.model = model
        self._pieces: list[torch.Tensor] = []

    def __call__(self, *, packed: Layout | None = None, **inputs: Any) -> Any:
        shared = {} if packed is None else {"packed": packed}
        output = self.model(**inputs, **shared, with_values=True)
        # In a packed row, a completion begins with the last token of its prompt and ends before its own.
        after = output[VALUES][:, :-1] if packed is None else packed.rows(output[VALUES])
        self._pieces.append(after)
        return output

    def values(self, length: int) -> torch.Tensor:
        """Before each of the last tokens, (B, T): what is foreseen after the token in front of it."""
        return torch.cat([widened(piece[:, -length:], length) for piece in self._pieces])
