"""Continuations of a prompt: put behind it, and how likely a model finds them. Loads torch."""

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
    device = prompts["input_ids"].device
    tokens = _padded([tokens for tokens, _ in continuations], device)
    counted = _padded([list(map(int, counted)) for _, counted in continuations], device)
    inputs, width = followed_by(prompts, [tokens for tokens, _ in continuations]), tokens.shape[1]
    logits = local.forward(inputs, logits_to_keep=width + 1).logits[:, :-1]
    sums = []
    for row in range(len(continuations)):  # by rows: the vocabulary is wide, and float32 twice as wide
        log_probabilities = logits[row].float().log_softmax(dim=-1).gather(-1, tokens[row, :, None])[:, 0]
        sums.append(float((log_probabilities * counted[row]).sum()))
    return sums


def followed_by(prompts: Any, continuations: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Model inputs with each row's further tokens behind it, filled up on the right. What else is given for each token
    is 0 there, as it is for text.
    """
    device, shape = prompts["input_ids"].device, prompts["input_ids"].shape
    tokens = _padded(continuations, device)
    further = {"input_ids": tokens, "attention_mask": _padded([[1] * len(row) for row in continuations], device)}

    def extended(name: str, value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or value.shape != shape:
            return value
        return torch.cat([value, further.get(name, torch.zeros_like(tokens)).to(value.dtype)], dim=1)

    return {name: extended(name, value) for name, value in prompts.items()}


def _padded(rows: Sequence[Sequence[int]], device: torch.device) -> torch.Tensor:
    """Rows of numbers as a tensor [rows, longest], filled with 0 on the right."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[0] * (width - len(row))] for row in rows], dtype=torch.long, device=device)
