"""Recipes for training: data, model, and a trainer's own fields.

The section ``trainer`` holds the fields of TRL's ``SFTConfig``, ``GRPOConfig`` or ``RewardConfig`` under their own
names, checked against them. TRL is loaded when there is something to check, and not before.

>>> recipe = SFTRecipe.load("billboard/sft", {"learning_rate": "1e-3", "model.dtype": "float32"})
>>> recipe.trainer["learning_rate"], recipe.model.dtype
(0.001, 'float32')
"""

import os
import typing
from abc import abstractmethod
from dataclasses import fields
from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from data import DataError
from data.errors import explain, suggest
from rewards.models.location import CHECKPOINTS
from rl.config.model import ModelConfig
from rl.config.ranges import check_range
from rl.config.recipe import Files, Recipe


class DataConfig(BaseModel):
    """The cases to train on, and the rulebook they are judged by. Paths are relative to the current folder."""

    model_config = ConfigDict(extra="forbid")

    train: Files
    valid: Files = Field(default_factory=list)
    """Cases to watch the loss on while training; may be empty."""
    rulebook: str
    """A YAML file, or the name of a shipped rulebook."""
    template: str = "default"
    """Name of the prompt template."""


class HardConfig(BaseModel):
    """Which cases to draw more often; see `rl.curation.hard_cases`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    look_at: int = Field(default=3000, ge=1)
    """How many training cases the model reviews first."""
    share: float = Field(default=0.25, gt=0, lt=1)
    """What share of the cases trained on are such that the model gets wrong."""


class TrainRecipe(Recipe):
    """What recipes for training have: data, and a trainer's fields."""

    reserved: ClassVar[dict[str, str]] = {
        "output_dir": "use the recipe's 'output'",
        "seed": "use the recipe's 'seed'",
        "data_seed": "use the recipe's 'seed'",
        "max_length": "a case that is too long is an error, never cut",
        "remove_unused_columns": "the columns of a row are Ruling's own",
        "model_init_kwargs": "use the recipe's 'model'",
        "chat_template_kwargs": "use the recipe's 'model.chat_template_kwargs'",
        "chat_template_path": "rows are made with the model's own: put chat_template.jinja into its folder",
    }
    """Fields of the trainer that are not the recipe's to set, and what to do instead."""
    choices: ClassVar[dict[str, tuple[str | bool, ...]]] = {}
    """Fields of the trainer that take one of a few words, which TRL looks at no sooner than in the first step."""

    model: ModelConfig
    data: DataConfig
    trainer: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_trainer_keys(self) -> "TrainRecipe":
        self.trainer = self._checked(self.trainer)
        return self

    @classmethod
    @abstractmethod
    def config_class(cls) -> Any:
        """TRL's configuration class, whose fields the section ``trainer`` takes."""

    @classmethod
    @cache
    def trainer_fields(cls) -> dict[str, Any]:
        """Name to type of everything that ``trainer`` may set."""
        types = typing.get_type_hints(cls.config_class())
        return {
            field.name: types[field.name] for field in fields(cls.config_class()) if field.name not in cls.reserved
        }

    def arguments(self, **overrides: Any) -> Any:
        """The configuration that TRL's trainer gets.

        Raises:
            DataError: values that do not go together.
        """
        import torch

        gpu = torch.cuda.is_available()
        chosen: dict[str, Any] = {"report_to": "tensorboard", "bf16": gpu, "dataloader_pin_memory": gpu}
        if not gpu and "LOCAL_RANK" in os.environ:  # one of several processes on the CPU
            sharded = os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true"
            # `use_cpu` makes Accelerate see the other processes, but would switch sharding off without a word.
            chosen |= {"ddp_backend": "gloo", "use_cpu": not sharded}
        chosen |= self.trainer | self._fixed() | overrides
        try:
            return self.config_class()(**chosen)
        except (ValueError, TypeError, ImportError, OSError, RuntimeError) as error:
            raise DataError(str(error), file=self.name, field="trainer") from error

    def _fixed(self) -> dict[str, Any]:
        return {"output_dir": str(self.output / CHECKPOINTS), "seed": self.seed}

    @classmethod
    def _dotted(cls, key: str) -> str:
        if key.split(".")[0] in cls.model_fields:
            return key
        if key in cls.reserved or key in cls.trainer_fields():
            return f"trainer.{key}"
        raise DataError(
            f"unknown key{suggest(key.split('.')[0], [*cls.model_fields, *cls.trainer_fields()])}", field=key
        )

    @classmethod
    def _checked(cls, trainer: dict[str, Any]) -> dict[str, Any]:
        checked: dict[str, Any] = {}
        for key, value in trainer.items():
            known = cls.trainer_fields()
            if key in cls.reserved:
                raise ValueError(f"trainer.{key} cannot be set: {cls.reserved[key]}")
            if key not in known:
                name = cls.config_class().__name__
                raise ValueError(f"trainer.{key} is not a field of {name}{suggest(key, known)}")
            adapter = TypeAdapter(known[key], config=ConfigDict(arbitrary_types_allowed=True))
            if value is False and key in ("save_strategy", "eval_strategy", "logging_strategy"):
                value = "no"  # which YAML reads as a boolean
            try:
                # YAML reads 1e-4 as text: the field's type knows better.
                checked[key] = adapter.validate_python(value)
            except ValidationError as error:
                raise ValueError(f"trainer.{key}: {explain(error)[1]}") from error
            check_range(key, checked[key])
            if key in cls.choices and checked[key] not in cls.choices[key]:
                words = ", ".join(str(choice) for choice in cls.choices[key])
                raise ValueError(f"trainer.{key}: want one of {words}, not {str(checked[key])!r:.80}")
            # YAML reads yes, no, on and off as booleans, which pydantic takes for 1 and 0.
            if isinstance(value, bool) and type(checked[key]) in (int, float):
                raise ValueError(f"trainer.{key}: want a number, not {str(value).lower()}")
        return checked

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The recipe's JSON schema, the trainer's fields included."""
        schema = super().model_json_schema(*args, **kwargs)
        config = ConfigDict(arbitrary_types_allowed=True)
        properties = {
            key: TypeAdapter(type_, config=config).json_schema() for key, type_ in cls.trainer_fields().items()
        }
        schema["properties"]["trainer"] |= {"additionalProperties": False, "properties": properties}
        return schema


class SupervisedRecipe(TrainRecipe):
    """What recipes have in common whose model learns from what is written already."""

    muon: bool = False
    """Update the weights of linear layers with Muon, the rest with AdamW, instead of with the trainer's optimiser; see
    `rl.training.trainers.muon`. Not with DeepSpeed or FSDP."""


class SFTRecipe(SupervisedRecipe):
    """Supervised fine-tuning: the loss is on the completion only."""

    kind = "sft"
    choices: ClassVar[dict[str, tuple[str | bool, ...]]] = {"loss_type": ("nll", "dft", "chunked_nll")}

    @classmethod
    def config_class(cls) -> Any:
        from trl import SFTConfig

        return SFTConfig

    def _fixed(self) -> dict[str, Any]:
        # TRL's default of 1,024 tokens cuts whole completions off (loss 0, no error); lengths are checked up front.
        return super()._fixed() | {"max_length": None}


class RewardRecipe(SupervisedRecipe):
    """A reward model after Bradley and Terry: it learns which of two rulings on one case is better."""

    kind = "reward"
    reserved: ClassVar[dict[str, str]] = TrainRecipe.reserved | {
        "trust_remote_code": "only architectures that transformers has are trained",
        "eos_token": "the model's own chat template ends a turn",
        "pad_token": "the model's own is used",
        "pad_to_multiple_of": "batches are as long as their longest conversation",
        "activation_offloading": "use gradient_checkpointing",
    }

    pairs: Files
    """Files of preferences to learn from, each about one of the cases: see `rl.runs.preferences`."""
    valid_pairs: Files = Field(default_factory=list)
    """Preferences to watch the loss on while training, on other cases; may be empty."""

    @classmethod
    def config_class(cls) -> Any:
        from trl import RewardConfig

        return RewardConfig

    def _fixed(self) -> dict[str, Any]:
        # What a rubric reads is the score itself and not a difference, so it is kept around 0 unless told otherwise.
        centred = {"center_rewards_coefficient": self.trainer.get("center_rewards_coefficient", 0.01)}
        return super()._fixed() | centred | {"max_length": None, "remove_unused_columns": False}


class GRPORecipe(TrainRecipe):
    """Reinforcement learning with group-relative advantages; the rubric is what it maximises."""

    kind = "grpo"
    choices: ClassVar[dict[str, tuple[str | bool, ...]]] = {
        "scale_rewards": ("group", "batch", "none", True, False),
        "loss_type": ("grpo", "bnpo", "dr_grpo", "dapo", "luspo", "cispo", "sapo", "vespo"),
        "importance_sampling_level": ("token", "sequence"),
        "vllm_mode": ("server", "colocate"),
    }

    rubric: str
    """A YAML file, or the name of a shipped rubric."""
    reasoning_language: str | None = None
    """What the reasoning should be written in, such as ``en``: a setting of the rubric's penalty `language`."""
    hard: HardConfig | None = None
    """Draw the cases more often that the model gets wrong before training; None draws all alike."""

    @classmethod
    def config_class(cls) -> Any:
        from trl import GRPOConfig

        return GRPOConfig
