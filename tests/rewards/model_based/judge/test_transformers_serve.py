"""The judge against `transformers serve`, with tiny models: one that was taught the answer's form, one that babbles.

That server ignores `response_format`: only a model that knows the form keeps to it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from data import Brief
from rewards import Score
from rewards.batch import Item
from rewards.model_based.judge import Judge, JudgeFault, inquire, messages
from rewards.testing.small import BOOK, approving, rule_on
from tests.serving import served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

RULING = rule_on("approve", reasoning="CURE-1: clear\nWIN-1: clear")
ITEM = Item(RULING, Brief.of(approving(), BOOK))
SAID = {"follows": {"because": "it says so", "answer": "yes"}, "invents": {"because": "it does", "answer": "yes"}}


def conversation() -> list[dict[str, Any]]:
    case = approving()
    shown = messages(RULING, case, BOOK, inquire(RULING, case, BOOK), pictures=False)
    return [message.for_tokenizer() for message in shown]


def tiny(folder: Path, steps: int) -> Path:
    """A model of one layer that, after some steps, says the answer whatever it is asked."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from rl.models.tiny import TinySize, build_tiny

    asked, answer = conversation(), json.dumps(SAID)
    size = TinySize(vocab=1000, hidden=64, intermediate=128, layers=1)
    build_tiny(folder, [*(message["content"] for message in asked), answer] * 2, kind="text", size=size)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    prompt = tokenizer.apply_chat_template(asked, tokenize=True, add_generation_prompt=True, return_dict=False)
    said = tokenizer(answer + tokenizer.eos_token)["input_ids"]
    tokens = torch.tensor([[*prompt, *said]])
    labels = torch.tensor([[-100] * len(prompt) + said])
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(steps):
        loss = model(input_ids=tokens, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    return folder


def judge(model: Path, url: str, cache: Path) -> Judge:
    return Judge(base_url=url, model=str(model), cache=str(cache), timeout=120, batch_timeout=240, retries=0)


def test_a_model_that_knows_the_form_judges_and_its_answers_are_kept(tmp_path: Path) -> None:
    model, cache = tiny(tmp_path / "taught", steps=60), tmp_path / "judge.sqlite"
    items = [ITEM] * 3
    with served(model) as url:
        scores = judge(model, url, cache).score_batch(items)
    assert (
        scores == [Score(0.5, "follows holds: it says so; invents fails: it does", {"follows": 1, "invents": 0})] * 3
    )
    assert judge(model, url, cache).score_batch(items) == scores  # the server is gone; the answers are not


def test_a_model_that_babbles_scores_nothing(tmp_path: Path) -> None:
    model = tiny(tmp_path / "random", steps=0)
    with served(model) as url:
        (fault,) = judge(model, url, tmp_path / "judge.sqlite").score_batch([ITEM])
    assert isinstance(fault, JudgeFault)
    assert "not the JSON" in str(fault) or "cut off" in str(fault)
