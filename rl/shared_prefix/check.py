"""Whether a model's packed log-probabilities are its dense ones: asked of a real prompt before they are relied on."""

import torch
from transformers import PreTrainedModel

from rl.shared_prefix.forward import pack
from rl.shared_prefix.prompt import Prompt, media_of

TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-6}
"""By the type that a model computes in: how much a log-probability may differ on average."""
COARSE = 0.05
"""For half precision, where two orders of summing differ as much."""


def difference(model: torch.nn.Module, bare: PreTrainedModel, prompt: Prompt, rows: int = 3) -> float:
    """How much the log-probabilities of some completions differ on average, packed against row by row.

    The completions are pieces of the prompt's own text, each of another length.

    Args:
        model: as training calls it, with TRL's fused head; in eval mode.
        bare: the same without what wraps it.
    """
    names = ("image_token_id", "video_token_id", "audio_token_id")
    media = [token for name in names if (token := getattr(bare.config, name, None)) is not None]
    source = prompt.ids[~torch.isin(prompt.ids, torch.tensor(media, device=prompt.ids.device))]
    size = max(1, min(16, len(source) // 2))
    completions = torch.stack([source[-size - row :][:size] for row in range(rows)])
    lengths = torch.tensor([max(1, size - row) for row in range(rows)], device=completions.device)
    mask = (torch.arange(size, device=completions.device) < lengths[:, None]).long()
    with torch.no_grad():
        packed = pack(bare, [prompt] * rows, completions, mask)
        ours = packed.layout.rows(model(**packed.inputs, shift_labels=packed.labels, fused_lm_head=True).log_probs)
        found = dense(model, prompt, completions, mask)
    return float((ours - found[:, : ours.shape[1]]).abs().sum() / mask.sum())


def dense(model: torch.nn.Module, prompt: Prompt, completions: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(B, T) log-probabilities of completions on one prompt, by a row each; 0 where the mask is."""
    rows, size = completions.shape
    ids = torch.cat([prompt.ids.expand(rows, -1), completions], dim=1)
    attended = torch.cat([torch.ones_like(prompt.ids).expand(rows, -1), mask], dim=1)
    types = {
        name: torch.cat([value.expand(rows, -1), torch.zeros_like(completions, dtype=value.dtype)], dim=1)
        for name, value in prompt.types.items()
    }
    labels = ids.masked_fill(attended == 0, -100)
    labels[:, :-size] = -100
    inputs = {"input_ids": ids, "attention_mask": attended, **media_of([prompt] * rows, in_one_row=False), **types}
    return model(**inputs, labels=labels, fused_lm_head=True).log_probs[:, -size:]
