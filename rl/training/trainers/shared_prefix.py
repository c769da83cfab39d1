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
from torch.nn.functional import pad
from transformers import PreTrainedModel
from trl import GRPOConfig, GRPOTrainer
from trl.models.utils import unwrap_model_for_generation
from trl.trainer import grpo_trainer

from prompts.processor import reads_media
from rl.shared_prefix.attention import bare, prepare, why_not
from rl.shared_prefix.check import COARSE, TOLERANCE, difference
from rl.shared_prefix.forward import pack, widened
from rl.shared_prefix.generate import can_generate, generate
from rl.shared_prefix.prompt import Prompt, media_of
from rl.shared_prefix.stem import stem_of
from rl.terminal.console import console, is_first_process
from rl.training.trainers.prompt_reader import PromptReader

PROMPTS = "prompts"
"""Where a batch of TRL's holds the `Prompt` of each row."""


class SharedPrefixTrainer(GRPOTrainer):
    """TRL's trainer for rows with a column ``case``, equal for equal prompts.

    Args:
        shared_prefix: whether to share at all; if not, this is TRL's trainer.
    """

    args: GRPOConfig
    model: PreTrainedModel

    def __init__(self, *args: Any, shared_prefix: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.shares = shared_prefix
        """Whether prompts are shared; False for good once that has turned out to be impossible."""
        self._at_hand: list[Prompt] | None = None
        """Of each row of the batch that is being worked on, if prompts are shared."""
        self._pictures: list | None = None
        """Of each row, for whoever writes elsewhere and wants to see them."""
        self._by_row = False
        """Whether each row is given its own prompt as the processor read it, since prompts cannot be shared."""
        self._compared = False
        if shared_prefix:
            self._begin_sharing()

    def _begin_sharing(self) -> None:
        reason = why_not(self._bare)
        if self.aux_loss_enabled:
            reason = "its experts are balanced by a loss of their own"
        if self.tools:
            reason = "episodes have several turns"
        processor: Any = self.processing_class
        variables: Any = self.chat_template_kwargs
        self._reader = PromptReader(processor, self.chat_template, variables)
        if reason is not None:
            self._stop_sharing(reason)

    def _stop_sharing(self, reason: str) -> None:
        self.shares = False
        self._by_row = bool(reads_media(self._reader.processor) and not (self.tools or self.aux_loss_enabled))
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
        if not self.shares and not self._by_row:
            return super()._generate_and_score_completions(inputs)
        self._at_hand = self._reader.read(inputs)
        # TRL would run the processor again for pictures that it sees, and copy them for each row.
        without = [{name: value for name, value in row.items() if name != "images"} for row in inputs]
        self._pictures = [row.get("images") or None for row in inputs] if self.use_vllm else None
        output = super()._generate_and_score_completions(without)
        return {**output, PROMPTS: self._at_hand}

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
            fields = {} if self.use_vllm else batched(self._at_hand)
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
            written = generate(bare(model), rows, self.generation_config, stem)
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
        elsewhere = self._by_row or self.use_vllm or self.use_transformers_continuous_batching
        return not (elsewhere or in_pieces) and can_generate(self.generation_config)

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        with _groups_stay_together():
            return super()._prepare_inputs(generation_batch)

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        self._at_hand = inputs.get(PROMPTS)
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
        if self._by_row:
            return row_inputs(prompts, ids[rows], mask[rows], size), lambda figures: figures[:, -size:]
        packed = pack(self._bare, prompts, ids[rows, -size:], mask[rows, -size:])
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


def batched(prompts: Sequence[Prompt]) -> dict[str, Any]:
    """What `generate` wants beside ids, for a row of the batch each; token types are lists, to be padded."""
    types = {
        name: [
            prompt.media[name].view(-1).tolist() if name in prompt.media else [0] * len(prompt.ids)
            for prompt in prompts
        ]
        for name in dict.fromkeys(name for prompt in prompts for name in prompt.types)
    }
    return media_of(prompts, in_one_row=False) | types


def row_inputs(prompts: Sequence[Prompt], ids: torch.Tensor, mask: torch.Tensor, size: int) -> dict[str, torch.Tensor]:
    """What a model is called with to score completions, a row for each: ids, their mask, labels, and of each row's
    prompt its own media.

    Args:
        ids: (B, P + T) prompts padded on the left, then completions.
        mask: 1 where there is a token, (B, P + T).
        size: T.
    """
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :-size] = -100
    types = {
        name: torch.stack(
            [pad(torch.tensor(row, device=ids.device), (ids.shape[1] - size - len(row), size)) for row in rows]
        )
        for name, rows in batched(prompts).items()
        if isinstance(rows, list)
    }
    media = {name: value.to(ids.device) for name, value in media_of(prompts, in_one_row=False).items()}
    return {"input_ids": ids, "attention_mask": mask, "labels": labels, **media, **types}


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
