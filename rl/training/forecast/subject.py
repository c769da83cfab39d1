"""Subject: the model that a recipe trains, imagined, as its trainer would have it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModel
from torch import nn
from transformers import AutoModel
from trl.trainer.utils import add_fused_lm_head

from rewards.models.checkpoint import ADAPTER, base_of_adapter, generative_class, load_config
from rewards.models.patch_projection import project_by_product
from rewards.models.scalar_head import ScalarHead, linear_head
from rl.config.model import LoraConfig, ModelConfig
from rl.config.policy import PolicyRecipe, PPORecipe
from rl.config.ppo import CriticConfig
from rl.config.train import RewardRecipe, TrainRecipe
from rl.models.critic import CRITIC, AdapterCritic, Critic, TrunkCritic, check_layout, install
from rl.models.freeze import freeze
from rl.models.load import add_lora
from rl.models.second_adapter import add_copy
from rl.training.forecast.depth import Depth

_SCORED = {True: ("log_probs", "entropy"), False: ("log_probs", "entropy", "is_top1")}
"""What TRL has the language-modelling head work out, for RL and for SFT (trl 1.16)."""


def imagine(
    recipe: TrainRecipe,
    folder: Path,
    dtype: torch.dtype,
    adapters: torch.dtype,
    checkpointing: Mapping | None,
    depth: Depth | None = None,
) -> Any:
    """The model, to be called in `Imagined`.

    Args:
        folder: with the model's ``config.json``; an adapter's names the folder of its base.
        dtype: of the weights.
        adapters: of those of adapters.
        checkpointing: the trainer's settings of gradient checkpointing; None where there is none.
        depth: with so many layers; with its own if None.
    """
    base = base_of_adapter(str(folder))
    config = load_config(base or folder)
    if depth is not None:
        depth.cut(config)
    attention = _attention(recipe.model)
    if attention != "eager":
        _widen(config)
    scores = isinstance(recipe, RewardRecipe)
    architecture = AutoModel if scores else generative_class(config)
    model: Any = architecture.from_config(config, dtype=dtype, attn_implementation=attention)
    project_by_product(model)
    freeze(model, recipe.model.freeze)
    if not scores:
        outputs = _SCORED[isinstance(recipe, PolicyRecipe)]
        add_fused_lm_head(model, outputs=outputs, cast_lm_head_to_fp32=_casts_head(recipe))
    lora = recipe.model.lora if base is None else _lora_of(folder)
    if lora is not None:
        with _unmoved():
            model = add_lora(model, lora)
        _cast_adapters(model, adapters)
    if scores:
        model = ScalarHead(model)
    if isinstance(recipe, PPORecipe):
        _foresee(model, recipe.critic, config, (dtype, adapters), attention)
    model.train()
    if checkpointing is not None:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=checkpointing or None)
        if isinstance(model, PeftModel):
            model.enable_input_require_grads()
    return model


def _casts_head(recipe: TrainRecipe) -> bool:
    return bool(recipe.trainer.get("cast_lm_head_to_fp32", False))


def _attention(model: ModelConfig) -> str:
    """One that can be imagined: what other fused kernels keep, PyTorch's keeps as well."""
    return "eager" if model.attn_implementation == "eager" else "sdpa"


def _widen(config: Any) -> None:
    """Has a tower that looks at its patches in windows look at them all at once: fused kernels keep the same of both,
    and hundreds of windows in each layer take a minute to imagine.
    """
    vision: Any = getattr(config, "vision_config", None)
    if getattr(vision, "window_size", None) and hasattr(vision, "fullatt_block_indexes"):
        vision.fullatt_block_indexes = list(range(vision.depth))


def _lora_of(folder: Path) -> LoraConfig | None:
    if not (folder / ADAPTER).is_file():
        return None
    found: Any = PeftConfig.from_pretrained(str(folder))
    targets = found.target_modules
    named = targets if isinstance(targets, str) else sorted(targets)
    return LoraConfig(r=found.r, alpha=int(found.lora_alpha), dropout=found.lora_dropout, target_modules=named)


@contextmanager
def _unmoved() -> Iterator[None]:
    """Meanwhile, modules stay where they are: PEFT moves what it has just made to where it is already, which PyTorch
    cannot do with imagined weights.
    """
    moved = nn.Module._apply
    nn.Module._apply = lambda self, *args, **kwargs: self  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module._apply = moved  # type: ignore[method-assign]


def _cast_adapters(model: Any, dtype: torch.dtype) -> None:
    for module in model.modules():
        for name, weight in module._parameters.items() if isinstance(module, nn.Linear) else ():
            if weight is not None and weight.requires_grad and weight.dtype != dtype:
                module._parameters[name] = nn.Parameter(weight.detach().to(dtype))


def _foresee(
    policy: Any, critic: CriticConfig, config: Any, dtypes: tuple[torch.dtype, torch.dtype], attention: str
) -> None:
    """Gives a policy its critic.

    Raises:
        DataError: it cannot have one of this layout.
    """
    check_layout(critic, policy)
    dtype, adapters = dtypes
    model: Any = policy.get_base_model() if isinstance(policy, PeftModel) else policy
    head: nn.Linear = linear_head(config, torch.float32, None)
    if critic.layout == "head":
        install(model, Critic(head))
    elif critic.layout == "adapter":
        with _unmoved():
            add_copy(policy, CRITIC)
        _cast_adapters(policy, adapters)
        install(model, AdapterCritic(head))
    else:
        trunk: Any = type(model)._from_config(config, dtype=dtype, attn_implementation=attention).base_model
        project_by_product(trunk)
        install(model, TrunkCritic(head, trunk))
