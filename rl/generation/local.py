"""LocalEngine: a model in this process writes episodes, in batches."""

import hashlib
import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from data import Brief, Briefs, DataError
from prompts import Episode, opening_of, render
from prompts.chat import batches
from prompts.opening import rest_of
from prompts.processor import Processor, special_tokens, tokenizer_of
from rl.config.decoding import Decoding, Precision
from rl.config.model import ModelConfig
from rl.generation.beginning import Beginnings
from rl.generation.decode import end_of_turn_ids, turn_of, verdict_logprob_of
from rl.generation.engine import Key
from rl.generation.reader import Reader
from rl.generation.writers import RowByRow, writer_for
from rl.models.load import context_length, load_model, load_processor, resolve
from rl.runs.provenance import checkpoint_hash, provenance, trained_template


class LocalEngine:
    """A checkpoint, loaded when it first has something to write; on the GPU if there is one.

    Args:
        path: a checkpoint's folder, a run's folder (its final checkpoint is meant), or a name on the Hub.
    """

    def __init__(self, path: str):
        self.path = path
        self._where = resolve(path)
        self._loaded = lru_cache(maxsize=1)(self._load)

    @property
    def name(self) -> str:
        return Path(self.path).name

    @cached_property
    def template(self) -> str | None:
        return trained_template(self.path)

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        return {"model": self._weights, "decoding": asdict(decoding)}

    @cached_property
    def _weights(self) -> str:
        """What tells the weights from others; worked out once, as it reads all of them."""
        return checkpoint_hash(self._where) or self._where

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        model, _ = self._loaded(decoding.dtype)
        how = asdict(decoding) | {"dtype": str(model.dtype).removeprefix("torch."), "device": model.device.type}
        return provenance(model=self._where, template=how.pop("template"), decoding=how)

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        wanted = {case for case, _ in missing}
        yield from write_batches(*self._loaded(decoding.dtype), briefs, decoding, wanted)

    def _load(self, dtype: Precision) -> tuple[PreTrainedModel, Processor]:
        model = load_model(ModelConfig(path=self.path, dtype=dtype), trainable=False)
        if torch.cuda.is_available():
            model.to("cuda")  # type: ignore[arg-type]  # transformers wraps it without its types
        return model, load_processor(self.path)


def write_batches(
    model: PreTrainedModel,
    processor: Processor,
    briefs: Sequence[Brief],
    decoding: Decoding,
    wanted: Collection[str] | None = None,
    beginnings: Mapping[str, str] | None = None,
) -> Iterator[list[Episode]]:
    """What a model writes about each brief, batch by batch: ``decoding.samples`` episodes each, in order.

    The batches, and what is drawn in each, depend on the briefs and the decoding alone: each has a seed of its own.

    Args:
        model: any generative model from `transformers`; put into eval mode while it generates.
        processor: its processor, or the tokenizer of a text-only model.
        wanted: ids of the cases to write about; all if None. A batch with one of them is written whole.
        beginnings: by the ids of cases, what the turn on each begins with; see `Beginnings`.

    Raises:
        DataError: a picture that cannot be read, a prompt that leaves no room for ``decoding.max_new_tokens``, or a
            chat template that closes the reasoning.
    """
    tokenizer = tokenizer_of(processor)
    settings = generation_config(model, tokenizer, decoding)
    template, specials = decoding.template or "default", special_tokens(processor)
    conversations = [render(brief.case, brief.excerpt, template, specials) for brief in briefs]
    variables: dict[str, Any] = decoding.chat_template_kwargs
    ends = end_of_turn_ids(model, tokenizer)
    opening = opening_of(processor, **variables)
    reader = Reader(processor, variables)
    writer = writer_for(model, reader, settings) if beginnings is None else None
    for batch in batches(conversations, max(1, decoding.batch_size // decoding.samples)):
        chosen = [briefs[i] for i in batch]
        if wanted is not None and not any(brief.id in wanted for brief in chosen):
            continue
        began = time.monotonic()
        with evaluating(model), seeded(seed_of(chosen, decoding.seed), model.device):
            begun = Beginnings(tokenizer, [rest_of((beginnings or {}).get(brief.id, ""), opening) for brief in chosen])
            rows = (writer or RowByRow(model, reader, settings, begun)).write(
                [conversations[i] for i in batch], partial(check_room, model, chosen, decoding.max_new_tokens)
            )
        heads = [opening + text for text in begun.texts]
        turns = [
            turn_of(tokenizer, ids, ends, known, heads[place // decoding.samples])
            for place, (ids, known) in enumerate(zip(rows.ids, rows.logprobs, strict=True))
        ]
        seconds = (time.monotonic() - began) / len(turns)
        yield [
            Episode(brief.id, (turn,), sample, verdict_logprob_of(tokenizer, turn, heads[place]), seconds=seconds)
            for place, brief in enumerate(chosen)
            for sample, turn in enumerate(turns[place * decoding.samples : (place + 1) * decoding.samples])
        ]


def generation_config(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, decoding: Decoding
) -> GenerationConfig:
    """Decoding that is all stated here: nothing is taken over from the checkpoint but its end-of-turn tokens.

    (Qwen2.5-VL's own settings hold a repetition penalty and a near-zero temperature.)
    """
    image = getattr(model.config, "image_token_id", None)
    sampled = decoding.temperature > 0
    sampling = {"temperature": decoding.temperature, "top_p": 1.0, "top_k": 0} if sampled else {}
    return GenerationConfig(
        **sampling,
        do_sample=sampled,
        repetition_penalty=1.0,
        num_return_sequences=decoding.samples,
        max_new_tokens=decoding.max_new_tokens,
        eos_token_id=end_of_turn_ids(model, tokenizer),
        pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id,
        # A written image token would stand for a picture that is not there; TRL suppresses it in training too.
        suppress_tokens=[image] if image is not None else None,
        use_cache=True,
    )


@contextmanager
def fused_attention(model: PreTrainedModel) -> Iterator[None]:
    """A model that attends by plain products (``eager``) attends by the fused kernel meanwhile, if it can.

    On short sequences plain products can be the faster way to train on a CPU; token by token, they never are.
    """
    used = model.config._attn_implementation
    if used != "eager" or not model._supports_sdpa:
        yield
        return
    model.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        model.set_attn_implementation(used)


def check_room(model: PreTrainedModel, briefs: Sequence[Brief], max_new_tokens: int, lengths: Sequence[int]) -> None:
    """Makes sure that prompts leave room for what is to be written.

    Raises:
        DataError: one does not; names the case.
    """
    limit = context_length(model)
    for brief, length in zip(briefs, lengths, strict=True):
        if length + max_new_tokens > limit:
            raise DataError(
                f"case '{brief.id}': a prompt of {length} tokens and {max_new_tokens} new ones do not fit the model's "
                f"context of {limit}: use fewer rules, smaller pictures or a shorter completion"
            )


@contextmanager
def evaluating(model: PreTrainedModel) -> Iterator[None]:
    """A model as it is meant to write."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(training)


def seed_of(briefs: Sequence[Brief], seed: int) -> int:
    """A batch's own."""
    named = json.dumps([seed, *(brief.id for brief in briefs)])
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:7], "big")


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """All chance by a seed, and afterwards as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
