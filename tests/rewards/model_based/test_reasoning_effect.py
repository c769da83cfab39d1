"""The effect of the reasoning is what the definition says, and none where the reasoning cannot be read."""

from pathlib import Path

import pytest

from data import DataError, Finding, Ruling
from data.counterfactual import Counterfactual
from data.finding import lines
from prompts import render, write
from prompts.chat import encode
from rewards import Rubric
from rewards.batch import Item
from rewards.model_based.reasoning_effect import ReasoningEffect
from rewards.model_based.self_consistency import SelfConsistency
from tests.lazy import Lazy
from tests.rewards.model_based.local import item_of, mixed_items, values_of

torch, likelihood = Lazy("torch"), Lazy("rewards.models.likelihood")
pytestmark = pytest.mark.slow


def reasoned(item: Item) -> Item:
    """The item with a finding on each of its rules."""
    cited = {violation.rule for violation in item.ruling.violations}
    found = [
        Finding(rule, "broken", "a claim") if rule in cited else Finding(rule, "clear") for rule in item.case.rules
    ]
    return item_of(item.case, reasoning=lines(found))


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    return [reasoned(item) for item in mixed_items(tmp_path, pictures=False)]


@pytest.fixture(scope="module")
def effect(small_text: Path) -> ReasoningEffect:
    return ReasoningEffect(model=str(small_text), template="compact")


def test_it_is_the_share_of_the_likelihood_that_goes(effect: ReasoningEffect, small_text: Path, items: list[Item]):
    """Against the likelihoods that self-consistency finds, each by its own code path to a value."""
    consistency = SelfConsistency(model=str(small_text), template="compact", likely=1)

    def of(item: Item) -> float:
        (score,) = consistency.score_batch([item])
        return score.parts["likelihood"] ** (len(item.ruling.violations) + 1)

    expected = []
    for item in items:
        other = Counterfactual.of(item.ruling, item.case)
        changed = item_of(item.case, reasoning=other.reasoning)
        assert changed.ruling.findings != item.ruling.findings
        expected.append(1 - min(1, of(changed) / of(item)))
    assert values_of(effect.score_batch(items)) == pytest.approx(expected, abs=1e-3)
    assert any(0 < value < 1 for value in expected) and 0 in expected


def test_company_changes_nothing(effect: ReasoningEffect, items: list[Item]):
    alone = [values_of(effect.score_batch([item]))[0] for item in items]
    assert values_of(effect.score_batch(items)) == pytest.approx(alone, abs=1e-4)


def test_a_model_that_cannot_look_back_shows_no_effect(small_text: Path, items: list[Item]):
    blind = ReasoningEffect(model=str(small_text), template="compact")
    for layer in blind._local.model.model.layers:
        layer.self_attn.o_proj.weight.data.zero_()
    assert values_of(blind.score_batch(items)) == pytest.approx([0] * len(items), abs=1e-5)


def test_a_model_that_has_learnt_to_follow_findings_shows_it(small_text: Path, items: list[Item]):
    """Taught both answers, each behind its findings, until the findings decide."""
    learnt = ReasoningEffect(model=str(small_text), template="compact")
    item = next(item for item in items if item.ruling.verdict == "reject")
    before = values_of(learnt.score_batch([item]))[0]
    other = Ruling(
        reasoning=Counterfactual.of(item.ruling, item.case).reasoning, verdict="approve", confidence=1, violations=[]
    )
    teach(learnt, item, [item.ruling, other])
    assert before < 0.9 < values_of(learnt.score_batch([item]))[0]


def teach(reward: ReasoningEffect, item: Item, rulings: list[Ruling]) -> None:
    """Trains the reward's model on the decisions of rulings on one case."""
    local, decisions = reward._local, [reward._decision(write(ruling)) for ruling in rulings]
    prompts = encode(local.processor, [render(item.case, item.excerpt, "compact")] * len(rulings))
    inputs, width = likelihood.followed_by(prompts, [tokens for tokens, _ in decisions]), prompts["input_ids"].shape[1]
    model = local.model.requires_grad_(True)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        logits = model(**inputs).logits[:, width - 1 : -1].log_softmax(-1)
        loss = torch.zeros(())
        for row, (tokens, counted) in enumerate(decisions):
            chosen = logits[row, : len(tokens)].gather(1, torch.tensor(tokens)[:, None])[:, 0]
            loss = loss - (chosen * torch.tensor(counted)).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.requires_grad_(False)


def test_without_a_finding_to_turn_there_is_no_effect(effect: ReasoningEffect, items: list[Item]):
    silent = item_of(items[0].case, reasoning="It is fine.")
    unsure = item_of(items[0].case, reasoning="SALE-1: blurred -> unclear")
    first, second, third = effect.score_batch([silent, items[1], unsure])
    assert (first.value, third.value) == (0.0, 0.0) and first.reason == "no finding is broken or clear"
    assert second.parts


def test_a_fault_is_its_own_item_s(effect: ReasoningEffect, items: list[Item]):
    expected = values_of(effect.score_batch(items))
    items[2].case.text["body"] = "long " * 3000
    outcomes = effect.score_batch(items)
    assert isinstance(outcomes[2], DataError) and "context of 1024" in str(outcomes[2])
    others = [row for row in range(len(items)) if row != 2]
    assert values_of(outcomes[row] for row in others) == pytest.approx([expected[row] for row in others], abs=1e-4)


def test_a_rubric_asks_for_it_by_name(small_text: Path, items: list[Item]):
    settings = {"weight": 0.1, "model": str(small_text), "template": "compact"}
    rubric = Rubric(name="mine", craft={"reasoning_effect": settings})
    (card,) = rubric.score_many([items[0].completion], [items[0].brief])
    assert 0 <= card["reasoning_effect"].value <= 1
