import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from data import Case, DataError, Violation
from prompts import Message, render, write
from prompts.chat import encode
from prompts.parts import Text
from prompts.processor import tokenizer_of
from rewards.batch import Item
from rewards.model_based.reward_model import RewardModel
from tests.lazy import Lazy
from tests.rewards.model_based.local import BOOK, item_of, mixed_items, values_of
from tests.rl.conftest import toy_cases

torch, transformers, safetensors = Lazy("torch"), Lazy("transformers"), Lazy("safetensors.torch")
checkpoint, scalar_head = Lazy("rewards.models.checkpoint"), Lazy("rewards.models.scalar_head")
pytestmark = pytest.mark.slow


def conversation(item: Item) -> list[Message]:
    said = Message("assistant", (Text(write(item.ruling)),))
    return [*render(item.case, item.excerpt, "compact"), said]


def scores(model: Any, processor: Any, items: list[Item]) -> Any:
    inputs = encode(processor, [conversation(item) for item in items], reply=False)
    return model(**inputs).logits[:, 0]


def right_and_wrong(cases: list[Case]) -> list[tuple[Item, Item]]:
    """Gold beside the opposite: an approval of what breaks a rule, or a rule that nothing breaks."""
    draw, pairs = random.Random(0), []
    for case in cases:
        right = item_of(case)
        if right.ruling.violations:
            wrong = item_of(case, verdict="approve", violations=[])
        else:
            wrong = item_of(case, verdict="reject", violations=[Violation(rule=draw.choice(BOOK.ids))])
        pairs.append((right, wrong))
    return pairs


@pytest.fixture(scope="module")
def fitted(small_text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text reward model, fitted to pairs for a few seconds, as an ordinary checkpoint."""
    out, processor = tmp_path_factory.mktemp("fitted"), checkpoint.load_processor(small_text)
    torch.manual_seed(0)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(small_text, num_labels=1)
    model.config.pad_token_id = tokenizer_of(processor).pad_token_id
    pairs = right_and_wrong(toy_cases(out / "cases", 192, seed=1, images=False))
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for start in range(0, 192, 16):
        batch = [pairs[i] for i in range(start, start + 16)]
        both = scores(model, processor, [right for right, _ in batch] + [wrong for _, wrong in batch])
        loss = -torch.nn.functional.logsigmoid(both[:16] - both[16:]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.save_pretrained(out)
    processor.save_pretrained(out)
    return out


@pytest.fixture(scope="module")
def seeing(small_vl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vision-language backbone with a head, unfitted."""
    out = tmp_path_factory.mktemp("seeing")
    backbone = transformers.AutoModel.from_pretrained(small_vl)
    weight = torch.randn(1, backbone.config.get_text_config().hidden_size, generator=torch.Generator().manual_seed(0))
    scalar_head.ScalarHead(backbone, weight).save_pretrained(out)
    checkpoint.load_processor(small_vl).save_pretrained(out)
    return out


def test_it_prefers_right_rulings_on_cases_it_has_not_seen(fitted: Path, tmp_path: Path):
    reward = RewardModel(model=str(fitted), template="compact")
    pairs = right_and_wrong(toy_cases(tmp_path, 64, seed=2, images=False))
    right = values_of(reward.score_batch([right for right, _ in pairs]))
    wrong = values_of(reward.score_batch([wrong for _, wrong in pairs]))
    assert sum(a > b for a, b in zip(right, wrong, strict=True)) >= 56


@pytest.mark.parametrize("kind", ["fitted", "seeing"])
def test_the_value_is_the_squashed_score_whatever_the_company(kind: str, request, tmp_path: Path):
    folder: Path = request.getfixturevalue(kind)
    reward = RewardModel(model=str(folder), template="compact", batch_size=3)
    items = mixed_items(tmp_path, pictures=kind == "seeing")
    processor = checkpoint.load_processor(folder)
    model = scalar_head.load_scorer(str(folder), processor).eval()
    with torch.no_grad():
        alone = [float(scores(model, processor, [item])) for item in items]
    outcomes = reward.score_batch(items)
    assert [outcome.parts["score"] for outcome in outcomes] == pytest.approx(alone, abs=1e-3)
    assert values_of(outcomes) == pytest.approx([1 / (1 + 2.718281828**-score) for score in alone], abs=1e-3)
    assert len({round(score, 2) for score in alone}) > 4
    assert values_of(reward.score_batch(items[::-1])) == pytest.approx(values_of(outcomes)[::-1], abs=1e-4)


def test_the_head_is_read_at_the_last_token_on_either_side(seeing: Path, tmp_path: Path):
    processor = checkpoint.load_processor(seeing)
    model = scalar_head.load_scorer(str(seeing), processor).eval()
    items = mixed_items(tmp_path, pictures=False)[:4]
    left = encode(processor, [conversation(i) for i in items], reply=False)
    lengths = left["attention_mask"].sum(1)
    width = left["input_ids"].shape[1]
    right = {
        name: torch.stack([row.roll(int(length) - width) for row, length in zip(value, lengths, strict=True)])
        for name, value in left.items()
    }
    assert len(set(lengths.tolist())) > 1
    with torch.no_grad():
        torch.testing.assert_close(model(**left).logits, model(**right).logits, atol=1e-4, rtol=1e-4)


def test_a_scalar_head_survives_a_round_trip(seeing: Path, small_vl: Path):
    processor = checkpoint.load_processor(seeing)
    whole = scalar_head.load_scorer(str(seeing), processor)
    assert isinstance(whole, scalar_head.ScalarHead) and processor.chat_template
    plain = transformers.AutoModel.from_pretrained(small_vl).state_dict()
    assert all(torch.equal(plain[name], weight) for name, weight in whole.backbone.state_dict().items())
    assert not scalar_head.ScalarHead(whole.backbone).score.weight.any()


def test_what_is_no_reward_model_is_said_so(small_text: Path, small_vl: Path, seeing: Path, tmp_path: Path):
    with pytest.raises(DataError, match=r"1 missing keys .*score.weight"):
        RewardModel(model=str(small_text))
    with pytest.raises(DataError, match="no model can be loaded"):
        RewardModel(model=str(small_vl))

    shutil.copytree(seeing, tmp_path / "narrow")
    weight = safetensors.load_file(seeing / scalar_head.HEAD)["score.weight"][:, :9].contiguous()
    safetensors.save_file({"score.weight": weight}, tmp_path / "narrow" / scalar_head.HEAD)
    with pytest.raises(DataError, match=r"want a score.weight of \(1, 32\), found one of \(1, 9\)"):
        RewardModel(model=str(tmp_path / "narrow"))


def test_one_number_is_wanted(fitted: Path, tmp_path: Path):
    shutil.copytree(fitted, tmp_path / "two")
    config = json.loads((fitted / "config.json").read_text())
    config |= {"id2label": {"0": "bad", "1": "good"}, "label2id": {"bad": 0, "good": 1}}
    (tmp_path / "two" / "config.json").write_text(json.dumps(config))
    weights = safetensors.load_file(fitted / "model.safetensors")
    weights["score.weight"] = weights["score.weight"].repeat(2, 1)
    safetensors.save_file(weights, tmp_path / "two" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match="num_labels 1, this one has 2"):
        RewardModel(model=str(tmp_path / "two"))


def test_a_fault_is_its_own_item_s(seeing: Path, tmp_path: Path):
    reward = RewardModel(model=str(seeing), template="compact")
    items = mixed_items(tmp_path)[:3]
    items[0].case.images = ["missing.png"]
    missing, *others = reward.score_batch(items)
    assert isinstance(missing, DataError) and "no such image" in str(missing)
    assert all(0 <= value <= 1 for value in values_of(others))


def test_a_ruling_too_long_for_the_context_earns_nothing_and_a_case_too_long_is_a_fault(fitted: Path, tmp_path: Path):
    reward = RewardModel(model=str(fitted), template="compact")
    items = mixed_items(tmp_path, pictures=False)[:2]
    long = item_of(items[0].case, reasoning="PRIZE-1: " + "won a prize " * 2000)
    low, fine = reward.score_batch([long, items[1]])
    assert low.value == 0 and "too long to be judged" in low.reason
    assert fine.value == pytest.approx(values_of(reward.score_batch([items[1]]))[0], rel=1e-4)
    items[0].case.text["body"] = "long " * 3000
    for item in (long, items[0]):  # whatever the ruling
        (fault,) = reward.score_batch([item])
        assert isinstance(fault, DataError) and "without the ruling" in str(fault)
