"""PolicyRecipe: what a GRPO, PPO or distil run is made of, beyond what every training has."""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from rewards.scoring.pair import PairReward
from rl.config.cases import HardConfig, MasteredConfig
from rl.config.desk import DeskFields
from rl.config.distil import DistilConfig
from rl.config.ppo import AdvantageConfig, CriticConfig, KLConfig
from rl.config.train import SelectingRecipe, TrainRecipe


class PolicyRecipe(SelectingRecipe, DeskFields):
    """Reinforcement learning: a policy writes rulings, and the rubric is what it maximises."""

    choices: ClassVar[dict[str, tuple[str | bool, ...]]] = {
        "scale_rewards": ("group", "batch", "none", True, False),
        "loss_type": ("grpo", "bnpo", "dr_grpo", "dapo", "luspo", "cispo", "sapo", "vespo"),
        "importance_sampling_level": ("token", "sequence"),
        "vllm_mode": ("server", "colocate"),
        "train_sampling_strategy": ("random",),  # TRL draws the cases of a policy itself, and asks nobody
    }

    rubric: str
    """A YAML file, or the name of a shipped rubric."""
    reasoning_language: str | None = None
    """What the reasoning should be written in, such as ``en``: a setting of the rubric's penalty `language`."""
    hard: HardConfig | None = None
    """Draw the cases more often that the model gets wrong before training; None draws all alike."""
    mastered: MasteredConfig | None = None
    """Draw the cases less often that the policy has come to rule right nearly always; None draws all alike."""
    pair: PairReward | None = None
    """Draw twins together, and pay for both being right (`rewards.scoring.pair`); None draws and pays each alone."""
    shared_prefix: bool = True
    """Read each prompt once for all the completions on it, instead of once for each; it changes the cost only. Models
    whose layers do not allow it say so and are trained as without it."""
    credit: Literal["joint", "masked"] = "joint"
    """``masked``: what the stated confidence earns goes to the tokens that state it, and all else to the others (DCPO,
    arXiv 2603.09117); ``joint``: the total goes to every token."""

    @model_validator(mode="after")
    def _pairs_stay_whole(self) -> "PolicyRecipe":
        parting = {"hard": self.hard, "mastered": self.mastered}
        if self.pair is not None and (name := next((name for name, given in parting.items() if given), None)):
            raise ValueError(f"{name}: cases are chosen one by one, which would part twins: leave it out, or 'pair'")
        if self.pair is not None and self.credit == "masked":
            raise ValueError("credit: what hangs on a twin cannot be told apart by token: leave it out, or 'pair'")
        return self

    @classmethod
    def config_class(cls) -> Any:
        from trl import GRPOConfig

        return GRPOConfig

    def watching(self) -> dict[str, Any]:
        found = super().watching()
        if found:  # a case at a time: TRL's batch of 8 need not be a multiple of the completions drawn on one
            drawn = self.trainer.get("num_generations", self.config_class().num_generations)
            found["per_device_eval_batch_size"] = self.trainer.get("num_generations_eval") or drawn
        return found


class GRPORecipe(PolicyRecipe):
    """Advantages against the other completions on a case."""

    kind = "grpo"

    refill: int = Field(default=0, ge=0, le=100)
    """How often, at most, to draw other cases in the place of those whose completions all earn the same; see
    `rl.training.trainers.refill`."""

    @model_validator(mode="after")
    def _refill_shares(self) -> "GRPORecipe":
        if self.refill and not self.shared_prefix:
            raise ValueError("refill: groups are replaced where prompts are shared: leave shared_prefix on")
        if self.refill and self.desk is not None:
            raise ValueError("refill: groups of episodes with tools are not replaced: leave it out")
        if self.refill and self.pair is not None:
            raise ValueError("refill: groups are replaced one by one, which would part twins: leave it out, or 'pair'")
        return self


class SingleRecipe(PolicyRecipe):
    """One completion a case will do: ``num_generations`` may be 1."""

    @classmethod
    def check_number(cls, key: str, value: Any) -> None:
        if key != "num_generations" or value != 1:
            super().check_number(key, value)

    def arguments(self, **overrides: Any) -> Any:
        if self.trainer.get("num_generations") != 1:
            return super().arguments(**overrides)
        # TRL's configuration refuses one completion a case, which its trainer takes. It wants whole groups in what is
        # drawn at once; a batch of one process is one.
        evaluated = {"num_generations_eval": self.trainer.get("num_generations_eval", 1)}
        arguments = super().arguments(**overrides, **evaluated, num_generations=max(2, self._drawn_at_once))
        arguments.num_generations = 1
        return arguments

    @property
    def _drawn_at_once(self) -> int:
        """Completions in a process, or a whole number of times as many over all."""
        given = self.trainer.get
        batches = given("steps_per_generation") or given("gradient_accumulation_steps") or 1
        return int(given("generation_batch_size") or batches * given("per_device_train_batch_size", 8))


class PPORecipe(SingleRecipe):
    """Advantages against what a critic foresees, token by token.

    In ``trainer``, ``steps_per_generation`` is the number of minibatches, ``num_iterations`` that of the epochs over
    them, and ``num_generations`` may be 1.
    """

    kind = "ppo"
    reserved = TrainRecipe.reserved | {
        "beta": "use the recipe's 'kl.coefficient', which is a part of the reward",
        "scale_rewards": "advantages come from the critic: use the recipe's 'advantage.whiten'",
        "multi_objective_aggregation": "advantages come from the critic, of the rubric's total",
    }

    critic: CriticConfig = Field(default_factory=CriticConfig)
    advantage: AdvantageConfig = Field(default_factory=AdvantageConfig)
    kl: KLConfig = Field(default_factory=KLConfig)

    def _fixed(self) -> dict[str, Any]:
        # Of the fields that are not the recipe's: a reference is loaded where there is a price on leaving it.
        return super()._fixed() | {"beta": self.kl.coefficient, "scale_rewards": "none"}


class DistilRecipe(SingleRecipe):
    """A teacher that is told more scores the student's own tokens; see `rl.training.trainers.distil`.

    In ``trainer``, ``num_generations`` may be 1 unless GRPO's loss is mixed in.
    """

    kind = "distil"

    distil: DistilConfig = Field(default_factory=DistilConfig)

    @model_validator(mode="after")
    def _what_goes_with_the_mixture(self) -> "DistilRecipe":
        if self.desk is not None:
            raise ValueError("desk: episodes with tools are not distilled: leave it out, or train with grpo or ppo")
        if self.distil.grpo and self.trainer.get("num_generations") == 1:
            raise ValueError("trainer.num_generations: GRPO compares the completions on a case: draw 2 or more")
        if self.distil.endpoint is not None and self.trainer.get("temperature", 1.0) != 1.0:
            raise ValueError(
                "trainer.temperature: a server tells log-probabilities at temperature 1, and without the rest of the "
                "vocabulary they cannot be turned into others: draw at 1"
            )
        if self.distil.grpo:
            return self
        if self.trainer.get("beta"):
            raise ValueError("trainer.beta: it is a price in GRPO's loss, whose weight is 0: set distil.grpo")
        if self.credit != "joint":
            raise ValueError("credit: it is GRPO's advantage, whose weight is 0: set distil.grpo, or leave it out")
        return self
