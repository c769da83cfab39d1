"""A teacher behind a server: the same lessons as from one at hand, and no lesson from what it did not score."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from data import DataError
from prompts.feedback import OPEN, Feedback
from rl.models.divergence import Likeliest, divergence, divergence_from
from rl.runs.folder import RunFolder
from rl.training.registry import stage_of, train
from rl.training.trainers.distil import LESSONS, TOKENS, WEIGHTS
from tests.rl.generation.scoring import ScoringServer
from tests.rl.generation.zoo import Handler, serving
from tests.rl.training.test_distil import (
    DIVERGENCES,
    learned,
    make_recipe,
    make_trainer,
    move,
    scripted,
    toy_rubric,
)

__all__ = ["toy_rubric"]

TEXTS = [f"{'no. ' * n}<think>PRIZE-1: clear" for n in range(7)] + ["yes"]
CASES = [*(("tiny_text", how) for how in DIVERGENCES), ("tiny_vl", "reverse")]
UNSCORED = "distil/unscored"


def near(gradients: dict[str, torch.Tensor], others: dict[str, torch.Tensor]) -> None:
    assert gradients.keys() == others.keys()
    largest = max(gradient.abs().max().item() for gradient in others.values())
    for name, gradient in others.items():
        torch.testing.assert_close(gradients[name] / largest, gradient / largest, atol=1e-4, rtol=0, msg=name)


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> Iterator[ScoringServer]:
    """Behind it, the model that the test's student begins with."""
    kind = request.node.callspec.params.get("kind", "tiny_text") if hasattr(request.node, "callspec") else "tiny_text"
    with serving(ScoringServer(request.getfixturevalue(kind))) as server:
        yield server  # type: ignore[misc]


def at(server: ScoringServer, **settings: Any) -> dict[str, Any]:
    where = {"url": server.url, "model": "large", "retries": 0, "timeout": 20}
    return {"top_k": 5, "endpoint": where, **settings}


@pytest.mark.parametrize("how", DIVERGENCES)
def test_of_a_few_likeliest_tokens_it_is_what_it_is_of_the_whole_vocabulary_with_the_rest_as_one(how: Any) -> None:
    draw = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(6, 40, generator=draw).log_softmax(-1) for _ in range(2))
    student.requires_grad_()
    values, ids = teacher.topk(4, dim=-1)
    padded = Likeliest(torch.cat([ids, ids[:, :2] * 0], 1), torch.cat([values, values[:, :2] * 0 - torch.inf], 1))
    found = divergence_from(student, padded, how)
    torch.testing.assert_close(found, divergence(student, teacher, how, 4))
    (gradient,) = torch.autograd.grad(found.sum(), student)
    (expected,) = torch.autograd.grad(divergence(student, teacher, how, 4).sum(), student)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize(("kind", "how"), CASES)
def test_the_students_own_weights_told_nothing_teach_nothing(
    how: str, kind: str, endpoint: ScoringServer, toy: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(kind)
    distil = at(endpoint, divergence=how, feedback="none")
    trainer = make_trainer(toy, model, tmp_path, lambda brief, card: Feedback(), distil=distil)
    batch = scripted(trainer, TEXTS)
    assert batch[LESSONS].tolist() == [1.0] * 8 and batch[TOKENS] == batch["completion_mask"].sum()
    assert trainer._metrics["train"][UNSCORED] == [0]
    loss, gradients = learned(trainer, batch)
    assert loss == pytest.approx(0, abs=1e-5) and gradients
    assert all(gradient.abs().max() < 1e-5 for gradient in gradients.values())
    chats = [path.endswith("/chat/completions") for path in endpoint.paths]
    assert chats == [False] + [kind == "tiny_vl"] * 8, "pictures go as messages, text as ids"


@pytest.mark.parametrize(("kind", "how"), CASES)
def test_it_teaches_what_a_teacher_at_hand_teaches(
    how: str, kind: str, endpoint: ScoringServer, toy: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    found = []
    for distil in ({"top_k": 5, "divergence": how}, at(endpoint, divergence=how)):
        trainer = make_trainer(toy, request.getfixturevalue(kind), tmp_path / str(len(found)), distil=distil)
        move(trainer.model)  # the teacher is the policy as it was at the start
        found.append(learned(trainer, scripted(trainer, TEXTS)))
    (loss, gradients), (theirs, others) = found
    assert theirs == pytest.approx(loss, rel=1e-4) and loss > 1e-4
    near(others, gradients)
    asked = endpoint.asked[1]
    words = json.dumps(asked) if kind == "tiny_vl" else trainer._tokenizer.decode(asked["prompt"])
    assert OPEN in words and asked["prompt_logprobs"] == 5


@pytest.mark.parametrize("fault", ["500", "silence", "no log-probabilities", "another prompt"])
def test_what_could_not_be_scored_teaches_nothing_and_is_counted(
    fault: str, endpoint: ScoringServer, toy: Path, tiny_text: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    distil = at(endpoint)
    distil["endpoint"] |= {"timeout": 2, "concurrency": 1}

    def fail(handler: Handler, body: dict[str, Any]) -> None:
        if len(endpoint.asked) not in (4, 8):  # of 1 probe and 8 completions
            endpoint.score(handler, body)
        elif fault == "500":
            handler.say("no", 500)
        elif fault == "silence":
            endpoint.closing.wait(3)
        elif fault == "no log-probabilities":
            handler.answer(body)
        else:
            endpoint.score(handler, {**body, "prompt": [5, *body["prompt"]]})

    trainer = make_trainer(toy, tiny_text, tmp_path, distil=distil)
    endpoint.behaviour = fail
    move(trainer.model)
    with caplog.at_level(logging.WARNING):
        batch = scripted(trainer)
    assert batch[LESSONS].nonzero()[:, 0].tolist() == [0, 1, 3, 4, 5, 7]
    own = batch["completion_mask"].sum(dim=1)
    assert batch[TOKENS] == own.sum() - own[2] - own[6]
    share = (own[2] + own[6]) / own.sum()
    assert trainer._metrics["train"][UNSCORED] == [pytest.approx(share.item())]
    assert "the teacher left 2 of 8 completions unscored, first case 'toy-2'" in caplog.text
    loss, gradients = learned(trainer, batch)
    for row in (2, 6):  # whatever else was written there
        batch["completion_ids"][row] = 100
    same, others = learned(trainer, batch)
    assert same == pytest.approx(loss, rel=1e-5) and loss > 1e-4
    near(others, gradients)


@pytest.mark.parametrize("kind", ["tiny_vl"])
def test_tokens_that_a_server_reads_otherwise_are_unscored(
    kind: str, endpoint: ScoringServer, toy: Path, tiny_vl: Path, tmp_path: Path
) -> None:
    trainer = make_trainer(toy, tiny_vl, tmp_path, distil=at(endpoint))
    batch = scripted(trainer)  # at random: no text is cut into tokens like that
    scored = trainer._taught(batch)
    assert 0 < scored.sum() < batch["completion_mask"].sum() and batch[TOKENS] == scored.sum()
    assert all((row.diff() <= 0).all() for row in scored.int()), "up to the first that differs"
    assert 0 < trainer._metrics["train"][UNSCORED][0] < 1
    learned(trainer, batch)


def test_a_server_that_has_gone_ends_the_run_and_one_that_fails_on_a_batch_does_not(
    endpoint: ScoringServer, toy: Path, tiny_text: Path, tmp_path: Path
) -> None:
    trainer = make_trainer(toy, tiny_text, tmp_path, distil=at(endpoint))

    def minds(handler: Handler, body: dict[str, Any]) -> None:
        if isinstance(body["prompt"], str):
            endpoint.score(handler, body)
        else:
            handler.say({"error": {"message": "prompt is too long"}}, 400)

    endpoint.behaviour = minds
    with pytest.raises(DataError, match="scored nothing of a whole batch: case 'toy-0': HTTP 400: prompt is too long"):
        scripted(trainer)
    endpoint.behaviour = endpoint.score
    scripted(trainer)
    endpoint.behaviour = minds
    batch = scripted(trainer)
    assert not batch[LESSONS].any() and trainer._metrics["train"][UNSCORED] == [0, 1]
    loss, gradients = learned(trainer, batch)
    assert loss == 0 and not any(gradient.any() for gradient in gradients.values())
    endpoint.behaviour = lambda handler, body: handler.say("no", 500)
    with pytest.raises(DataError, match=r"scored nothing of a whole batch: HTTP 500.*--resume"):
        scripted(trainer)


def test_a_run_is_taught_by_it_from_beginning_to_end(
    endpoint: ScoringServer, toy: Path, tiny_text: Path, tmp_path: Path, toy_rubric: None
) -> None:
    recipe = make_recipe(toy, tiny_text, tmp_path, distil=at(endpoint, feedback="none"))
    before, after = load_file(tiny_text / "model.safetensors"), load_file(train(recipe) / "model.safetensors")
    assert any(not torch.equal(after[name], weight) for name, weight in before.items())
    last = RunFolder(recipe.output).checkpoints / "checkpoint-2"
    logged = json.loads((last / "trainer_state.json").read_text())["log_history"]
    assert [entry[UNSCORED] for entry in logged if UNSCORED in entry] == [0, 0]
    assert not (last / WEIGHTS).exists(), "a teacher elsewhere is no part of a checkpoint"


def test_another_tokenizer_is_refused_before_the_first_step(
    toy: Path, tiny_text: Path, tiny_vl: Path, tmp_path: Path
) -> None:
    with serving(ScoringServer(tiny_text, tokenizer=tiny_vl)) as server:
        message = (
            r"distil\.endpoint: 'large' has another tokenizer than the student: token \d+ of a probe is \d+ there"
        )
        with pytest.raises(DataError, match=message):
            make_trainer(toy, tiny_text, tmp_path, distil=at(server))  # type: ignore[arg-type]


def test_a_server_that_scores_no_prompts_is_refused_before_the_first_step(
    endpoint: ScoringServer, toy: Path, tiny_text: Path, tmp_path: Path
) -> None:
    endpoint.behaviour = None
    with pytest.raises(DataError, match=r"cannot be asked: it gives no log-probabilities of what it reads"):
        make_trainer(toy, tiny_text, tmp_path, distil=at(endpoint))


def test_a_dry_run_names_it_and_a_run_may_go_on_with_it_elsewhere(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    where = {"url": "http://127.0.0.1:9/v1", "model": "large"}
    stages = [
        stage_of(
            make_recipe(toy, tiny_text, tmp_path, rubric="default", distil={"top_k": 20, "endpoint": where | new})
        )
        for new in ({}, {"url": "http://127.0.0.1:8/v1", "concurrency": 64}, {"model": "larger"})
    ]
    for stage in stages:
        stage.check(stage.recipe.arguments(bf16=False))
    said = stages[0].facts(stages[0].recipe.arguments(bf16=False))
    assert "large at http://127.0.0.1:9/v1" in said["teacher"] and "20 likeliest" in said["divergence"]
    same, moved, other = (stage.identity() for stage in stages)
    assert same == moved != other
