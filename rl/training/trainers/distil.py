"""Self-distillation's own part: a teacher that reads the brief and feedback on it scores the student's own tokens.

    loss = Σₜ D(student(· | brief, y<t), teacher(· | brief, feedback, y<t)) / tokens  (+ weight · GRPO's loss)

The student writes as in GRPO, and the rubric scores what it wrote. What the teacher is told is made of gold or of the
scorecards (`rl.training.feedback`); the student moves to its distributions at every token of its own. The teacher is
the policy as it was at the start, as it is, or a moving average of it (`rl.models.teacher`); no gradient reaches it. A
completion about which nothing can be told teaches nothing. Both read each prompt once for all completions on it, where
prompts are shared.

A larger teacher behind a server is `rl.training.trainers.remote_distil`.

A checkpoint holds the teacher where it cannot be had from the model that the run began with.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate.utils import gather
from torch.nn.functional import pad
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from data import Brief, DataError
from prompts import Message
from prompts.feedback import Feedback, with_feedback
from prompts.processor import Processor, special_tokens
from rl.config.distil import DistilConfig
from rl.config.model import ModelConfig
from rl.models.divergence import Teaches
from rl.models.lesson import Learned, Lesson, make_teachable
from rl.models.load import context_length
from rl.models.teacher import Teacher, is_teachers, teacher_of
from rl.shared_prefix.attention import prepare
from rl.shared_prefix.prompt import Prompt
from rl.training.feedback import Tell
from rl.training.rows import opened, prompts_of
from rl.training.trainers.draw import own_tokens
from rl.training.trainers.grpo import RulingGRPOTrainer, lessons
from rl.training.trainers.measuring import MeasuringTrainer
from rl.training.trainers.shared_prefix import PROMPTS
from rl.training.trainers.snapshot_callback import FLAT

NOT_SHARDED = (
    "each process holds a teacher whole, or the student's head at least, which ZeRO and FSDP would leave in pieces: "
    "take multi_gpu"
)
WEIGHTS = "teacher.safetensors"
"""A file of a checkpoint."""
TOLD = "told"
"""Where a batch holds what the teacher reads before each completion, a `Prompt`."""
LESSONS, TOKENS = "lessons", "lesson_tokens"
"""Where it holds what each completion's lesson weighs, (B,), 0 where there is none; and how many tokens have one."""


class Told(NamedTuple):
    """What a teacher reads before a completion."""

    prompt: Prompt
    messages: list[Message]


class RulingDistilTrainer(MeasuringTrainer, RulingGRPOTrainer):
    """Self-distillation on the policy that Ruling's RL trainers share.

    Args:
        distil: who the teacher is, and how the student is compared with it.
        tell: what the teacher is told.
        start: the model that the run began with.
        template: the prompt template.
        checkpoint: where the run goes on from, if it does.

    Raises:
        DataError: the model or its optimiser is in pieces, or its experts are balanced by a loss of their own.
    """

    def __init__(
        self,
        *args: Any,
        distil: DistilConfig,
        tell: Tell,
        start: ModelConfig,
        template: str = "default",
        checkpoint: Path | None = None,
        **kwargs: Any,
    ):
        super().__init__(*args, checkpoint=checkpoint, **kwargs)
        if self.sharding is not None:
            raise DataError(NOT_SHARDED, field="distil")
        if self.aux_loss_enabled:
            raise DataError("experts that are balanced by a loss of their own have not been tried", field="distil")
        self.how, self.tell, self.template = distil, tell, template
        self.reads = True  # what the teacher reads is read here, so what the student does is, too
        processor: Any = self.processing_class
        self._specials, self._context = special_tokens(processor), context_length(self._bare)
        make_teachable(self._bare)
        self.teacher: Teacher = teacher_of(self.model, start, 0.0 if distil.endpoint else distil.decay)
        if self.teacher.model is not None:
            self.settle_pictures(self.teacher.model)
        if checkpoint is not None:
            self.teacher.restore(checkpoint / WEIGHTS)
        self.add_callback(_AfterEachStep(self.teacher))

    def advantages_of(self, output: dict[str, Any], totals: torch.Tensor) -> torch.Tensor:
        """GRPO's, where its loss is mixed in; else 1 for a completion that the teacher was told something about."""
        advantages = super().advantages_of(output, totals)
        briefs = [self._brief(episode.case) for episode, _ in self._scored]
        cards = [card for _, card in self._scored]
        read = self._told(briefs, [self.tell(*pair) for pair in zip(briefs, cards, strict=True)])
        output[TOLD] = [own if told is None else told.prompt for told, own in zip(read, output[PROMPTS], strict=True)]
        known = self._consult(output, briefs, read)
        of_rows = [self._weight({"case": brief.id, "weight": brief.case.weight}) for brief in briefs]
        output[LESSONS] = torch.tensor(of_rows, device=advantages.device) * known
        output[TOKENS] = gather(self._taught(output).sum()).sum()
        self._log("distil/told", gather(known.float()).mean().item())
        if self.how.grpo:
            return advantages
        self._metrics["train" if self.model.training else "eval"].pop(FLAT, None)  # of groups, which nothing here is
        return known.float()

    def _consult(self, output: dict[str, Any], briefs: Sequence[Brief], told: Sequence[Told | None]) -> torch.Tensor:
        """Which completions have a lesson, (B,). A teacher that is not at hand later is asked now."""
        return torch.tensor([prompt is not None for prompt in told], device=output["completion_ids"].device)

    def _taught(self, inputs: dict[str, Any]) -> torch.Tensor:
        """Which tokens of a batch a teacher says something about, (B, T)."""
        return own_tokens(inputs).bool() & (inputs[LESSONS] != 0).unsqueeze(1)

    def _brief(self, case: str) -> Brief:
        assert self.briefs is not None
        return self.briefs[case]

    def _told(self, briefs: Sequence[Brief], feedback: Sequence[Feedback | None]) -> list[Told | None]:
        """What the teacher reads before each completion: one object where it is the same; None where nothing is known,
        or it would leave no room for the completion.
        """
        processor: Processor = self.processing_class  # type: ignore[assignment]
        known: dict[str, Told] = {}
        found: list[Told | None] = []
        for brief, about in zip(briefs, feedback, strict=True):
            if about is None:
                found.append(None)
                continue
            name = f"{brief.id}\n{about.text(self._specials)}"
            if name not in known:
                (prompt,) = prompts_of([brief], self.template, self._specials)
                messages = with_feedback(prompt, about, self._specials, self.template)
                known[name] = Told(self._reader.read([opened(name, messages, processor)])[0], messages)
            fits = len(known[name].prompt.ids) + (self.max_completion_length or 0) <= self._context
            found.append(known[name] if fits else None)
        return found

    def _compare(self, rows: Any) -> None:
        if self.teacher.model is not None:
            prepare(self.teacher.model)
        super()._compare(rows)

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        loss = self._distilled(model, inputs)
        if not self.how.grpo:
            return loss
        self._log("distil/loss", self.accelerator.reduce(loss.detach(), reduction="mean").item())
        policy: torch.Tensor = super()._compute_loss(model, inputs)
        return loss + self.how.grpo * policy

    def _distilled(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """How far the student is from the teacher, for each token that a step learns from."""
        inputs = lessons(inputs, LESSONS)
        mask = self._taught(inputs)
        said = self._said(inputs, mask)
        asked, places = self._asked(inputs[PROMPTS], inputs, mask)
        lesson = Lesson(places, said, self.how.divergence, self.how.top_k, self.temperature)
        with self.accelerator.autocast():
            learned: Learned = model(**asked, lesson=lesson)
        everywhere = torch.ones_like(learned.divergence)
        self._log("distil/divergence", self._mean(learned.divergence.detach(), everywhere)[1])
        if not self.how.grpo:  # TRL logs it, too
            self._log("entropy", self._mean(learned.entropy, everywhere)[1])
        weights = inputs[LESSONS].unsqueeze(1).expand_as(mask)[mask]
        return (learned.divergence * weights).sum() / self._tokens(inputs[TOKENS])

    def _said(self, inputs: dict[str, Any], mask: torch.Tensor) -> Teaches:
        """What the teacher says of the tokens under a mask."""
        read, places = self._asked(inputs[TOLD], inputs, mask)
        # In a context of its own: weights that one casts without gradients, the student would take for its own.
        with self.accelerator.autocast():
            return self.teacher.read(read, places, self.temperature)

    def _asked(
        self, prompts: Sequence[Prompt], inputs: dict[str, Any], mask: torch.Tensor
    ) -> tuple[dict[str, Any], torch.Tensor]:
        """What a model is called with to read completions behind prompts; and where in that, flattened, stands what
        predicts each token under a mask, (N,).
        """
        ids, written = inputs["completion_ids"], inputs["completion_mask"]
        self._at_hand, self._pictured = list(prompts), None
        size, longest = ids.shape[1], max(len(prompt.ids) for prompt in prompts)
        before = torch.stack([pad(prompt.ids.to(ids.device), (longest - len(prompt.ids), 0)) for prompt in prompts])
        lengths = torch.tensor([len(prompt.ids) for prompt in prompts], device=ids.device)
        attended = (torch.arange(longest, device=ids.device) >= longest - lengths[:, None]).to(written.dtype)
        whole, seen = torch.cat([before, ids], dim=1), torch.cat([attended, written], dim=1)
        asked, of_rows = self._inputs(slice(0, len(ids)), whole, seen, size)
        everywhere = torch.arange(asked["input_ids"].numel(), device=ids.device).view_as(asked["input_ids"])
        # Labels of packed rows stand where their tokens are predicted; others are moved there by who reads them.
        predicting = everywhere if "shift_labels" in asked else everywhere[:, :-1]
        return asked, of_rows(predicting)[mask]

    def _save(self, output_dir: str | None = None, state_dict: dict[str, torch.Tensor] | None = None) -> None:
        weights = self.model.state_dict() if state_dict is None else state_dict
        with self.teacher.left_out():
            super()._save(output_dir, {name: weight for name, weight in weights.items() if not is_teachers(name)})

    def keep(self, folder: Path) -> None:
        """With the teacher."""
        super().keep(folder)
        self.teacher.save(folder / WEIGHTS)


class _AfterEachStep(TrainerCallback):
    """Has a teacher follow the policy."""

    def __init__(self, teacher: Teacher):
        self.teacher = teacher

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.teacher.follow()
