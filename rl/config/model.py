"""ModelConfig: which model, in what precision, and what of it is trained. The section ``model`` of a recipe."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class LoraConfig(BaseModel):
    """Low-rank adapters instead of training every weight."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    r: int = Field(default=16, gt=0, le=2**16)
    alpha: int = Field(default=32, gt=0, le=2**20)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    target_modules: str | list[str] = "all-linear"
    """Names of modules, or one regular expression over full names, or ``all-linear``."""


class TinyConfig(BaseModel):
    """A tiny model, built on the run's own training data before it starts; see `rl.models.tiny`."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["vl", "text", "encoder"] = "vl"
    vocab: int = Field(default=2048, ge=300, le=2**20)
    hidden: int = Field(default=192, gt=0, le=2**14)
    layers: int = Field(default=4, gt=0, le=1024)
    context: int = Field(default=4096, gt=0, le=2**24)
    image_tokens: int = Field(default=16, gt=0, le=2**16)


class ModelConfig(BaseModel):
    """Which model, in what precision, and what of it is trained."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    path: str | None = None
    """A checkpoint's folder, a run's folder (its final checkpoint is meant), or a name on the Hub."""
    tiny: TinyConfig | None = None
    """Build a tiny model instead of loading one."""
    settings: str | None = None
    """A folder, or a shipped recipe's, with the model's ``config.json`` and ``preprocessor_config.json``: all that
    ``--dry-run`` needs where the model itself is not at hand."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """``auto`` is what the checkpoint says."""
    attn_implementation: str | None = None
    chat_template_kwargs: dict[str, bool | int | float | str] = Field(default_factory=dict)
    """Variables for the chat template, such as ``enable_thinking``; training writes them into the template that it
    saves with the model."""
    frames: Literal["pictures", "video"] = "pictures"
    """How frames reach the model: as pictures at their times. Its own video input is refused, with the reason."""
    min_pixels: int | None = Field(default=None, gt=0, le=2**30)
    """A smaller picture is scaled up to so many pixels; as the model's own processor has it if None. For models with a
    budget of pixels (Qwen-VL, GLM-4V), and saved with the model that is trained."""
    max_pixels: int | None = Field(default=None, gt=0, le=2**30)
    """A larger one is scaled down to as many: fewer tokens, less to be seen."""
    freeze: list[Literal["vision", "projector", "language"]] = Field(default_factory=list)
    """Parts that training leaves as they are: the vision tower, what hands its features on, and the language model."""
    lora: LoraConfig | None = None
    load_in_4bit: bool = False
    """QLoRA: the frozen weights in 4 bits (bitsandbytes), adapters in full precision."""

    @model_validator(mode="after")
    def _one_source(self) -> "ModelConfig":
        if (self.path is None) == (self.tiny is None):
            raise ValueError("give either 'path' or 'tiny'")
        if self.load_in_4bit and self.lora is None:
            raise ValueError("'load_in_4bit' freezes the weights, so there is nothing to train: give 'lora' as well")
        if self.freeze and self.lora is not None:
            raise ValueError(
                "'freeze' is for training whole weights: with 'lora', 'lora.target_modules' says what learns"
            )
        if len(set(self.freeze)) == 3:
            raise ValueError("'freeze' leaves nothing to train: name one part or two")
        return self

    @model_validator(mode="after")
    def _pictures(self) -> "ModelConfig":
        if self.frames == "video":
            raise ValueError(
                "frames: a model's own video input is not used, also where its processor takes video: TRL 1.16 does "
                "not train it (SFT raises an error, GRPO leaves the video out of its log-probabilities without a "
                "word); with 'pictures', frames are pictures at their times"
            )
        return self

    def with_weights(self, path: str | Path) -> "ModelConfig":
        """A copy, for the weights under ``path`` instead."""
        return self.model_copy(update={"path": str(path), "tiny": None})
