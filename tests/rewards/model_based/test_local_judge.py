from pathlib import Path

import pytest

from data import DataError, Violation
from prompts.chat import encode
from prompts.processor import tokenizer_of
from rewards.model_based.judge.messages import messages
from rewards.model_based.judge.questions import inquire
from rewards.model_based.local_judge import LocalJudge
from tests.lazy import Lazy
from tests.rewards.model_based.local import answering, item_of, mixed_items, values_of

torch, checkpoint, _local = Lazy("torch"), Lazy("rewards.models.checkpoint"), Lazy("rewards.models.local_model")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def text(small_text: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalJudge:
    return LocalJudge(model=str(answering(small_text, tmp_path_factory.mktemp("judge"))), batch_size=8)


@pytest.fixture(scope="module")
def vl(small_vl: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalJudge:
    return LocalJudge(model=str(answering(small_vl, tmp_path_factory.mktemp("judge_vl"))), batch_size=8)


@pytest.mark.parametrize("kind", ["text", "vl"])
def test_the_value_is_that_of_the_questions_one_by_one(kind: str, request, tmp_path: Path):
    judge: LocalJudge = request.getfixturevalue(kind)
    item = next(item for item in mixed_items(tmp_path, pictures=kind == "vl") if item.ruling.violations)
    model, processor = checkpoint.load_weights(judge.model).eval(), checkpoint.load_processor(judge.model)
    vocabulary = tokenizer_of(processor).get_vocab()
    inquiry = inquire(item.ruling, item.case, item.excerpt)
    yes = {}
    for question in inquiry.questions:
        shown = messages(
            item.ruling,
            item.case,
            item.excerpt,
            inquiry,
            questions=[question],
            pictures=kind == "vl",
            one_word=True,
            special_tokens=judge._local.special_tokens,
        )
        with torch.no_grad():
            logits = model(**encode(processor, [shown])).logits[0, -1]
        chances = logits.softmax(-1)
        said_yes, said_no = (
            sum(float(chances[i]) for token, i in vocabulary.items() if token.removeprefix("Ġ").lower() == word)
            for word in ("yes", "no")
        )
        said = max(said_yes + said_no, 0.5)
        yes[question.name] = said_yes / said if question.wanted == "yes" else 1 - said_no / said
    (outcome,) = judge.score_batch([item])
    assert outcome.value == pytest.approx(inquiry.score(yes).value, abs=1e-4)
    assert {question.name for question in inquiry.questions} == {"broken_1", "follows", "invents"}


@pytest.mark.parametrize("kind", ["text", "vl"])
def test_company_and_padding_change_nothing(kind: str, request, tmp_path: Path):
    judge: LocalJudge = request.getfixturevalue(kind)
    items = mixed_items(tmp_path, pictures=kind == "vl")[:4]
    together = values_of(judge.score_batch(items))
    assert [values_of(judge.score_batch([item]))[0] for item in items] == pytest.approx(together, abs=1e-4)
    tokenizer_of(judge._local.processor).padding_side = "right"
    assert values_of(judge.score_batch(items[::-1])) == pytest.approx(together[::-1], abs=1e-4)
    assert all(0 <= value <= 1 for value in together)


def test_what_needs_no_asking_is_not_asked(text: LocalJudge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    case = mixed_items(tmp_path, pictures=False)[0].case
    monkeypatch.setattr(text, "_local", None)  # nothing to ask

    class Silent(_local.LocalModel):
        def forward(self, inputs, **options):
            raise AssertionError("asked")

    monkeypatch.setattr(text, "_local", Silent(torch.nn.Linear(1, 1), checkpoint.load_processor(text.model)))
    (outcome,) = text.score_batch([item_of(case, reasoning=":")])
    assert (outcome.value, outcome.reason) == (0.0, "reasoning: says nothing")


def test_a_fault_is_its_own_item_s(vl: LocalJudge, tmp_path: Path):
    items = mixed_items(tmp_path)[:3]
    expected = values_of(vl.score_batch(items))
    items[0].case.images = ["missing.png"]
    items[2].case.text["body"] = "long " * 9000
    missing, fine, long = vl.score_batch(items)
    assert isinstance(missing, DataError) and "no such image" in str(missing)
    assert isinstance(long, DataError) and "context of" in str(long)
    assert fine.value == pytest.approx(expected[1], abs=1e-4)


def test_a_model_that_answers_neither_is_refused(small_text: Path):
    with pytest.raises(DataError, match=r"yes or no with a probability of 0\.\d\d: take an instruction-tuned"):
        LocalJudge(model=str(small_text))


def test_a_text_model_has_no_pictures_to_read(text: LocalJudge, tmp_path: Path):
    items = mixed_items(tmp_path)[:3]
    assert all(0 <= value <= 1 for value in values_of(text.score_batch(items)))


def test_no_model_and_no_head_are_said_so(tmp_path: Path):
    with pytest.raises(DataError, match="nowhere: no processor"):
        LocalJudge(model="nowhere")


def test_a_ruling_too_long_for_the_context_earns_nothing_and_a_case_too_long_is_a_fault(
    text: LocalJudge, tmp_path: Path
):
    items = mixed_items(tmp_path, pictures=False)[:2]
    long = item_of(items[0].case, reasoning="PRIZE-1: " + "won a prize " * 2000)
    many = item_of(items[0].case, violations=[Violation(rule=f"MADE-UP-{n}") for n in range(17)])
    low, fine, cited = text.score_batch([long, items[1], many])
    assert low.value == 0 and "too long to be judged" in low.reason
    assert cited.value == 0 and "too many to be judged: 17 rules" in cited.reason
    assert fine.value == pytest.approx(values_of(text.score_batch([items[1]]))[0], abs=1e-4)
    items[0].case.text["body"] = "long " * 9000
    for item in (long, items[0]):  # whatever the ruling
        (fault,) = text.score_batch([item])
        assert isinstance(fault, DataError) and "without the ruling" in str(fault)
