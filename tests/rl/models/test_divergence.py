"""How far one distribution is from another, by hand and in pieces; of hidden states as of the model's own scores."""

from math import log
from pathlib import Path

import pytest
import torch
from trl.trainer.utils import add_fused_lm_head

from rl.config.model import ModelConfig
from rl.models import divergence as module
from rl.models.divergence import Head, compared, divergence
from rl.models.lesson import Lesson, make_teachable
from rl.models.load import load_model

STUDENT, TEACHER = torch.tensor([[0.25, 0.75]]).log(), torch.tensor([[0.5, 0.5]]).log()
MIXED = (3 / 8, 5 / 8)
KINDS = {
    "forward": 0.5 * log(2) + 0.5 * log(2 / 3),
    "reverse": 0.25 * log(1 / 2) + 0.75 * log(3 / 2),
    "jensen_shannon": 0.5 * (0.25 * log(0.25 / MIXED[0]) + 0.75 * log(0.75 / MIXED[1]))
    + 0.5 * (0.5 * log(0.5 / MIXED[0]) + 0.5 * log(0.5 / MIXED[1])),
}


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_tokens_by_hand(kind) -> None:
    assert divergence(STUDENT, TEACHER, kind).item() == pytest.approx(KINDS[kind], abs=1e-7)
    assert divergence(STUDENT, STUDENT, kind).item() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_that_are_lumped_together_hide_a_part_of_it(kind) -> None:
    draw = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(5, 50, generator=draw, dtype=torch.float64).log_softmax(-1) for _ in range(2))
    whole = divergence(student, teacher, kind)
    parts = [divergence(student, teacher, kind, k) for k in (1, 5, 20, 49, 50)]
    assert all((fewer <= more + 1e-9).all() for fewer, more in zip(parts, [*parts[1:], whole], strict=True))
    assert (parts[0] > 0).all() and (parts[0] < 0.9 * whole).all()
    torch.testing.assert_close(parts[3], whole)
    torch.testing.assert_close(parts[4], whole, rtol=0, atol=0)
    lumped = torch.tensor([[0.5, 0.5]]).log()  # of {0.5} and the rest
    assert divergence(torch.tensor([[0.5, 0.2, 0.3]]).log(), torch.tensor([[0.5, 0.4, 0.1]]).log(), kind, 1) == 0
    assert divergence(lumped, lumped, kind, 1).item() == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_in_pieces_it_is_the_same_with_the_same_gradients(kind, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = torch.Generator().manual_seed(0)
    states, theirs = (torch.randn(7, 6, generator=draw, requires_grad=True) for _ in range(2))
    weight, other = (torch.randn(11, 6, generator=draw, requires_grad=True) for _ in range(2))
    head, their_head = Head(weight, scale=0.5, cap=3.0, temperature=0.7), Head(other)
    found = []
    for at_once in (1 << 20, 22, 1):
        monkeypatch.setattr(module, "AT_ONCE", at_once)
        distances, entropy = compared((states, head), (theirs, their_head), kind, 4)
        assert not entropy.requires_grad
        found.append((distances.detach(), entropy, *torch.autograd.grad(distances.square().sum(), [states, weight])))
        distances, _ = compared((states, head), (theirs, their_head), kind)
        assert torch.autograd.grad(distances.sum(), [theirs, other], allow_unused=True) == (None, None)
    for piecewise in found[1:]:
        for one, whole in zip(piecewise, found[0], strict=True):
            torch.testing.assert_close(one, whole)
    assert all(gradient.any() for gradient in found[0][2:])


def test_a_teachable_model_is_compared_by_its_own_scores(tiny_text: Path) -> None:
    student, teacher = (load_model(ModelConfig(path=str(tiny_text))).eval() for _ in range(2))
    with torch.no_grad():
        for weight in teacher.parameters():
            weight.add_(0.02)
    ids = torch.randint(10, 200, (2, 9), generator=torch.Generator().manual_seed(0))
    before = student(input_ids=ids).logits
    theirs = (teacher(input_ids=ids).logits.float() / 0.7).log_softmax(-1)
    add_fused_lm_head(student, outputs=("log_probs",))
    make_teachable(student)
    places = torch.tensor([3, 4, 12])
    states = teacher.base_model(input_ids=ids).last_hidden_state.flatten(0, 1)[places].detach()
    lesson = Lesson(places, (states, Head.of(teacher, 0.7)), "reverse", temperature=0.7)
    learned = student(input_ids=ids, labels=ids, lesson=lesson)
    own = (before.float() / 0.7).log_softmax(-1).flatten(0, 1)[places]
    torch.testing.assert_close(learned.divergence, divergence(own, theirs.flatten(0, 1)[places], "reverse"))
    torch.testing.assert_close(learned.entropy, -(own.exp() * own).sum(-1).detach())
    assert (learned.divergence > 1e-4).all()
    torch.testing.assert_close(student(input_ids=ids).logits, before)
