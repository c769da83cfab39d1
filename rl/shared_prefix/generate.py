"""Generation that reads each prompt once: prefilled without padding, its keys and values held once for all its rows,
what prompts begin with in common held once for all of them, and rows leave the batch when they have ended.

Greedy decoding gives token for token what `generate` of `transformers` gives; sampling draws from the same
distribution, in another order.
"""

from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

import torch
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedModel

from rl.shared_prefix.cache import BranchCache, PrefillCache
from rl.shared_prefix.forward import pack
from rl.shared_prefix.prompt import Prompt
from rl.shared_prefix.stem import Stem

STAY = 0.75
"""Rows that have ended leave once no more than this share still writes: leaving costs a copy of what is left."""
_UNLIKE = (
    "stop_strings",
    "max_time",
    "penalty_alpha",
    "guidance_scale",
    "prompt_lookup_num_tokens",
    "watermarking_config",
    "cache_implementation",
)


def can_generate(config: GenerationConfig) -> bool:
    """Whether `generate` here does all that a configuration asks for: sampling, or the likeliest token each time,
    until the end of the turn or ``max_new_tokens``.
    """
    plain = (config.num_beams or 1) == 1 and (config.num_return_sequences or 1) == 1
    return plain and config.max_new_tokens is not None and not any(getattr(config, name, None) for name in _UNLIKE)


@dataclass(frozen=True)
class Written:
    """A completion."""

    ids: list[int]
    """Up to the first end-of-turn token and with it."""
    logprobs: list[float]
    """How likely each was at temperature 1, of the tokens that could be chosen."""


@torch.no_grad()
def generate(
    model: PreTrainedModel,
    prompts: Sequence[Prompt],
    config: GenerationConfig,
    stem: Stem | None = None,
    begun: Sequence[Prompt] | None = None,
) -> list[Written]:
    """A completion for each prompt, or what comes next of one.

    Args:
        model: a prepared one in eval mode, without what wraps it.
        prompts: those that are one object are read once, if they are side by side.
        config: one that `can_generate` takes. What it leaves open, the model's own decides.
        stem: what all prompts begin with, if it has been read before, by the same weights.
        begun: what stands behind each already and ends in text: what was written before, and what was answered. It is
            read for its row alone.
    """
    device, prepares = prompts[0].ids.device, cast(Any, model)
    before = [prompt.ids for prompt in prompts]
    if begun is not None:
        before = [torch.cat([ids, own.ids]) for ids, own in zip(before, begun, strict=True)]
    settings, _ = prepares._prepare_generation_config(config)
    prepares._prepare_special_tokens(settings, kwargs_has_attention_mask=True, device=device)
    widest = max(map(len, before))
    seen = _Seen()
    processors = prepares._get_logits_processor(
        settings, input_ids_seq_length=widest, device=device, logits_processor=LogitsProcessorList([seen])
    )
    ends: torch.Tensor | None = settings._eos_token_tensor
    runs = [list(run) for _, run in groupby(prompts, key=id)]
    # One that comes again elsewhere is another prompt there, which it would not be as the same object.
    times = Counter(id(run[0]) for run in runs)
    heads = [copy(run[0]) if times[id(run[0])] > 1 else run[0] for run in runs]
    writing = Writing(model, heads, [len(run) for run in runs], stem, begun)
    limit: int = settings.max_new_tokens
    ids = torch.full((len(prompts), widest + limit), int(settings._pad_token_tensor), device=device)
    for row, said in enumerate(before):
        ids[row, :widest] = said[0]  # which no penalty on what has been there finds new, as padding would be
        ids[row, widest - len(said) : widest] = said
    logprobs = torch.zeros(len(prompts), limit, device=device)
    rows = torch.arange(len(prompts), device=device)
    """Of the batch's rows, those that the cache holds."""
    ended = torch.zeros(len(prompts), dtype=torch.bool, device=device)
    for step in range(limit):
        place = widest + step
        scores = processors(ids[rows, :place], writing.logits.to(torch.float32))
        chosen = _chosen(scores, bool(settings.do_sample))
        open_rows = rows[~ended[rows]]
        ids[open_rows, place] = chosen[~ended[rows]]
        logprobs[rows, step] = seen.logprobs_of(chosen)
        if ends is not None:
            ended[open_rows] = torch.isin(ids[open_rows, place], ends)
        left = (~ended[rows]).nonzero()[:, 0]
        if not len(left) or step + 1 == limit:
            break
        if len(left) <= STAY * len(rows):
            rows, chosen = rows[left], chosen[left]
            writing.keep(left)
        writing.read(chosen)
    written = ids[:, widest : widest + step + 1].tolist()
    stops = set() if ends is None else set(ends.view(-1).tolist())
    sizes = [_size(row, stops) for row in written]
    return [
        Written(row[:size], known[:size]) for row, known, size in zip(written, logprobs.tolist(), sizes, strict=True)
    ]


class Writing:
    """A model in the middle of writing: ``logits`` (B, V) are those of the next token of each row.

    Args:
        prompts: distinct ones.
        counts: how many rows are on each.
        stem: what all prompts begin with, if it has been read before.
        begun: what stands behind the prompt of each row already; see `generate`.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        prompts: Sequence[Prompt],
        counts: Sequence[int],
        stem: Stem | None = None,
        begun: Sequence[Prompt] | None = None,
    ):
        self.model: Any = model
        if begun is not None:
            rows = [prompt for prompt, count in zip(prompts, counts, strict=True) for _ in range(count)]
            self._go_on(rows, begun, stem)
            return
        ones = torch.ones(len(prompts), 1, dtype=torch.long, device=prompts[0].ids.device)
        packed = pack(model, prompts, torch.zeros_like(ones), ones, stem)
        filled, layout = PrefillCache(), packed.layout
        last = layout.branch[:, 0]
        output = self.model(**packed.inputs, past_key_values=filled, use_cache=True, logits_to_keep=last)
        prompt_of = torch.arange(len(prompts)).repeat_interleave(torch.tensor(counts)).to(last.device)
        self.logits = output.logits[0][prompt_of]
        self.cache = BranchCache(filled, layout, prompt_of)
        positions = packed.inputs["position_ids"]
        furthest = positions[..., torch.cat([layout.prefix, layout.branch], dim=1)]
        behind = torch.arange(furthest.shape[-1] - 1, device=last.device) >= layout.prefix_lengths[:, None]
        furthest[..., :-1].masked_fill_(behind, 0)
        self._next = furthest.amax(dim=-1).flatten(0, -2).amax(dim=0)[prompt_of] + 1
        """(B,) the position of the token that each row writes next."""
        self._axes = positions.shape[0] if positions.dim() == 3 else None

    def _go_on(self, prompts: Sequence[Prompt], begun: Sequence[Prompt], stem: Stem | None) -> None:
        """Reads what stands behind each prompt, as training reads a completion, and what comes behind its end."""
        lengths = torch.tensor([len(own.ids) + 1 for own in begun], device=prompts[0].ids.device)
        mask = (torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]).long()
        completions = torch.zeros_like(mask)
        for row, own in enumerate(begun):
            completions[row, : len(own.ids)] = own.ids
        packed = pack(self.model, prompts, completions, mask, stem, [own if own.media else None for own in begun])
        filled, layout = PrefillCache(), packed.layout
        last = layout.branch.gather(1, lengths[:, None] - 1)[:, 0]
        output = self.model(**packed.inputs, past_key_values=filled, use_cache=True, logits_to_keep=last)
        self.logits = output.logits[0]
        self.cache = BranchCache(filled, layout, layout.prompt_of, begun=True)
        positions = packed.inputs["position_ids"]
        self._next = positions[..., last].flatten(0, -2).amax(dim=0) + 1
        self._axes = positions.shape[0] if positions.dim() == 3 else None

    def read(self, tokens: torch.Tensor) -> None:
        """Goes on by a token for each row."""
        positions = self._next[:, None]
        output = self.model(
            input_ids=tokens[:, None],
            attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool, device=tokens.device),
            position_ids=positions if self._axes is None else positions.expand(self._axes, -1, -1),
            past_key_values=self.cache,
            use_cache=True,
            packed=self.cache,
        )
        self.cache.written += 1
        self._next = self._next + 1
        self.logits = output.logits[:, -1]

    def keep(self, rows: torch.Tensor) -> None:
        """Leaves out all rows but some."""
        self.cache.keep(rows)
        self._next = self._next[rows]


def _chosen(scores: torch.Tensor, sampled: bool) -> torch.Tensor:
    if not sampled:
        return scores.argmax(dim=-1)
    return torch.multinomial(scores.softmax(dim=-1), 1)[:, 0]


def _size(tokens: list[int], stops: set[int]) -> int:
    return next((place for place, token in enumerate(tokens) if token in stops), len(tokens) - 1) + 1


class _Seen:
    """A logits processor that changes nothing, behind those that forbid tokens and before those that sample."""

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self._scores = scores
        return scores

    def logprobs_of(self, chosen: torch.Tensor) -> torch.Tensor:
        """(B,), of one token for each row."""
        return self._scores.gather(1, chosen[:, None])[:, 0] - self._scores.logsumexp(dim=1)
