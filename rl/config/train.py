"""Recipes for training: data, model, and a trainer's own fields.

The section ``trainer`` holds the fields of TRL's ``SFTConfig``, ``GRPOConfig`` or ``RewardConfig`` under their own
names, checked against them. TRL is loaded when there is something to check, and not before.

>>> recipe = SFTRecipe.load("billboard/sft", {"learning_rate": "1e-3", "model.dtype": "float32"})
>>> recipe.trainer["learning_rate"], recipe.model.dtype
(0.001, 'float32')
"""

import typing
from abc import abstractmethod
from dataclasses import fields
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from data import DataError
from data.errors import explain, suggest
from rewards.models.location import CHECKPOINTS
from rl.config.data import DataConfig
from rl.config.desk import DeskFields
from rl.config.model import ModelConfig
from rl.config.ranges import check_range
from rl.config.recipe import Files, Recipe
from rl.config.select import SelectConfig


class TrainRecipe(Recipe):
    """What recipes for training have: data, and a trainer's fields."""

    watched_field: ClassVar[str] = "data.valid"
    """Where the recipe names what the loss is watched on."""
    reserved: ClassVar[dict[str, str]] = {
        "output_dir": "use the recipe's 'output'",
        "seed": "use the recipe's 'seed'",
        "data_seed": "use the recipe's 'seed'",
        "max_length": "a case that is too long is an error, never cut",
        "length_column_name": "rows hold their lengths",
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
    rehearse: bool = True
    """Run the longest batch before the first step, so that memory runs out at once or never; it changes nothing else.
    Not where DeepSpeed or FSDP share the model out."""

    @model_validator(mode="after")
    def _writes_text(self) -> "TrainRecipe":
        if self.kind != "retriever" and self.model.tiny is not None and self.model.tiny.kind == "encoder":
            raise ValueError("model.tiny.kind: an 'encoder' writes nothing: take 'vl' or 'text'")
        return self

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

    @property
    def watched(self) -> list[str]:
        """The files of what the loss may be watched on while training."""
        return self.data.valid

    @property
    def watches(self) -> bool:
        """Whether it is."""
        return bool(self.watched) and self.trainer.get("eval_strategy") != "no"

    def arguments(self, **overrides: Any) -> Any:
        """The configuration that TRL's trainer gets.

        Raises:
            DataError: values that do not go together.
        """
        import torch

        if not self.watched and self.trainer.get("eval_strategy", "no") != "no":
            message = f"there is nothing to watch: name files in '{self.watched_field}'"
            raise DataError(message, field="trainer.eval_strategy")
        gpu = torch.cuda.is_available()
        chosen: dict[str, Any] = {"report_to": "tensorboard", "bf16": gpu, "dataloader_pin_memory": gpu}
        chosen |= self.watching() | self.trainer | self._fixed() | overrides
        try:
            return self.config_class()(**chosen)
        except (ValueError, TypeError, AttributeError, ImportError, OSError, RuntimeError) as error:
            raise DataError(str(error), file=self.name, field="trainer") from error

    def watching(self) -> dict[str, Any]:
        """Fields of the trainer by which cases are watched where the recipe names some and does not say when: whenever
        the run is saved, or once an epoch where it is not saved by the step.
        """
        if not self.watched or "eval_strategy" in self.trainer:
            return {}
        if self.trainer.get("save_strategy", "steps") == "steps":
            every = self.trainer.get("save_steps", self.config_class().save_steps)
            return {"eval_strategy": "steps", "eval_steps": every}
        return {"eval_strategy": "steps" if "eval_steps" in self.trainer else "epoch"}

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
            cls.check_number(key, checked[key])
            if key in cls.choices and checked[key] not in cls.choices[key]:
                words = ", ".join(str(choice) for choice in cls.choices[key])
                raise ValueError(f"trainer.{key}: want one of {words}, not {str(checked[key])!r:.80}")
            # YAML reads yes, no, on and off as booleans, which pydantic takes for 1 and 0.
            if isinstance(value, bool) and type(checked[key]) in (int, float):
                raise ValueError(f"trainer.{key}: want a number, not {str(value).lower()}")
        return checked

    @classmethod
    def check_number(cls, key: str, value: Any) -> None:
        """Refuses what is out of a trainer's field's range.

        Raises:
            ValueError: it is; names the field.
        """
        check_range(key, value)

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


class SelectingRecipe(TrainRecipe):
    """What recipes have whose model writes rulings."""

    select: SelectConfig | None = None
    """Ends with the checkpoint that rules best on ``data.valid``; None ends with the last one."""

    @model_validator(mode="after")
    def _can_select(self) -> "SelectingRecipe":
        if self.select is None:
            return self
        if not self.data.valid:
            raise ValueError("select: there is nothing to select by: name files in 'data.valid'")
        if self.data.windows is not None:
            raise ValueError("select: windows are not reviewed while a model is trained: leave it out")
        if self.trainer.get("save_strategy", "steps") != "steps":
            raise ValueError("trainer.save_strategy: what is selected are checkpoints saved by the step: want steps")
        every, saved = self.select.every, self.trainer.setdefault("save_steps", self.select.every)
        if saved < 1 or every % saved:
            raise ValueError(f"select.every: {every} steps are not a multiple of save_steps, which is {saved:g}")
        return self


class SupervisedRecipe(TrainRecipe):
    """What recipes have in common whose model learns from what is written already."""

    @model_validator(mode="after")
    def _gold_remembers(self) -> "SupervisedRecipe":
        if self.data.windows is not None and self.data.windows.memory != "gold":
            raise ValueError("data.windows.memory: nothing is found by a model that writes nothing: leave it out")
        return self

    muon: bool = False
    """Update the weights of linear layers with Muon, the rest with AdamW, instead of with the trainer's optimiser; see
    `rl.training.trainers.muon`. Not with DeepSpeed or FSDP."""


class SFTRecipe(SupervisedRecipe, SelectingRecipe, DeskFields):
    """Supervised fine-tuning: the loss is on the completion only, or on a policy's own turns."""

    kind = "sft"
    trajectories: Files = Field(default_factory=list)
    """Episodes at the desk to learn from (`ruling data trajectories`); without any, gold's rulings are learned."""
    learn: Literal["policy", "all"] = "policy"
    """Of episodes: the policy's turns, or all text, whoever wrote it. A model that starts from nothing learns to read
    by that, and to copy a name above all; one that is pretrained knows how to."""
    feedback: float = Field(default=0.0, ge=0, le=1)
    """Share of the cases whose ruling is told at the end of the prompt, as ``distil`` tells its teacher the right one:
    a model that starts from nothing has to learn to follow it."""
    choices: ClassVar[dict[str, tuple[str | bool, ...]]] = {"loss_type": ("nll", "dft", "chunked_nll")}

    @model_validator(mode="after")
    def _tells_of_rulings(self) -> "SFTRecipe":
        if self.feedback and self.trajectories:
            raise ValueError("feedback: it tells of rulings, and episodes are learned from: leave it out")
        if self.learn == "all" and not self.trajectories:
            raise ValueError("learn: all text is learned of episodes alone: name files of `trajectories`")
        return self

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

    watched_field: ClassVar[str] = "valid_pairs"

    pairs: Files
    """Files of preferences to learn from, each about one of the cases: see `rl.runs.preferences`."""
    valid_pairs: Files = Field(default_factory=list)
    """Preferences to watch the loss on while training, on other cases; may be empty."""

    @classmethod
    def config_class(cls) -> Any:
        from trl import RewardConfig

        return RewardConfig

    @property
    def watched(self) -> list[str]:
        return self.valid_pairs

    def _fixed(self) -> dict[str, Any]:
        # What a rubric reads is the score itself and not a difference, so it is kept around 0 unless told otherwise.
        centred = {"center_rewards_coefficient": self.trainer.get("center_rewards_coefficient", 0.01)}
        return super()._fixed() | centred | {"max_length": None, "remove_unused_columns": False}
