"""Recipes: what makes a run, typed, read from YAML. Loads no torch."""

from rl.config.cases import HardConfig, MasteredConfig
from rl.config.data import DataConfig, WindowsConfig
from rl.config.decoding import Decoding
from rl.config.desk import DeskConfig
from rl.config.distil import DistilConfig
from rl.config.evaluate import EvalRecipe
from rl.config.model import LoraConfig, ModelConfig, TinyConfig
from rl.config.policy import DistilRecipe, GRPORecipe, PolicyRecipe, PPORecipe
from rl.config.ppo import AdvantageConfig, CriticConfig, KLConfig
from rl.config.recipe import Recipe, find_recipe
from rl.config.retriever import RetrieverRecipe
from rl.config.select import SelectConfig
from rl.config.train import RewardRecipe, SFTRecipe, TrainRecipe

__all__ = [
    "AdvantageConfig",
    "CriticConfig",
    "DataConfig",
    "Decoding",
    "DeskConfig",
    "DistilConfig",
    "DistilRecipe",
    "EvalRecipe",
    "GRPORecipe",
    "HardConfig",
    "KLConfig",
    "LoraConfig",
    "MasteredConfig",
    "ModelConfig",
    "PPORecipe",
    "PolicyRecipe",
    "Recipe",
    "RetrieverRecipe",
    "RewardRecipe",
    "SFTRecipe",
    "SelectConfig",
    "TinyConfig",
    "TrainRecipe",
    "WindowsConfig",
    "find_recipe",
]
