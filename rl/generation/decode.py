"""Token ids → text: the one decoder that everything reads.

Evaluation, review and training see the same text: a completion ends at the first end-of-turn token, and special
tokens are left out except our own tags, which some tokenizers hold as special tokens. What the chat template had
written of the completion stands before what the model wrote.
"""

from collections.abc import Collection, Sequence

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from data import DataError
from prompts import Turn
from prompts.parse import ANSWER, END_ANSWER, END_THINK, THINK
from rl.desk.calls import CALL, END_CALL
from rl.generation.logprobs import confidence_span, tokens_of, verdict_logprob

TAGS = (THINK, END_THINK, ANSWER, END_ANSWER, CALL, END_CALL)


def completion_text(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], ends: Collection[int]) -> str:
    """The text of a completion: up to the first of ``ends``, without special tokens except our tags."""
    return _decoded(tokenizer, [ids[place] for place in _written(tokenizer, ids, ends)])


def turn_of(
    tokenizer: PreTrainedTokenizerBase,
    ids: Sequence[int],
    ends: Collection[int],
    logprobs: Sequence[float] = (),
    opening: str = "",
) -> Turn:
    """What a policy wrote in one go.

    Args:
        ids: all that was generated, what stands behind the first of ``ends`` included.
        logprobs: of the first tokens; none where they are not known.
        opening: what the chat template had written of it; see `prompts.opening`.
    """
    stop = _end(ids, ends)
    known = tuple(logprobs[:stop]) or None
    text = opening + completion_text(tokenizer, ids, ends)
    return Turn(text, tokens=stop, token_ids=tuple(ids[:stop]), logprobs=known)


def verdict_logprob_of(tokenizer: PreTrainedTokenizerBase, turn: Turn, opening: str = "") -> float | None:
    """The log-probability of the verdict's word in a turn; None where there is none or it is not known.

    Args:
        opening: the same that `turn_of` was given.
    """
    if turn.token_ids is None or turn.logprobs is None:
        return None
    places = _written(tokenizer, turn.token_ids, ())
    ids = [turn.token_ids[place] for place in places]
    known = [turn.logprobs[place] for place in places if place < len(turn.logprobs)]
    return verdict_logprob(lambda n: opening + _decoded(tokenizer, ids[:n]), known, turn.text)


def confidence_places(tokenizer: PreTrainedTokenizerBase, turn: Turn, opening: str = "") -> list[int]:
    """The places among a turn's ids of the tokens that hold the confidence's number; none where it states none.

    Args:
        opening: the same that `turn_of` was given.
    """
    span = confidence_span(turn.text)
    if span is None or turn.token_ids is None:
        return []
    places = _written(tokenizer, turn.token_ids, ())
    ids = [turn.token_ids[place] for place in places]
    return [places[token] for token in tokens_of(lambda n: opening + _decoded(tokenizer, ids[:n]), len(ids), span)]


def end_of_turn_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Every token that ends a completion: the tokenizer's and those that the checkpoint names.

    Raises:
        DataError: the checkpoint names what is no token.
    """
    declared = model.generation_config.eos_token_id
    declared = declared if isinstance(declared, list) else [] if declared is None else [declared]
    for token in declared:
        if not isinstance(token, int) or not 0 <= token < 2**31:
            message = f"{token!r:.80} is no token: mend generation_config.json"
            raise DataError(message, file=model.config.name_or_path, field="eos_token_id")
    own = tokenizer.eos_token_id
    return declared if own is None or own in declared else [own, *declared]


def _end(ids: Sequence[int], ends: Collection[int]) -> int:
    return next((place for place, token in enumerate(ids) if token in ends), len(ids))


def _written(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], ends: Collection[int]) -> list[int]:
    """The places of the tokens that make up a completion's text."""
    dropped = _special_ids(tokenizer)
    return [place for place, token in enumerate(ids[: _end(ids, ends)]) if token not in dropped]


def _decoded(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _special_ids(tokenizer: PreTrainedTokenizerBase) -> set[int]:
    special = {i for i, token in tokenizer.added_tokens_decoder.items() if token.special and token.content not in TAGS}
    return special | {i for i in tokenizer.all_special_ids if tokenizer.convert_ids_to_tokens(i) not in TAGS}
