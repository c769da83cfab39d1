"""Distillation from a larger model behind a server: it scores what the student wrote, once for each generation.

A completion that could not be scored, or a token that the server read otherwise, teaches nothing; it is counted, and
never taken for one on which both agree. The run goes on as long as the server answers at all: where it has scored
nothing of a batch, it is asked for the probe once more. Where nothing at all can be scored at the beginning, the run
does not begin.
"""

import logging
from collections.abc import Sequence
from typing import Any

import torch
from accelerate.utils import gather

from data import Brief, DataError
from rl.generation.endpoint import Endpoint
from rl.generation.remote_teacher import RemoteTeacher, Scores, Written
from rl.models.divergence import Likeliest, Teaches
from rl.shared_prefix.prompt import media_tokens
from rl.training.trainers.distil import RulingDistilTrainer, Told
from rl.training.trainers.draw import own_tokens

logger = logging.getLogger(__name__)

IDS, LOG_PROBS = "teacher_ids", "teacher_log_probs"
"""Where a batch holds a teacher's likeliest tokens in the place of each that the student wrote, (B, T, k)."""


class RemoteDistilTrainer(RulingDistilTrainer):
    """`RulingDistilTrainer` whose recipe names an endpoint.

    Raises:
        DataError: the server cannot be asked, or its model has another tokenizer.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        where, top_k = self.how.endpoint, self.how.top_k
        assert where is not None and top_k is not None, "the recipe has been checked"
        processor: Any = self.processing_class
        vocabulary = len(self._bare.get_output_embeddings().weight)
        endpoint = Endpoint(**where.model_dump())
        self.remote = RemoteTeacher(endpoint, top_k, processor, vocabulary, media_tokens(self._bare.config))
        self.remote.check()
        self._has_scored = False

    def _consult(self, output: dict[str, Any], briefs: Sequence[Brief], told: Sequence[Told | None]) -> torch.Tensor:
        ids, own = output["completion_ids"], own_tokens(output).bool()
        asked = {
            row: Written(each.messages, each.prompt.ids.tolist(), ids[row][own[row]].tolist())
            for row, each in enumerate(told)
            if each is not None
        }
        found = dict(zip(asked, self.remote.score(list(asked.values())), strict=True))
        faults = [(briefs[row].id, each) for row, each in found.items() if isinstance(each, Exception)]
        scores = [each if isinstance(each := found.get(row), list) else [] for row in range(len(ids))]
        likeliest = _tensors(scores, own.shape[1], self.how.top_k or 0)
        output[IDS], output[LOG_PROBS] = (part.to(ids.device) for part in likeliest)
        scored = own & output[LOG_PROBS].isfinite().any(dim=-1)
        wanted = own & torch.tensor([each is not None for each in told], device=own.device).unsqueeze(1)
        self._count(wanted, scored, faults)
        return scored.any(dim=1)

    def _count(self, wanted: torch.Tensor, scored: torch.Tensor, faults: Sequence[tuple[str, Exception]]) -> None:
        """Logs what was not scored, and ends the run, in all processes, where the server scores nothing any more."""
        reason = f"case '{faults[0][0]}': {faults[0][1]}" if faults else "it reads other tokens than were written"
        if faults:
            asked = int(wanted.any(dim=1).sum())
            logger.warning("the teacher left %d of %d completions unscored, first %s", len(faults), asked, reason)
        silent = None
        if wanted.any() and not scored.any():
            # At the beginning, that nothing can be used is wrong enough; later it may be the cases.
            silent = self.remote.silent() if self._has_scored else reason
        counts = torch.tensor([int(wanted.sum()), int(scored.sum()), int(silent is not None)], device=wanted.device)
        all_wanted, all_scored, dead = gather(counts).view(-1, 3).sum(dim=0).tolist()
        self._has_scored |= all_scored > 0
        if dead and not all_scored:
            raise DataError(
                f"the teacher has scored nothing of a whole batch: {silent or 'see the other processes'}; the run can "
                "go on from its last checkpoint with --resume",
                file=self.remote.shown,
            )
        if all_wanted:
            self._log("distil/unscored", 1 - all_scored / all_wanted)

    def _taught(self, inputs: dict[str, Any]) -> torch.Tensor:
        return super()._taught(inputs) & inputs[LOG_PROBS].isfinite().any(dim=-1)

    def _said(self, inputs: dict[str, Any], mask: torch.Tensor) -> Teaches:
        return Likeliest(inputs[IDS][mask], inputs[LOG_PROBS][mask])


def _tensors(scores: Sequence[Scores], longest: int, top_k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and log-probabilities (B, T, k) of completions' scores, -inf where there are none."""
    nothing: dict[int, float] = {}
    all_ids, all_log_probs = [], []
    for tokens in scores:
        every = [*tokens, *[nothing] * (longest - len(tokens))]
        all_ids.append([[*each, *[0] * (top_k - len(each))] for each in every])
        all_log_probs.append([[*each.values(), *[-torch.inf] * (top_k - len(each))] for each in every])
    return torch.tensor(all_ids), torch.tensor(all_log_probs)
