"""EpisodeTrainer: completions that are episodes of several turns, at a desk (trl 1.16).

The policy writes a turn, the desk answers, the policy goes on, until a turn is final; then everything behind the
prompt is one completion, in which a mask tells the policy's tokens from those that it was told. Each round, only the
episodes that go on are written on, on the prompt that their group shares, with what each has seen of its own behind
it. Tools' pictures go through the model wherever log-probabilities or values are asked for; an episode without calls
is written and trained on as if there were no desk.

TRL's own loop is not used: it decodes what was written and renders it again, and runs pictures through another path.
TRL gets the episodes from its ``rollout_func``. The number of rounds differs between processes, so a model in pieces
cannot write.
"""

from collections.abc import Sequence
from typing import Any

from data import Briefs, DataError
from prompts import opening_of
from prompts.processor import special_tokens
from rl.desk import Desks
from rl.generation.decode import turn_of
from rl.models.load import context_length
from rl.shared_prefix.prompt import Prompt
from rl.training.pieces import Pieces
from rl.training.trainers.shared_prefix import SharedPrefixTrainer
from rl.training.trainers.trajectory import Trajectory


class EpisodeTrainer(SharedPrefixTrainer):
    """Its rows name cases by ``case``.

    Args:
        desks: what may be looked up; None where episodes have one turn.
        briefs: of all the cases that rows may name.

    Raises:
        DataError: a tool may have side effects, or completions are written elsewhere.
    """

    def __init__(self, *args: Any, desks: Desks | None = None, briefs: Briefs | None = None, **kwargs: Any):
        super().__init__(*args, reads=desks is not None, schemas=desks.schemas if desks else None, **kwargs)
        self.desks, self.briefs = desks, briefs
        self._trajectories: list[Trajectory] = []
        """Of this process's rows, from one generation to the next."""
        if desks is None:
            return
        desks.check_parallel()
        if self.use_vllm or self.use_transformers_continuous_batching:
            raise DataError("episodes with tools are written by this process alone: leave it out", field="trainer")
        if self.aux_loss_enabled:
            raise DataError("experts that are balanced by a loss of their own have not been tried", field="desk")
        processor: Any = self.processing_class
        self._specials, self._context = special_tokens(processor), context_length(self._bare)
        self._reads = Pieces(processor, self.eos_token_ids, self.variables)
        variables: Any = self.chat_template_kwargs
        self._begins = opening_of(processor, **variables)
        self.rollout_func = self._roll_out

    def _generate_and_score_completions(self, inputs: list) -> dict[str, Any]:
        self._cases, self._trajectories = [row["case"] for row in inputs], []
        return super()._generate_and_score_completions(inputs)

    def _roll_out(self, prompts: Sequence[Any], trainer: Any) -> dict[str, Any]:
        """What TRL asks of a ``rollout_func``: ids of prompts and completions, and which of these are the policy's."""
        assert self.desks is not None and self.briefs is not None and self._at_hand is not None
        at_hand = self._at_hand
        rows = [
            Trajectory(prompt, self.desks.at(self.briefs[case], self._specials))
            for prompt, case in zip(at_hand, self._cases, strict=True)
        ]
        going = rows
        while going:
            going = self._round(going)
        self._at_hand, self._begun, self._trajectories = at_hand, None, rows
        self._pictured = [row.pictured for row in rows]
        return {
            "prompt_ids": [row.prompt.ids.tolist() for row in rows],
            "completion_ids": [row.behind.ids.tolist() for row in rows],
            "env_mask": [row.own for row in rows],
            "logprobs": None,
        }

    def _round(self, rows: list[Trajectory]) -> list[Trajectory]:
        """One turn of each episode; those that go on."""
        begun = [row.behind for row in rows] if rows[0].turns else None
        self._at_hand, self._begun = [row.prompt for row in rows], begun
        before = [row.prompt if begun is None else Prompt.joined([row.prompt, row.behind]) for row in rows]
        written, _ = self._generate_single_turn([prompt.ids.tolist() for prompt in before], None, {}, 1)
        going = []
        for row, ids in zip(rows, written, strict=True):
            row.write(ids, turn_of(self._tokenizer, ids, self.eos_token_ids, opening=self._begins))
            if not ids or ids[-1] not in self.eos_token_ids:
                continue  # cut off: it has had its say
            if (answer := row.desk.answer(row.turns[-1].text)) is None:
                continue
            piece = self._reads.answered(answer.message)
            if row.length + len(piece.ids) + (self.max_completion_length or 0) <= self._context:
                row.go_on(answer, piece)
                going.append(row)
        return going
