"""On the same batch, our SFT trainer's loss and gradients are TRL's: with pictures, without, and both together."""

from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from trl import SFTConfig, SFTTrainer

from data import Briefs, Rulebook, load_cases
from rl.config.model import ModelConfig
from rl.models.load import context_length, load_model, load_processor
from rl.training.rows import rows_for_sft
from rl.training.trainers.scored_positions import labelled_positions_only
from rl.training.trainers.sft import RulingSFTTrainer

KINDS = {"pictures": ("tiny_vl", "cases.jsonl"), "text": ("tiny_text", "text.jsonl")}
ROWS = 6


def step(kind: type[SFTTrainer], model: Path, cases: Path, output: Path) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss of the first rows in one batch, and every gradient."""
    processor, trained = load_processor(model), load_model(ModelConfig(path=str(model)))
    briefs = Briefs.bind(load_cases(cases)[:ROWS], Rulebook.load(cases.parent / "rules.yaml"))
    rows = rows_for_sft(briefs, processor, context_length(trained), "compact")
    args = SFTConfig(
        output_dir=str(output),
        max_length=None,
        per_device_train_batch_size=ROWS,
        report_to="none",
        bf16=False,
        remove_unused_columns=False,
    )
    trainer = kind(model=trained, args=args, train_dataset=rows, processing_class=processor)
    batch = trainer.data_collator([trainer.train_dataset[place] for place in range(ROWS)])
    loss = trainer.compute_loss(trainer.model.train(), trainer._prepare_inputs(batch))
    loss.backward()
    return loss.item(), {name: w.grad for name, w in trained.named_parameters() if w.grad is not None}


@pytest.mark.parametrize("scored", ["as on a GPU", "all positions"])
@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradients_are_those_of_trl(
    kind: str, scored: str, toy: Path, tmp_path: Path, request: pytest.FixtureRequest
):
    model, cases = request.getfixturevalue(KINDS[kind][0]), toy / KINDS[kind][1]
    loss, gradients = step(RulingSFTTrainer, model, cases, tmp_path / "ours")
    with labelled_positions_only() if scored == "as on a GPU" else nullcontext():
        expected_loss, expected = step(SFTTrainer, model, cases, tmp_path / "trl")
    assert loss > 1 and len(expected) > 20
    assert gradients.keys() == expected.keys()
    if scored == "as on a GPU":  # the same arithmetic, to the last bit
        assert loss == expected_loss
        assert all(torch.equal(gradients[name], gradient) for name, gradient in expected.items())
    else:
        assert loss == pytest.approx(expected_loss, rel=1e-6)
        for name, gradient in expected.items():
            torch.testing.assert_close(gradients[name], gradient, atol=2e-6, rtol=1e-4, msg=name)
