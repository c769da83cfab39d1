"""How likely a model finds a continuation of its prompt. Loads torch."""

from collections.abc import Sequence
from typing import Any

import torch

from rewards.models.local_model import LocalModel


def log_likelihoods(
    local: LocalModel, prompts: Any, continuations: Sequence[tuple[Sequence[int], Sequence[bool]]]
) -> list[float]:
    """For each row, the sum of log P(token | prompt, tokens before it) over the tokens that count.

    Args:
        prompts: model inputs, padded on the left.
        continuations: for each row its further tokens, and which of them count.
    """
    width = max(len(tokens) for tokens, _ in continuations)
    device = prompts["input_ids"].device
    tokens = _padded([list(tokens) for tokens, _ in continuations], width, device)
    counted = _padded([list(map(int, counted)) for _, counted in continuations], width, device)
    written = _padded([[1] * len(tokens) for tokens, _ in continuations], width, device)
    inputs = {name: _extended(name, value, tokens, written, prompts) for name, value in prompts.items()}
    logits = local.forward(inputs, logits_to_keep=width + 1).logits[:, :-1]
    sums = []
    for row in range(len(continuations)):  # by rows: the vocabulary is wide, and float32 twice as wide
        log_probabilities = logits[row].float().log_softmax(dim=-1).gather(-1, tokens[row, :, None])[:, 0]
        sums.append(float((log_probabilities * counted[row]).sum()))
    return sums


def _extended(name: str, value: Any, tokens: torch.Tensor, written: torch.Tensor, prompts: Any) -> Any:
    """An input with the continuation behind it: what is given for each token is 0 for text."""
    if not isinstance(value, torch.Tensor) or value.shape != prompts["input_ids"].shape:
        return value
    further = {"input_ids": tokens, "attention_mask": written}.get(name, torch.zeros_like(tokens))
    return torch.cat([value, further.to(value.dtype)], dim=1)


def _padded(rows: Sequence[list[int]], width: int, device: torch.device) -> torch.Tensor:
    """Rows of numbers as a tensor [rows, width], filled with 0 on the right."""
    return torch.tensor([row + [0] * (width - len(row)) for row in rows], device=device)
