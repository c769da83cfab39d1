"""Whether a model says the same packed as row by row: asked of a real prompt before it is relied on."""

import torch
from transformers import PreTrainedModel

from rl.shared_prefix.forward import pack
from rl.shared_prefix.generate import Writing
from rl.shared_prefix.prompt import Prompt, media_of, media_tokens
from rl.shared_prefix.stem import Stem

TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-6}
"""By the type that a model computes in: how much a log-probability may differ on average."""
COARSE = 0.05
"""For half precision, where two orders of summing differ as much."""
TOLERATED = {torch.float32: 1e-3, torch.float64: 1e-6, torch.bfloat16: 0.1, torch.float16: 0.1}
"""By the type that a model computes in: what share of the next token may be another."""


def difference(model: torch.nn.Module, bare: PreTrainedModel, prompt: Prompt, rows: int = 3) -> float:
    """How much the log-probabilities of some completions differ on average, packed against row by row.

    The completions are pieces of the prompt's own text, each of another length.

    Args:
        model: as training calls it, with TRL's fused head; in eval mode.
        bare: the same without what wraps it.
    """
    media = torch.tensor(media_tokens(bare.config), dtype=prompt.ids.dtype, device=prompt.ids.device)
    source = prompt.ids[~torch.isin(prompt.ids, media)]
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


def distance(model: PreTrainedModel, prompt: Prompt, stem: Stem | None) -> float:
    """How far the distributions of the first two tokens written on a prompt are from those by one row: the larger
    total variation, 0 to 1.

    Args:
        model: a prepared one in eval mode, without what wraps it.
        stem: what the prompt begins with, if it has been read before.
    """
    with torch.no_grad():
        writing = Writing(model, [prompt], [2], stem)
        found = [writing.logits[0]]
        token = found[0].argmax()
        writing.read(token.expand(2))
        found.append(writing.logits[1])
        ids = torch.cat([prompt.ids, token[None]])[None]
        types = {name: torch.cat([value, value.new_zeros(1, 1)], dim=1) for name, value in prompt.types.items()}
        media = media_of([prompt], in_one_row=False)
        expected = model(input_ids=ids, attention_mask=torch.ones_like(ids), logits_to_keep=2, **media, **types).logits
    apart = torch.stack(found).float().softmax(dim=-1) - expected[0].float().softmax(dim=-1)
    return float(apart.abs().sum(dim=-1).max() / 2)
