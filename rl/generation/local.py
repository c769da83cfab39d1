"""Generation: cases in, raw completions out, in batches; the one decoder of token ids that everything reads.

Evaluation, review and training see the same text: a completion ends at the first end-of-turn token, and special
tokens are left out except our own tags, which some tokenizers hold as special tokens.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedModel, PreTrainedTokenizerBase

from data import Case, DataError, Rulebook
from prompts import render
from prompts.chat import batches, encode
from prompts.parse import ANSWER, END_ANSWER, END_THINK, THINK
from prompts.processor import Processor, special_tokens, tokenizer_of
from rl.generation.chosen_logprobs import ChosenLogProbs
from rl.generation.completions import Completion
from rl.generation.verdict_logprob import verdict_logprob
from rl.models.load import context_length
from rl.terminal.progress import progress_bar

TAGS = (THINK, END_THINK, ANSWER, END_ANSWER)


def generate(
    model: PreTrainedModel,
    processor: Processor,
    cases: Sequence[Case],
    book: Rulebook,
    *,
    progress: bool = True,
    **settings: Any,
) -> list[list[str]]:
    """What the model says about each case: ``samples`` completions a case, in the order of ``cases``.

    Args:
        progress: shows a progress bar on stderr.
        settings: as of `generations`, which also says what is raised.
    """
    found: dict[str, list[Completion]] = {}
    with progress_bar(progress) as bar:
        task = bar.add_task("generating", total=len(cases))
        for batch in generations(model, processor, cases, book, **settings):
            found |= batch
            bar.advance(task, len(batch))
    return [[completion.text for completion in found[case.id]] for case in cases]


def generations(
    model: PreTrainedModel,
    processor: Processor,
    cases: Sequence[Case],
    book: Rulebook,
    *,
    template: str = "default",
    batch_size: int = 128,
    max_new_tokens: int = 512,
    temperature: float = 0.0,
    top_p: float = 1.0,
    samples: int = 1,
    seed: int = 0,
    skip: Collection[str] = (),
) -> Iterator[dict[str, list[Completion]]]:
    """What the model says about each case, batch by batch: by case id, its ``samples`` completions.

    The batches, and what is drawn in each, depend on the cases and the settings alone: each has a seed of its own.

    Args:
        model: any generative model from `transformers`; put into eval mode while it generates.
        processor: its processor, or the tokenizer of a text-only model.
        cases: with ids of their own.
        book: each case is judged by ``book.excerpt(case.rules)``.
        template: prompt template, see `prompts.render`.
        batch_size: completions generated at once.
        max_new_tokens: a completion is cut off there.
        temperature: 0 is greedy; above, completions are sampled.
        top_p: share of the probability mass that is sampled from; 1 is the whole distribution.
        samples: completions a case; needs a temperature above 0 if more than one.
        seed: of the sampling; the caller's random state is left as it was.
        skip: ids of cases that need no completions; a batch of such cases alone is left out.

    Raises:
        ValueError: ``samples`` > 1 without a temperature.
        DataError: a picture that cannot be read, or a prompt that leaves no room for ``max_new_tokens``.
    """
    if samples > 1 and temperature == 0:
        raise ValueError("temperature 0 gives the same completion every time: samples must be 1")
    tokenizer = tokenizer_of(processor)
    decoding = decoding_settings(model, tokenizer, max_new_tokens, temperature, top_p, samples)
    conversations = [render(case, book.excerpt(case.rules), template, special_tokens(processor)) for case in cases]
    ends = end_of_turn_ids(model, tokenizer)
    generator: Any = model
    for batch in batches(conversations, max(1, batch_size // samples)):
        chosen = [cases[i] for i in batch]
        if all(case.id in skip for case in chosen):
            continue
        with _evaluating(model), _seeded(_seed_of(chosen, seed), model.device):
            inputs = encode(processor, [conversations[i] for i in batch]).to(model.device)
            _check_room(model, inputs, chosen, max_new_tokens)
            watching = ChosenLogProbs()
            ids = generator.generate(
                **inputs, generation_config=decoding, logits_processor=LogitsProcessorList([watching])
            )
        rows, logprobs = ids[:, inputs["input_ids"].shape[1] :].tolist(), watching.logprobs
        written = [
            _completion(tokenizer, row, known, ends)
            for row, known in zip(rows, logprobs or [[] for _ in rows], strict=True)
        ]
        yield {case.id: written[place * samples : (place + 1) * samples] for place, case in enumerate(chosen)}


def decoding_settings(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    max_new_tokens: int,
    temperature: float = 0.0,
    top_p: float = 1.0,
    samples: int = 1,
) -> GenerationConfig:
    """Decoding that is all stated here: nothing is taken over from the checkpoint but its end-of-turn tokens.

    (Qwen2.5-VL's own settings hold a repetition penalty and a near-zero temperature.)
    """
    image = getattr(model.config, "image_token_id", None)
    sampling = {"temperature": temperature, "top_p": top_p, "top_k": 0} if temperature > 0 else {}
    return GenerationConfig(
        **sampling,
        do_sample=temperature > 0,
        repetition_penalty=1.0,
        num_return_sequences=samples,
        max_new_tokens=max_new_tokens,
        eos_token_id=end_of_turn_ids(model, tokenizer),
        pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id,
        # A written image token would stand for a picture that is not there; TRL suppresses it in training too.
        suppress_tokens=[image] if image is not None else None,
        use_cache=True,
    )


def completion_text(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], ends: Collection[int]) -> str:
    """Token ids of a completion → its text: up to the first of ``ends``, without special tokens except our tags."""
    return _decoded(tokenizer, [ids[place] for place in _written(tokenizer, ids, ends)])


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


def _completion(
    tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], logprobs: Sequence[float], ends: Collection[int]
) -> Completion:
    places = _written(tokenizer, ids, ends)
    written = [ids[place] for place in places]
    text = _decoded(tokenizer, written)
    known = [logprobs[place] for place in places if place < len(logprobs)]
    tokens = next((place for place, token in enumerate(ids) if token in ends), len(ids))
    return Completion(text, tokens, verdict_logprob(lambda n: _decoded(tokenizer, written[:n]), known, text))


def _written(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], ends: Collection[int]) -> list[int]:
    """The places of the tokens that make up a completion's text."""
    stop = next((place for place, token in enumerate(ids) if token in ends), len(ids))
    dropped = _special_ids(tokenizer)
    return [place for place, token in enumerate(ids[:stop]) if token not in dropped]


def _decoded(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))


def end_of_turn_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Every token that ends a completion: the tokenizer's and those that the checkpoint names."""
    declared = model.generation_config.eos_token_id
    declared = [declared] if isinstance(declared, int) else list(declared or [])
    own = tokenizer.eos_token_id
    return declared if own is None or own in declared else [own, *declared]


def _special_ids(tokenizer: PreTrainedTokenizerBase) -> set[int]:
    special = {i for i, token in tokenizer.added_tokens_decoder.items() if token.special and token.content not in TAGS}
    return special | {i for i in tokenizer.all_special_ids if tokenizer.convert_ids_to_tokens(i) not in TAGS}


def _check_room(model: PreTrainedModel, inputs: Any, cases: Sequence[Case], max_new_tokens: int) -> None:
    limit, lengths = context_length(model), inputs["attention_mask"].sum(dim=1).tolist()
    for case, length in zip(cases, lengths, strict=True):
        if length + max_new_tokens > limit:
            raise DataError(
                f"case '{case.id}': a prompt of {length} tokens and {max_new_tokens} new ones do not fit the model's "
                f"context of {limit}: use fewer rules, smaller pictures or a shorter completion"
            )


@contextmanager
def _evaluating(model: PreTrainedModel) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(training)


def _seed_of(cases: Sequence[Case], seed: int) -> int:
    named = json.dumps([seed, *(case.id for case in cases)])
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:7], "big")


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
