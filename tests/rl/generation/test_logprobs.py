"""The probability of the verdict is the one that the model gives when it reads its own completion again."""

from pathlib import Path

import pytest
import torch

from data import Ruling
from prompts import render, write
from prompts.chat import encode
from prompts.processor import special_tokens, tokenizer_of
from rl.config.decoding import Decoding
from rl.config.model import ModelConfig
from rl.generation.local import write_batches
from rl.generation.logprobs import ChosenLogProbs, verdict_logprob, verdict_span
from rl.models.load import load_model, load_processor
from tests.rl.conftest import toy_briefs

ANSWER = write(Ruling(reasoning='"verdict": "approve" é', verdict="reject", confidence=0.5))


def test_the_word_is_found_in_the_answer_and_not_in_the_reasoning() -> None:
    span = verdict_span(ANSWER)
    assert span is not None and ANSWER[slice(*span)] == "reject" and span[0] > ANSWER.index("<answer>")
    assert verdict_span('"verdict": "reject"') is None and verdict_span("<answer>{}</answer>") is None


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_every_token_that_holds_part_of_the_word_counts(size: int) -> None:
    pieces = [ANSWER[start : start + size] for start in range(0, len(ANSWER), size)]
    start, end = verdict_span(ANSWER) or (0, 0)
    holding = [i for i in range(len(pieces)) if i * size < end and (i + 1) * size > start]
    logprobs = [-float(i + 1) for i in range(len(pieces))]
    found = verdict_logprob(lambda n: "".join(pieces[:n]), logprobs, ANSWER)
    assert found == sum(logprobs[i] for i in holding)


def test_a_tokens_log_probability_is_that_of_reading_it(tiny_vl: Path, toy: Path) -> None:
    model, processor = load_model(ModelConfig(path=str(tiny_vl)), trainable=False), load_processor(tiny_vl)
    briefs = toy_briefs(toy / "cases.jsonl", 2)
    tokens = special_tokens(processor)
    prompts = [render(brief.case, brief.excerpt, "compact", tokens) for brief in briefs]
    inputs = encode(processor, prompts)
    watching, width = ChosenLogProbs(), inputs["input_ids"].shape[1]
    torch.manual_seed(0)
    ids = model.generate(  # type: ignore[operator]
        **inputs, max_new_tokens=6, min_new_tokens=6, do_sample=True, temperature=0.5, logits_processor=[watching]
    )
    grown = ids.shape[1] - width
    kinds = torch.cat([inputs["mm_token_type_ids"], torch.zeros(2, grown, dtype=torch.long)], dim=1)
    mask = torch.cat([inputs["attention_mask"], torch.ones(2, grown, dtype=torch.long)], dim=1)
    with torch.no_grad():
        read = model(**{**inputs, "input_ids": ids, "attention_mask": mask, "mm_token_type_ids": kinds}).logits
    read[..., model.generation_config.eos_token_id] = -torch.inf  # six tokens were asked for
    expected = read.log_softmax(-1)[:, width - 1 : -1].gather(2, ids[:, width:, None]).squeeze(2)
    known = torch.tensor(watching.logprobs)
    assert known.shape == (2, 5), "the last token is not looked back on"
    assert torch.allclose(known, expected[:, :5], atol=1e-4)


@pytest.mark.parametrize("shares", [True, False])
def test_a_completion_knows_its_verdicts_probability(
    shares: bool, tiny_text: Path, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is made to write one answer, token by token, knows how likely its verdict was."""
    model, processor = load_model(ModelConfig(path=str(tiny_text)), trainable=False), load_processor(tiny_text)
    tokenizer = tokenizer_of(processor)
    wanted = tokenizer(ANSWER, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    briefs = toy_briefs(toy / "text.jsonl", 1)
    head = model.lm_head.forward
    seen: list[torch.Tensor] = []

    def insisting(hidden: torch.Tensor) -> torch.Tensor:
        logits = head(hidden)
        logits[:, -1, wanted[len(seen)]] += 20.0
        seen.append(logits[:, -1].log_softmax(-1))
        return logits

    model.lm_head.forward = insisting  # type: ignore[method-assign]
    decoding = Decoding(template="compact", max_new_tokens=len(wanted))
    # What else would have the model say something.
    for name, says in {"distance": 0.0, "stem_of": None, "why_not": None if shares else "so"}.items():
        monkeypatch.setattr(f"rl.generation.writers.{name}", lambda *asked, says=says: says)
    ((episode,),) = write_batches(model, processor, briefs, decoding)
    assert episode.completion == ANSWER and episode.tokens == len(wanted) - 1
    start, end = verdict_span(ANSWER) or (0, 0)
    lengths = [len(tokenizer.decode(wanted[:n])) for n in range(len(wanted))]
    holding = [n for n in range(len(wanted) - 1) if lengths[n] < end and lengths[n + 1] > start]
    expected = sum(float(seen[n][0, wanted[n]]) for n in holding)
    assert episode.verdict_logprob == pytest.approx(expected, abs=1e-5)
    (turn,) = episode.turns
    assert turn.token_ids == tuple(wanted[:-1])
    assert turn.logprobs == pytest.approx([float(seen[n][0, wanted[n]]) for n in range(len(wanted) - 1)], abs=1e-5)
