"""Passes: what a training step does with its model, run once on a batch, imagined or real, and what it holds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from rewards.models.scalar_head import ScalarHead
from rl.models.critic import CRITIC
from rl.shared_prefix.attention import bare, prepare
from rl.shared_prefix.forward import pack
from rl.training.forecast.batch import Batch
from rl.training.forecast.imagined import Imagined
from rl.training.forecast.ledger import Ledger
from rl.training.trainers.scored_positions import labelled_positions_only


@dataclass(frozen=True)
class Held:
    """Bytes that passes hold beside weights and optimiser."""

    peak: int
    """The most at once, gradients included."""
    peak_without_gradients: int
    """The most at once of all else."""
    gradients: int
    """At the end."""
    saved: int
    """What the forward pass keeps for the backward pass."""


def learn(model: Any, inputs: Mapping[str, Any], half: torch.dtype | None, imagined: Imagined | None = None) -> Held:
    """A forward and a backward pass, without an optimiser step.

    Args:
        inputs: what the model is called with; see `inputs_of`.
        half: what is computed in, by autocast; None for the weights' own type.
        imagined: where the model is.
    """
    with imagined or nullcontext(), _as_trained(model, half), Ledger(model) as ledger:
        if imagined is not None:
            inputs = {name: _shape(value, imagined) for name, value in inputs.items()}
        output = model(**inputs)
        loss = output.logits.float().sum() if isinstance(model, ScalarHead) else output.log_probs.sum()
        if inputs.get("with_values"):
            loss = loss + output["state_values"].sum()
        loss.backward()
        held = Held(ledger.peak, ledger.peak_without_gradients, ledger.gradients, ledger.saved)
    return held


def look(model: Any, batch: Batch, packs: bool, half: torch.dtype | None, imagined: Imagined | None = None) -> int:
    """The most that a pass over the prompts alone holds, without gradients, as before something is written: keys and
    values are left out.
    """
    prompts = Batch(batch.prompts, [1] * len(batch))
    inputs = inputs_of(model, prompts, packs)
    for name in ("labels", "shift_labels", "fused_lm_head", "with_values"):
        inputs.pop(name, None)
    last = inputs["packed"].branch[:, 0] if packs else 1
    training = model.training
    model.eval()
    with imagined or nullcontext(), torch.no_grad(), _as_trained(model, half), Ledger(model) as ledger:
        if imagined is not None:
            inputs = {name: _shape(value, imagined) for name, value in inputs.items()}
        model(**inputs, use_cache=False, logits_to_keep=last)
        peak = ledger.peak
    model.train(training)
    return peak


def inputs_of(model: Any, batch: Batch, packs: bool) -> dict[str, Any]:
    """What a model is called with to learn from a batch.

    Args:
        packs: read each prompt once for all completions on it.
    """
    if isinstance(model, ScalarHead):
        inputs = batch.padded()
        del inputs["labels"]
        return inputs
    values = {"with_values": True} if hasattr(bare(model), CRITIC) else {}
    if not packs:
        return {**batch.padded(), **values, "fused_lm_head": True}
    prepare(model)
    width = max(batch.completions)
    written = torch.tensor(batch.completions)[:, None]
    mask = (torch.arange(width) < written).long().to(batch.prompts[0].ids.device)
    ids = torch.stack([prompt.ids[-1:].expand(width) for prompt in batch.prompts])
    packed = pack(bare(model), batch.prompts, ids, mask)
    return {**packed.inputs, **values, "shift_labels": packed.labels, "fused_lm_head": True}


def _shape(value: Any, imagined: Imagined) -> Any:
    return imagined.shape(value) if isinstance(value, torch.Tensor) else value


@contextmanager
def _as_trained(model: Any, half: torch.dtype | None) -> Iterator[None]:
    where = next(model.parameters()).device.type
    with labelled_positions_only(), torch.autocast(where, dtype=half) if half else nullcontext():
        yield
