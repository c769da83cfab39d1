"""A retriever: what it learns from, its loss by hand, and that a run goes on as if it had never stopped."""

from math import exp, log
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from data import Briefs, Case, DataError, Rule, Rulebook, save_cases
from prompts.excerpts import RetrievalConfig
from rl.config import RetrieverRecipe, SFTRecipe
from rl.runs.excerpts import excerpts_of
from rl.runs.folder import RunFolder
from rl.training import train
from rl.training.preflight import preflight
from rl.training.retriever import lessons_of
from rl.training.trainers.retriever import batch_of, contrastive_loss

WORDS = ("guns", "miracle cures", "free gifts", "sudden wealth", "secret tracking", "last chances")
BOOK = Rulebook(name="b", rules=tuple(Rule(id=f"R-{n}", text=f"No {words}.") for n, words in enumerate(WORDS)))


def case(id_: str, text: str, *broken: str, **gold: object) -> Case:
    violations = [{"rule": rule} for rule in broken]
    return Case(id=id_, text={"t": text}, gold={"verdict": "reject", "violations": violations, **gold})


def test_a_lesson_for_each_broken_rule_and_no_negative_that_gold_names() -> None:
    cases = [
        case("a", "guns, cures and gifts", "R-0", "R-1", "X-9", unclear=["R-2"]),
        Case(id="b", text={"t": "guns"}, gold={"verdict": "approve", "violations": []}),
        Case(id="c", text={"t": "guns"}),
    ]
    first, second = lessons_of(Briefs.bind(cases, BOOK), negatives=2)
    assert (first.rule, second.rule) == (0, 1) and first.query == "guns, cures and gifts"
    assert first.named == second.named == {0, 1, 2}
    assert len(first.negatives) == 2 and first.named.isdisjoint(first.negatives)
    assert lessons_of(Briefs.bind(cases, BOOK), negatives=0)[0].negatives == ()


def test_the_loss_by_hand() -> None:
    queries, documents = torch.eye(2), torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    left_out = torch.tensor([[False, False, True], [False, False, False]])
    loss, first = contrastive_loss(queries, documents, torch.tensor([0, 2]), left_out, temperature=0.5)
    expected = [-log(exp(2) / (exp(2) + exp(0))), -log(exp(1.6) / (exp(0) + exp(2) + exp(1.6)))]
    assert loss.item() == pytest.approx(sum(expected) / 2) and first.tolist() == [True, False]


def test_a_rule_in_a_case_s_own_words_is_neither_a_lesson_nor_a_negative() -> None:
    own = {"id": "R-1", "text": "No miracle cures, unless a doctor says so."}
    same = BOOK["R-2"].model_dump()
    rules = ["R-0", own, same]
    violated = case("a", "guns and cures", "R-0", "R-1", "R-2").model_copy(update={"rules": None})
    made = Case.model_validate(violated.model_dump(exclude_none=True, by_alias=True) | {"rules": rules})
    lessons = lessons_of(Briefs.bind([made], BOOK), negatives=5)
    assert [lesson.rule for lesson in lessons] == [0, 2] and lessons[0].named == {0, 1, 2}
    unbroken = Case.model_validate(
        {"id": "b", "text": {"t": "cures"}, "rules": rules, "gold": case("b", "", "R-0").gold}
    )
    (lesson,) = lessons_of(Briefs.bind([unbroken], BOOK), negatives=5)
    assert lesson.named == {0, 1} and 1 not in lesson.negatives and len(lesson.negatives) == 4


class Texts:
    """Takes the place of a model: says what it was given."""

    def __init__(self) -> None:
        self.prompts = {"query": "q: ", "document": ""}

    def preprocess(self, texts: list[str]) -> dict[str, list[str]]:
        return {"texts": texts}


def test_a_batch_holds_each_rule_once_and_leaves_out_what_is_no_negative() -> None:
    cases = [case("a", "guns and cures", "R-0", "R-1"), case("b", "gifts", "R-2")]
    batch = batch_of(lessons_of(Briefs.bind(cases, BOOK), negatives=1), [rule.text for rule in BOOK.rules], Texts())
    shown = batch["texts"]["texts"]
    assert shown[:3] == ["q: guns and cures", "q: guns and cures", "q: gifts"]
    assert len(set(shown[3:])) == len(shown[3:]) and {"No guns.", "No miracle cures.", "No free gifts."} <= {
        *shown[3:]
    }
    for row, rule in enumerate(("No guns.", "No miracle cures.", "No free gifts.")):
        assert shown[3 + int(batch["right"][row])] == rule
    guns = shown.index("No guns.") - 3
    assert batch["left_out"][:, guns].tolist() == [False, True, False]


@pytest.fixture
def recipe(tmp_path: Path):
    BOOK.dump(tmp_path / "book.yaml")
    cases = [case(f"c-{n}", f"this ad speaks of {WORDS[n % 6]} {n}", f"R-{n % 6}") for n in range(24)]
    save_cases(cases, tmp_path / "train.jsonl")

    def made(name: str, **trainer: object) -> RetrieverRecipe:
        return RetrieverRecipe(
            name=name,
            output=tmp_path / name,
            data={"train": str(tmp_path / "train.jsonl"), "rulebook": str(tmp_path / "book.yaml")},
            model={"tiny": {"kind": "encoder", "hidden": 32, "layers": 1, "vocab": 400, "context": 64}},
            negatives=1,
            trainer={"per_device_train_batch_size": 6, "learning_rate": 3e-3, "save_steps": 3, "report_to": "none"}
            | {"max_steps": 6, "save_strategy": "steps", "lr_scheduler_type": "constant"}
            | trainer,
        )

    return made


def weights(recipe: RetrieverRecipe) -> dict[str, torch.Tensor]:
    return load_file(RunFolder(recipe.output).final / "model.safetensors")


def test_a_run_that_goes_on_ends_as_one_that_never_stopped(recipe) -> None:
    whole, halved = recipe("whole"), recipe("halved", max_steps=3)
    train(whole)
    train(halved)
    before = weights(halved)
    train(recipe("halved"), resume=True)
    ours, theirs = weights(whole), weights(halved)
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert any(not torch.equal(before[name], ours[name]) for name in ours)


def test_what_was_trained_retrieves_and_is_told_apart(recipe, tmp_path: Path) -> None:
    trained = recipe("run", max_steps=120, save_strategy="no")
    train(trained)
    excerpts = excerpts_of(tmp_path / "book.yaml", RetrievalConfig(retrieve="dense", k=1, encoder=str(trained.output)))
    cases = [case(f"n-{n}", f"this ad speaks of {WORDS[n]} 99", f"R-{n}") for n in range(6)]
    briefs = excerpts.bind(cases)
    assert sum(not brief.lost for brief in briefs) >= 4  # by chance one
    assert [file.suffix for file in (tmp_path / "book.index").iterdir()] == [".npy"]
    assert excerpts.facts.encoder.endswith("checkpoints/final")
    assert excerpts_of(tmp_path / "book.yaml", RetrievalConfig(retrieve="bm25")).facts.index != excerpts.facts.index
    facts = RunFolder(trained.output).facts()
    assert facts.template is None and facts.recipe.data.excerpt == "named"


def test_a_dry_run_counts_parameters_and_trains_nothing(recipe, tmp_path: Path) -> None:
    made = recipe("dry")
    file = tmp_path / "recipe.json"
    file.write_text(made.model_dump_json(exclude_defaults=True))
    found = preflight("retriever", str(file))
    assert (
        not found.missing
        and {"parameters", "context", "rulebook"} <= {one.what for one in found.findings}
        and not RunFolder(made.output).checkpoints.exists()
    )


def test_nothing_to_find_and_settings_that_are_not_an_encoder_s(recipe, tmp_path: Path) -> None:
    save_cases(
        [Case(id="a", text={"t": "x"}, gold={"verdict": "approve", "violations": []})], tmp_path / "train.jsonl"
    )
    with pytest.raises(DataError, match=r"data\.train: no case breaks a rule"):
        train(recipe("none"))
    with pytest.raises(DataError, match="a retriever is an 'encoder', not 'text'"):
        RetrieverRecipe.load("billboard/retriever", {"model.tiny.kind": "text"})
    with pytest.raises(DataError, match="looks through the whole book"):
        RetrieverRecipe.load("billboard/retriever", {"data.excerpt": "{retrieve: bm25}"})
    with pytest.raises(DataError, match="an 'encoder' writes nothing"):
        SFTRecipe.load("billboard/sft", {"model.tiny.kind": "encoder"})


def test_what_gold_may_have_left_out_is_no_negative() -> None:
    cases = [
        case("a", "guns, cures and gifts", "R-0", exhaustive=False),
        case("b", "guns, cures and gifts", "R-0", exhaustive=False, cleared=["R-2", "X-9"]),
    ]
    unlisted, cleared = lessons_of(Briefs.bind(cases, BOOK), negatives=2)
    assert unlisted.negatives == () and unlisted.named == set(range(len(BOOK)))
    assert cleared.negatives == (2,) and cleared.named == set(range(len(BOOK))) - {2}


@pytest.mark.parametrize("strategy", ["steps", "no"])
def test_weights_that_are_no_numbers_take_no_checkpoint_s_place(recipe, strategy: str) -> None:
    diverging = recipe("diverging", save_strategy=strategy).model_copy(update={"temperature": 1e-45})
    with pytest.raises(DataError, match=r"after step . the weights are not finite: training has diverged"):
        train(diverging)
    assert not RunFolder(diverging.output).final.exists() and not [*RunFolder(diverging.output).checkpoints.iterdir()]


def test_lessons_without_anything_to_tell_a_rule_from_are_refused(recipe, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"negatives: .* with a batch of 1 there are none"):
        train(recipe("alone", per_device_train_batch_size=1).model_copy(update={"negatives": 0}))
    open_ended = [case(f"c-{n}", f"this ad speaks of {WORDS[n]}", f"R-{n}", exhaustive=False) for n in range(6)]
    save_cases(open_ended, tmp_path / "train.jsonl")
    with pytest.raises(DataError, match=r"data\.train: gold says of no rule that a case does not break it"):
        train(recipe("open"))
