"""ChosenLogProbs: how likely each token was that a model wrote, noted while it writes."""

import torch
from transformers import LogitsProcessor


class ChosenLogProbs(LogitsProcessor):
    """Notes, while a model generates, how likely each chosen token was. It changes nothing.

    Keeping one step's scores instead of all of them is what makes this cheap: all would be steps × vocabulary.
    """

    def __init__(self) -> None:
        self._scores: torch.Tensor | None = None
        self._chosen: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if self._scores is not None:
            chosen = self._scores.gather(1, input_ids[:, -1:]).squeeze(1)
            self._chosen.append(chosen - self._scores.logsumexp(dim=1))
        self._scores = scores
        return scores

    @property
    def logprobs(self) -> list[list[float]]:
        """Per completion, its tokens' log-probabilities; the last token's is not known."""
        return torch.stack(self._chosen, dim=1).tolist() if self._chosen else []
