import math
from pathlib import Path
from typing import Any

import pytest

from data import DataError, Ruling
from prompts import render, write
from prompts.chat import encode
from prompts.processor import tokenizer_of
from rewards.batch import Item
from rewards.model_based.reference import decisive
from rewards.model_based.self_consistency import SelfConsistency
from tests.chat_templates import OPENS, with_template
from tests.lazy import Lazy
from tests.rewards.model_based.local import item_of, mixed_items, values_of

torch, checkpoint = Lazy("torch"), Lazy("rewards.models.checkpoint")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def text(small_text: Path) -> SelfConsistency:
    return SelfConsistency(model=str(small_text), template="compact", likely=1)


@pytest.fixture(scope="module")
def vl(small_vl: Path) -> SelfConsistency:
    return SelfConsistency(model=str(small_vl), template="compact", likely=1)


def by_hand(model: Any, processor: Any, item: Item) -> float:
    """The likelihood by the plain definition: one text, the whole distribution over every token."""
    tokenizer = tokenizer_of(processor)
    inputs = dict(encode(processor, [render(item.case, item.excerpt, "compact")]))
    completion = write(item.ruling)
    answer = completion.index("<answer>") + 8
    verdict = completion.index('"verdict": "') + 12 + len(item.ruling.verdict)
    ids = tokenizer(completion, add_special_tokens=False)["input_ids"]
    prompt = inputs["input_ids"].shape[1]
    for name in ("input_ids", "attention_mask", "mm_token_type_ids"):
        if name in inputs:
            fill = {"input_ids": ids, "attention_mask": [1] * len(ids)}.get(name, [0] * len(ids))
            inputs[name] = torch.cat([inputs[name], torch.tensor([fill])], dim=1)
    with torch.no_grad():
        logits = model(**inputs).logits[0].log_softmax(-1)
    total, at, inside = 0.0, 0, evidence_of(completion)
    for place, token in enumerate(ids):
        letters = range(at, at + len(tokenizer.decode([token])))
        at = letters.stop
        if any(answer <= letter < verdict and letter not in inside for letter in letters):
            total += float(logits[prompt + place - 1, token])
    return math.exp(total / (len(item.ruling.violations) + 1))


def evidence_of(completion: str) -> set[int]:
    """The places of the letters of every list of evidence, its key included; no text here holds a bracket."""
    places: set[int] = set()
    start = completion.find('"evidence": ')
    while start >= 0:
        depth, end = 0, completion.index("[", start)
        while True:
            depth += {"[": 1, "]": -1}.get(completion[end], 0)
            end += 1
            if depth == 0:
                break
        places |= set(range(start, end))
        start = completion.find('"evidence": ', end)
    return places


def test_a_tag_that_the_template_opens_is_there_once(text: SelfConsistency, small_text: Path, tmp_path: Path):
    opens = with_template(small_text, tmp_path / "opens", OPENS.replace("<think>\n", "<think>"))
    items = mixed_items(tmp_path, pictures=False)
    same = SelfConsistency(model=str(opens), template="compact", likely=1)
    found, expected = (values_of(reward.score_batch(items)) for reward in (same, text))
    assert found == pytest.approx(expected, rel=1e-4, abs=0)


@pytest.mark.parametrize("kind", ["text", "vl"])
def test_the_likelihood_is_that_of_the_dense_computation(kind: str, request, tmp_path: Path):
    reward: SelfConsistency = request.getfixturevalue(kind)
    model, processor = checkpoint.load_weights(reward.model).eval(), checkpoint.load_processor(reward.model)
    items = mixed_items(tmp_path, pictures=kind == "vl")
    found = [outcome.parts["likelihood"] for outcome in reward.score_batch(items)]
    assert found == pytest.approx([by_hand(model, processor, item) for item in items], rel=1e-4)
    assert len(set(found)) == len(items)


@pytest.mark.parametrize("kind", ["text", "vl"])
def test_company_and_padding_change_nothing(kind: str, request, tmp_path: Path):
    reward: SelfConsistency = request.getfixturevalue(kind)
    items = mixed_items(tmp_path, pictures=kind == "vl")
    alone = [values_of(reward.score_batch([item]))[0] for item in items]
    assert values_of(reward.score_batch(items)) == pytest.approx(alone, rel=1e-4)
    assert values_of(reward.score_batch(items[::-1])) == pytest.approx(alone[::-1], rel=1e-4)
    tokenizer_of(reward._local.processor).padding_side = "right"
    assert values_of(reward.score_batch(items)) == pytest.approx(alone, rel=1e-4)


def test_only_the_decision_counts(text: SelfConsistency, tmp_path: Path):
    item = next(item for item in mixed_items(tmp_path, pictures=False) if item.ruling.violations)
    before, other, unsure = text.score_batch(
        [
            item,
            item_of(item.case, verdict="approve", violations=[]),
            item_of(item.case, confidence=0.1, intent="game", advice="Anything at all."),
        ]
    )
    assert before.value == pytest.approx(unsure.value, rel=1e-4)
    assert before.value != pytest.approx(other.value, rel=0.01)


def test_what_decides_is_found_whatever_the_texts_say():
    tricky = '"evidence": [{"verdict": "approve"}], "verdict": "approve'
    cited = [{"rule": tricky, "evidence": [{"quote": tricky, "field": tricky}]}, {"rule": "B", "evidence": []}]
    ruling = Ruling(reasoning=tricky, verdict="escalate", confidence=0.5, violations=cited, advice=tricky)
    text = write(ruling)
    first, second, third = (text[start:end] for start, end in decisive(text))
    assert first.startswith('{"violations": [{"rule": "') and first.endswith('", ') and "quote" not in first
    assert (second, third) == ('}, {"rule": "B", ', '}], "verdict": "escalate')


def test_certainty_is_not_paid(small_text: Path, tmp_path: Path):
    item = mixed_items(tmp_path, pictures=False)[0]
    whole = SelfConsistency(model=str(small_text), template="compact", likely=1).score_batch([item])[0]
    capped = SelfConsistency(model=str(small_text), template="compact", likely=whole.value / 2).score_batch([item])[0]
    assert (capped.value, capped.parts) == (1.0, whole.parts)


def test_the_reference_follows_the_policy_slowly(small_text: Path):
    reward = SelfConsistency(model=str(small_text), template="compact", decay=0.9)
    policy = checkpoint.load_weights(str(small_text))
    before = {name: weight.clone() for name, weight in policy.named_parameters()}
    reward.follow(policy)
    expected = dict(before)
    for step in range(3):
        with torch.no_grad():
            for weight in policy.parameters():
                weight += 0.1 * (step + 1)
        reward.after_step(step / 3)
        now = dict(policy.named_parameters())
        expected = {name: 0.9 * weight + 0.1 * now[name] for name, weight in expected.items()}
    found = dict(reward._local.model.named_parameters())
    assert found.keys() == expected.keys()
    for name, weight in expected.items():
        torch.testing.assert_close(found[name], weight.detach())


def test_an_adapter_is_followed_as_the_weights_that_it_makes(small_text: Path):
    from peft import LoraConfig, get_peft_model

    policy = get_peft_model(checkpoint.load_weights(str(small_text)), LoraConfig(r=2, target_modules="all-linear"))
    for name, weight in policy.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    reward = SelfConsistency(model=str(small_text), template="compact", decay=0.25)
    start = {name: weight.clone() for name, weight in reward._local.model.named_parameters()}
    reward.follow(policy)
    reward.after_step(0.5)
    found = dict(reward._local.model.named_parameters())
    merged = dict(policy.merge_and_unload().named_parameters())
    assert any(not torch.equal(start[name], weight) for name, weight in merged.items())
    for name, weight in merged.items():
        torch.testing.assert_close(found[name], 0.25 * start[name] + 0.75 * weight.detach(), atol=1e-5, rtol=1e-5)


def test_a_reference_that_stays_needs_no_policy(small_text: Path):
    reward = SelfConsistency(model=str(small_text), template="compact", decay=1, dtype="bfloat16")
    reward.follow(object())
    reward.after_step(0.5)


def test_what_cannot_be_followed_is_said_so(small_text: Path, small_vl: Path):
    reward = SelfConsistency(model=str(small_text), template="compact")
    with pytest.raises(DataError, match="another architecture"):
        reward.follow(checkpoint.load_weights(str(small_vl)))
    sharded = checkpoint.load_weights(str(small_text))
    next(sharded.parameters()).ds_id = 0  # type: ignore[attr-defined]  # as DeepSpeed marks them
    with pytest.raises(DataError, match=r"sharded.*ZeRO-2 or DDP, or set decay: 1"):
        reward.follow(sharded)
    with pytest.raises(DataError, match=r"dtype: .*float32"):
        SelfConsistency(model=str(small_text), dtype="bfloat16")


def test_a_fault_is_its_own_item_s(vl: SelfConsistency, tmp_path: Path):
    items = mixed_items(tmp_path)
    expected = values_of(vl.score_batch(items))
    items[0].case.images = ["missing.png"]
    items[3].case.text["body"] = "long " * 3000
    outcomes = vl.score_batch(items)
    assert isinstance(outcomes[0], DataError) and "no such image" in str(outcomes[0])
    assert isinstance(outcomes[3], DataError) and "context of 1024" in str(outcomes[3])
    others = [1, 2, 4, 5, 6, 7]
    assert values_of(outcomes[i] for i in others) == pytest.approx([expected[i] for i in others], rel=1e-4)


def test_a_ruling_too_long_for_the_context_earns_nothing_and_a_case_too_long_is_a_fault(
    text: SelfConsistency, tmp_path: Path
):
    items = mixed_items(tmp_path, pictures=False)[:2]
    long = item_of(items[0].case, reasoning="PRIZE-1: " + "won a prize " * 2000)
    low, fine = text.score_batch([long, items[1]])
    assert low.value == 0 and "too long to be judged" in low.reason
    assert fine.value == pytest.approx(values_of(text.score_batch([items[1]]))[0], rel=1e-4)
    items[0].case.text["body"] = "long " * 3000
    for item in (long, items[0]):  # whatever the ruling
        (fault,) = text.score_batch([item])
        assert isinstance(fault, DataError) and "without the ruling" in str(fault)
