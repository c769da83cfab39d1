"""How far one model's next token is from another's, at many places, without holding all their scores at once.

The scores of a vocabulary are made for some places at a time and made again in the backward pass, so that memory goes
with the width of the vocabulary and not with the number of places.
"""

from dataclasses import dataclass
from math import log
from typing import Any, Literal

import torch
from torch.nn.functional import linear
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

Kind = Literal["forward", "reverse", "jensen_shannon"]
AT_ONCE = 1 << 26
"""Scores that are held at once, of each of two models."""
LEAST = 1e-6
"""What the tokens that are lumped together are taken to weigh at least: single precision knows no less."""


NOTHING = -1e4
"""The logarithm of what weighs nothing; with an infinity there would be no gradients."""


@dataclass(frozen=True, eq=False)
class Likeliest:
    """What is known of a model elsewhere at N places: the tokens that it finds likeliest, and so what all others
    weigh together.
    """

    ids: torch.Tensor
    """(N, k)"""
    log_probs: torch.Tensor
    """(N, k) -inf where fewer are known."""


@dataclass(frozen=True)
class Head:
    """What makes scores of hidden states; it may be another model's than the states'."""

    weight: torch.Tensor
    """(V, H)"""
    bias: torch.Tensor | None = None
    """(V,)"""
    scale: float = 1.0
    cap: float | None = None
    temperature: float = 1.0

    @classmethod
    def of(cls, model: PreTrainedModel, temperature: float = 1.0) -> "Head":
        """A model's, as TRL's fused head has it (trl 1.16)."""
        config: Any = model.config.get_text_config()
        head: Any = model.get_output_embeddings()
        names = ("logit_scale", "output_multiplier", "lm_head_multiplier")
        scale = next((found for name in names if (found := getattr(config, name, None)) is not None), None)
        if scale is None and (divisor := getattr(config, "logits_scaling", None)) is not None:
            scale = divisor if config.model_type == "hyperclovax" else 1 / divisor
        cap = getattr(config, "final_logit_softcapping", None)
        return cls(head.weight, head.bias, 1.0 if scale is None else scale, cap, temperature)

    def log_probs(self, states: torch.Tensor) -> torch.Tensor:
        """(N, H) → (N, V), in single precision."""
        scores = linear(states.to(self.weight.dtype), self.weight, self.bias).float() * self.scale
        if self.cap is not None:
            scores = self.cap * torch.tanh(scores / self.cap)
        return (scores / self.temperature).log_softmax(dim=-1)


def divergence(student: torch.Tensor, teacher: torch.Tensor, kind: Kind, top_k: int | None = None) -> torch.Tensor:
    """(N, V) log-probabilities of each → (N,) nats, 0 where they are the same.

    Args:
        kind: ``forward`` is KL(teacher ‖ student), ``reverse`` KL(student ‖ teacher), ``jensen_shannon`` the mean of
            both to the mixture of the two.
        top_k: how many tokens are told apart, the teacher's likeliest; the others count as one.

    Example:
        >>> half, quarter = torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.25, 0.75]]).log()
        >>> round(divergence(quarter, half, "forward").item(), 4)  # ½·ln 2 + ½·ln ⅔
        0.1438
    """
    if top_k is not None and top_k < teacher.shape[-1]:
        likeliest = teacher.topk(top_k, dim=-1).indices
        student, teacher = (_lumped(each.gather(-1, likeliest)) for each in (student, teacher))
    return _between(student, teacher, kind)


def divergence_from(student: torch.Tensor, teacher: Likeliest, kind: Kind) -> torch.Tensor:
    """(N, V) log-probabilities of a student → (N,) nats from what is known of a teacher. Any kind can be made of that,
    since the student's share of the others is known as the teacher's is; none is more than over the whole vocabulary.

    Example:
        >>> student = torch.tensor([[0.5, 0.2, 0.3]]).log()
        >>> known = Likeliest(torch.tensor([[0]]), torch.tensor([[0.25]]).log())
        >>> round(divergence_from(student, known, "forward").item(), 4)  # ¼·ln ½ + ¾·ln (¾ / ½)
        0.1308
    """
    known = teacher.log_probs.isfinite()
    own, other = student.gather(-1, teacher.ids), teacher.log_probs
    own, other = (_lumped(each.masked_fill(~known, NOTHING)) for each in (own, other))
    return _between(own, other, kind)


def _between(student: torch.Tensor, teacher: torch.Tensor, kind: Kind) -> torch.Tensor:
    if kind == "forward":
        return _kl(teacher, student)
    if kind == "reverse":
        return _kl(student, teacher)
    mixture = torch.logaddexp(student, teacher) - log(2)
    return (_kl(student, mixture) + _kl(teacher, mixture)) / 2


Teaches = tuple[torch.Tensor, Head] | Likeliest
"""What a teacher says at N places: hidden states (N, H) and the head that reads them, or its likeliest tokens."""


def compared(
    student: tuple[torch.Tensor, Head], teacher: Teaches, kind: Kind, top_k: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """How far the student is from the teacher, and its entropy, (N,) each. Gradients reach the student alone, and of
    its entropy nobody.

    Args:
        student: hidden states (N, H), and the head that reads them.
        teacher: the same of the teacher, (N, H'), or its likeliest tokens, of which ``top_k`` has been taken.
    """
    states, head = student

    def some(states: torch.Tensor, *theirs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        own = head.log_probs(states)
        with torch.no_grad():
            entropy = -(own.exp() * own).sum(dim=-1)
        if isinstance(teacher, Likeliest):
            return divergence_from(own, Likeliest(*theirs), kind), entropy
        with torch.no_grad():
            other = teacher[1].log_probs(*theirs)
        return divergence(own, other, kind, top_k), entropy

    places = max(1, AT_ONCE // len(head.weight))
    said = (teacher.ids, teacher.log_probs) if isinstance(teacher, Likeliest) else teacher[:1]
    pieces = zip(states.split(places), *(part.split(places) for part in said), strict=True)
    found = [checkpoint(some, *piece, use_reentrant=False) for piece in pieces]
    distances, entropies = zip(*found, strict=True)
    return torch.cat(distances), torch.cat(entropies)


def _kl(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return (one.exp() * (one - other)).sum(dim=-1)


def _lumped(log_probs: torch.Tensor) -> torch.Tensor:
    """(N, k) → (N, k + 1), with what all other tokens weigh."""
    rest = (1 - log_probs.exp().sum(dim=-1, keepdim=True)).clamp(min=LEAST).log()
    return torch.cat([log_probs, rest], dim=-1)
