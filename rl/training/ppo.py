"""PPO: the model is rewarded for its own rulings, each token against what a critic had foreseen."""

from typing import Any

from trl import GRPOConfig

from data import DataError
from rl.config.policy import PPORecipe
from rl.models.critic import check_layout
from rl.training.policy import PolicyStage
from rl.training.stage import Parts
from rl.training.trainers.ppo import RulingPPOTrainer
from rl.training.trainers.resumable import ResumableTrainer


class PPOStage(PolicyStage[PPORecipe]):
    """Advantages are what is earned beyond what the critic foresees."""

    def check(self, arguments: GRPOConfig) -> None:
        super().check(arguments)
        if arguments.use_vllm:
            message = "the critic is a part of the model, and vLLM would be sent its weights, which it does not know"
            raise DataError(f"{message}: leave it out", field="trainer.use_vllm")

    def facts(self, arguments: GRPOConfig) -> dict[str, str]:
        critic, price = self.recipe.critic, self.recipe.kl.coefficient
        begins = critic.path or "the policy"
        kl = f"{price:g} a nat of {self.recipe.kl.estimator}" if price else "none, so no reference"
        return {"rubric": self.rubric.name, "critic": f"{critic.layout}, from {begins}", "price of KL": kl}

    def trainer(self, parts: Parts) -> ResumableTrainer:
        recipe = self.recipe
        settings: dict[str, Any] = {"critic": recipe.critic, "advantage": recipe.advantage, "kl": recipe.kl}
        check_layout(recipe.critic, parts.model)
        return RulingPPOTrainer(**self.for_policy(parts), start=parts.start.model, **settings)
