"""Ranges of the trainer's numbers: what TRL takes without a word and does something else with, or fails on later.

A learning rate of NaN trains to NaN, zero steps are read as *what the epochs give*, a batch of none is found when the
first is drawn. TRL's own checks, of how values go together, come on top.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any


@dataclass(frozen=True)
class Range:
    """Numbers from ``least`` to ``most``; without the ends where they are open."""

    least: float
    most: float = inf
    above: bool = False
    """Whether ``least`` itself is none of them."""
    below: bool = False
    """Whether ``most`` itself is none of them."""
    off: float | None = None
    """A number outside that switches the setting off."""

    def __contains__(self, number: float) -> bool:
        if number == self.off:
            return True
        low = number > self.least if self.above else number >= self.least
        return low and (number < self.most if self.below else number <= self.most)

    def __str__(self) -> str:
        low = f"above {self.least:g}" if self.above else f"from {self.least:g}"
        high = "" if self.most == inf else f" to {'below ' if self.below else ''}{self.most:,g}"
        off = "" if self.off is None else f", or {self.off:g} to switch it off"
        return f"{low}{high}{off}" if high or off or self.above else f"{low} up"


MOST = 1e9
COUNT, NOT_NEGATIVE, POSITIVE = Range(1, MOST), Range(0, MOST), Range(0, MOST, above=True)
SHARE, DECAY = Range(0, 1), Range(0, 1, below=True)
RANGES: Mapping[str, Range] = {
    **dict.fromkeys(
        (
            "per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps",
            "save_total_limit", "dataloader_prefetch_factor", "eval_accumulation_steps", "torch_empty_cache_steps",
            "dataset_num_proc", "max_completion_length", "generation_batch_size", "steps_per_generation",
            "num_iterations", "num_generations_eval", "ref_model_sync_steps", "vllm_max_model_length",
            "vllm_tensor_parallel_size", "ddp_timeout", "ddp_bucket_cap_mb",
        ),
        COUNT,
    ),
    **dict.fromkeys(
        ("num_train_epochs", "logging_steps", "eval_steps", "save_steps", "temperature", "repetition_penalty",
         "sapo_temperature_neg", "sapo_temperature_pos", "vllm_server_timeout"),
        POSITIVE,
    ),
    **dict.fromkeys(
        ("warmup_steps", "adam_epsilon", "max_grad_norm", "neftune_noise_alpha",
         "eval_delay", "dataloader_num_workers", "router_aux_loss_coef", "beta", "epsilon", "epsilon_high", "delta",
         "top_k", "center_rewards_coefficient"),
        NOT_NEGATIVE,
    ),
    **dict.fromkeys(("min_p", "top_entropy_quantile", "ref_model_mixup_alpha"), SHARE),
    **dict.fromkeys(("adam_beta1", "adam_beta2", "label_smoothing_factor"), DECAY),
    "max_steps": Range(1, MOST, off=-1),
    "num_generations": Range(2, MOST),
    "learning_rate": Range(0, 100),
    "weight_decay": Range(0, 100),
    "top_p": Range(0, 1, above=True),
    "vllm_gpu_memory_utilization": Range(0, 1, above=True),
}  # fmt: skip
"""By the names of TRL's fields."""


def check_range(key: str, value: Any) -> None:
    """Refuses a number that is not finite, here or inside lists and mappings, or out of the field's range.

    Raises:
        ValueError: it is; names the field.
    """
    if isinstance(value, Mapping):
        for inner, one in value.items():
            check_range(f"{key}.{inner}", one)
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            check_range(f"{key}.{place}", one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if not isfinite(value):
            raise ValueError(f"trainer.{key}: want a finite number, not {value}")
        if key in RANGES and value not in RANGES[key]:
            raise ValueError(f"trainer.{key}: want a number {RANGES[key]}, not {value:g}")
