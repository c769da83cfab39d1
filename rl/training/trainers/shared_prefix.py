"""SharedPrefixTrainer: TRL's GRPO trainer, reading each prompt once for all the completions on it (trl 1.16).

Each distinct prompt goes through the processor once, is prefilled once, what all of them begin with only once for all,
and stands once in the row that log-probabilities and gradients come from; its pictures go through the vision tower
once a pass. A batch is shuffled by group, so that what belongs together comes to the same forward pass; a group that a
batch cannot hold is split, and its prompt read once for each part.

How many forward passes a process makes depends on the settings alone and never on what was drawn: sharded models hang
otherwise. Whether a model's rows can be packed is told by its architecture and, before anything is generated, by
comparing log-probabilities on a real prompt; where they cannot, all processes take TRL's own path, and say so once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, cast

import torch
from accelerate.utils import gather
from transformers import PreTrainedModel
from trl import GRPOConfig, GRPOTrainer
from trl.models.utils import unwrap_model_for_generation
from trl.trainer import grpo_trainer

from prompts.processor import reads_media
from prompts.tool_turns import knows_tools
from rl.shared_prefix.attention import bare, prepare, why_not
from rl.shared_prefix.check import COARSE, TOLERANCE, difference
from rl.shared_prefix.forward import pack, widened
from rl.shared_prefix.generate import can_generate, generate
from rl.shared_prefix.prompt import Prompt
from rl.shared_prefix.rows import batched, row_by_row, row_inputs
from rl.shared_prefix.stem import stem_of
from rl.terminal.console import console, is_first_process
from rl.training.trainers.prompt_reader import PromptReader

PROMPTS = "prompts"
"""Where a batch of TRL's holds the `Prompt` of each row."""
PICTURED = "pictured"
"""Where it holds each completion as a `Prompt`, where tools have shown pictures in it; None where none has."""


class SharedPrefixTrainer(GRPOTrainer):
    """TRL's trainer for rows with a column ``case``, equal for equal prompts.

    Args:
        shared_prefix: whether to share at all; if not, this is TRL's trainer.
        reads: whether prompts are read here even if they cannot be shared, and passed through the model row by row, so
            that a completion may hold pictures.
        schemas: of tools that prompts tell of, where the chat template does.
    """

    args: GRPOConfig
    model: PreTrainedModel

    def __init__(
        self,
        *args: Any,
        shared_prefix: bool = False,
        reads: bool = False,
        schemas: list[dict[str, Any]] | None = None,
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.shares = shared_prefix
        """Whether prompts are shared; False for good once that has turned out to be impossible."""
        self.reads = reads
        self._at_hand: list[Prompt] | None = None
        """Of each row of the batch that is being worked on, if prompts are read here."""
        self._begun: list[Prompt] | None = None
        """What stands behind each prompt already, while an episode goes on."""
        self._pictured: list[Prompt | None] | None = None
        """Of each row, the completion with its pictures, if there are any."""
        self._pictures: list | None = None
        """Of each row, for whoever writes elsewhere and wants to see them."""
        self._compared = False
        processor: Any = self.processing_class
        told = {"tools": schemas} if schemas and knows_tools(processor) else {}
        variables: Any = self.chat_template_kwargs
        self.variables: dict[str, Any] = {**variables, **told}
        """What the chat template is given."""
        self._reader = PromptReader(processor, self.chat_template, self.variables)
        if shared_prefix:
            self._begin_sharing()

    def _begin_sharing(self) -> None:
        reason = why_not(self._bare)
        if self.aux_loss_enabled:
            reason = "its experts are balanced by a loss of their own"
        if reason is not None:
            self._stop_sharing(reason)

    def _stop_sharing(self, reason: str) -> None:
        self.shares = False
        self.reads = self.reads or (reads_media(self._reader.processor) and not self.aux_loss_enabled)
        self._at_hand = None
        if is_first_process():
            console().print(f"each prompt is read once for every completion, not shared: {reason}")

    @property
    def _bare(self) -> PreTrainedModel:
        """The policy without what wraps it for several processes or for adapters."""
        return bare(self.accelerator.unwrap_model(self.model))

    def _generate_and_score_completions(self, inputs: list) -> dict[str, Any]:
        if self.shares and not self._compared:
            self._compare(inputs)
        self._pictured = None
        if not (self.shares or self.reads):
            return super()._generate_and_score_completions(inputs)
        self._at_hand = self._reader.read(inputs)
        # TRL would run the processor again for pictures that it sees, and copy them for each row.
        without = [{name: value for name, value in row.items() if name != "images"} for row in inputs]
        self._pictures = [row.get("images") or None for row in inputs] if self.use_vllm else None
        output = super()._generate_and_score_completions(without)
        shown: dict[str, Any] = {} if self._pictured is None else {PICTURED: self._pictured}
        return {**output, PROMPTS: self._at_hand, **shown}

    def _compare(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Prepares the models; stops sharing in all processes if in one packed log-probabilities are not the dense."""
        self._compared = True
        for model in filter(None, (self.model, self.ref_model)):  # a critic's trunk too, if one has been attached
            prepare(self.accelerator.unwrap_model(model))
        training = self.model.training
        self.model.eval()
        with self.accelerator.autocast():
            prompt = self._reader.read(rows[:1])[0].to(self.accelerator.device)
            found = difference(self.model, self._bare, prompt)
        self.model.train(training)
        worst = gather(torch.tensor([found], device=self.accelerator.device)).max().item()
        half = self.args.bf16 or self.args.fp16
        if not worst <= (COARSE if half else TOLERANCE.get(self._bare.dtype, COARSE)):
            self._stop_sharing(f"packed, its log-probabilities differ by {worst:.2g} on average")

    def _tokenize_prompts(self, prompts: list) -> Any:
        if self._at_hand is None:
            return super()._tokenize_prompts(prompts)
        return [prompt.ids.tolist() for prompt in self._at_hand], None, {}

    def _generate_single_turn(self, prompt_ids: list, images: Any, multimodal_fields: dict, *args: Any) -> Any:
        if self._at_hand is None:
            return super()._generate_single_turn(prompt_ids, images, multimodal_fields, *args)
        if not self._writes:
            whole = self._at_hand
            if self._begun is not None:
                whole = [Prompt.joined(pieces) for pieces in zip(whole, self._begun, strict=True)]
            fields = {} if self.use_vllm else batched(whole)
            return super()._generate_single_turn(prompt_ids, self._pictures, fields, *args)
        prompts, checkpointing = list(self._at_hand), cast(Any, self.args.gradient_checkpointing_kwargs)
        places = {id(prompt): prompt.to(self.accelerator.device) for prompt in prompts}
        with unwrap_model_for_generation(
            self.model_wrapped,
            self.accelerator,
            generation_kwargs=self.generation_kwargs,
            gradient_checkpointing_kwargs=checkpointing,
        ) as model:
            stem = stem_of(bare(model), list(places.values()))
            rows = [places[id(prompt)] for prompt in prompts]
            begun = self._begun and [piece.to(self.accelerator.device) for piece in self._begun]
            written = generate(bare(model), rows, self.generation_config, stem, begun)
        return [row.ids for row in written], None

    @property
    def _writes(self) -> bool:
        """Whether completions are written here. While a model is in pieces all processes would have to write equally
        long, and TRL sees to that.
        """
        plugin = self.accelerator.state.deepspeed_plugin
        in_pieces = self.is_fsdp_enabled or (
            plugin is not None and plugin.zero_stage == 3 and not self.args.ds3_gather_for_generation
        )
        elsewhere = self.use_vllm or self.use_transformers_continuous_batching
        return self.shares and not (elsewhere or in_pieces) and can_generate(self.generation_config)

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        with _groups_stay_together():
            return super()._prepare_inputs(generation_batch)

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        self._at_hand, self._pictured = inputs.get(PROMPTS), inputs.get(PICTURED)
        return super()._compute_loss(model, inputs)

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        **kwargs: Any,
    ) -> Any:
        if self._at_hand is None:
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, batch_size, compute_entropy, **kwargs
            )
        if self._pictured is not None and not self.shares:
            with self.accelerator.autocast():
                found = row_by_row(
                    model,
                    self._at_hand,
                    input_ids[:, -logits_to_keep:],
                    attention_mask[:, -logits_to_keep:],
                    self._pictured,
                )
            return found.log_probs, found.entropy if compute_entropy else None, None
        logps, entropies = [], []
        for rows in self._pieces(len(input_ids), batch_size):
            inputs, of_rows = self._inputs(rows, input_ids, attention_mask, logits_to_keep)
            with self.accelerator.autocast():
                output = model(**inputs, fused_lm_head=True)
            logps.append(of_rows(output.log_probs))
            if compute_entropy:
                entropies.append(of_rows(output.entropy))
        return torch.cat(logps), torch.cat(entropies) if compute_entropy else None, None

    def _inputs(
        self, rows: slice, ids: torch.Tensor, mask: torch.Tensor, size: int
    ) -> tuple[dict[str, Any], Callable[[torch.Tensor], torch.Tensor]]:
        """What the model is called with to score some rows' completions, (B, ``size``), and what finds the figures of
        these in its output.
        """
        assert self._at_hand is not None
        prompts = self._at_hand[rows]
        if not self.shares:
            return row_inputs(prompts, ids[rows], mask[rows], size), lambda figures: figures[:, -size:]
        pictured = self._pictured[rows] if self._pictured is not None else [None] * len(prompts)
        packed = pack(self._bare, prompts, ids[rows, -size:], mask[rows, -size:], None, pictured)
        inputs = {**packed.inputs, "shift_labels": packed.labels}
        return inputs, lambda figures: widened(packed.layout.rows(figures), size)

    def _pieces(self, rows: int, batch_size: int | None) -> Iterator[slice]:
        """Parts of a batch that fit into a forward pass: whole groups, where one fits."""
        if batch_size is None:
            yield slice(0, rows)
            return
        size = batch_size
        group = (self.num_generations if self.model.training else self.num_generations_eval) or 1
        size -= size % group if size > group else 0
        for start in range(0, rows, size):
            yield slice(start, start + size)


@contextmanager
def _groups_stay_together() -> Iterator[None]:
    """Meanwhile, TRL shuffles batches that hold prompts group by group instead of row by row."""
    by_row = grpo_trainer.shuffle_sequence_dict

    def shuffled(batch: dict[str, Any]) -> dict[str, Any]:
        if PROMPTS not in batch:
            return by_row(batch)
        places = range(len(batch[PROMPTS]))
        groups = [list(group) for _, group in groupby(places, key=lambda place: id(batch[PROMPTS][place]))]
        order = [place for group in torch.randperm(len(groups)).tolist() for place in groups[group]]

        def reordered(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                return value[order] if value.dim() else value
            return None if value is None else [value[place] for place in order]

        return {name: reordered(value) for name, value in batch.items()}

    grpo_trainer.shuffle_sequence_dict = shuffled  # type: ignore[assignment]  # TRL calls it with its own batches
    try:
        yield
    finally:
        grpo_trainer.shuffle_sequence_dict = by_row
