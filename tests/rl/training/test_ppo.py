"""PPO: the three critics on three architectures, what each loss is of, and what is saved and exported."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
)

from data import DataError
from rewards import Rubric
from rl.config.model import ModelConfig
from rl.config.policy import PPORecipe
from rl.config.ppo import CriticConfig
from rl.models.critic import is_critics
from rl.models.load import context_length, load_model, load_processor
from rl.runs.folder import RunFolder
from rl.runs.rollouts import read_rollouts
from rl.training.registry import stage_of, train
from rl.training.rows import rows_for_rl
from rl.training.trainers.draw import Draw
from rl.training.trainers.grpo import RulingGRPOTrainer
from rl.training.trainers.ppo import PRICE, WEIGHTS, RulingPPOTrainer
from rl.training.trainers.refill import Refilled
from tests.rl.conftest import toy_briefs
from tests.rl.training.toy_reward import RULING, ToyReward, ToyRubric

LORA = {"r": 4, "alpha": 8}


def make_recipe(toy: Path, model: Path, output: Path, **sections) -> PPORecipe:
    settings = {
        "max_steps": 2,
        "save_steps": 2,
        "num_generations": 1,
        "max_completion_length": 8,
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-3,
        "gradient_checkpointing": False,
        "report_to": "none",
        "logging_steps": 1,
    }
    cases = "text.jsonl" if "text" in model.name else "cases.jsonl"
    given = {
        "name": "ppo",
        "output": output,
        "rubric": "toy",
        "data": {"train": [str(toy / cases)], "rulebook": str(toy / "rules.yaml"), "template": "compact"},
        "model": {"path": str(model), "lora": sections.pop("lora", None)},
        "trainer": settings | sections.pop("trainer", {}),
    }
    return PPORecipe(**given | sections)


@pytest.fixture
def toy_rubric(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rubric, "load", lambda *args: ToyRubric())


def make_trainer(toy: Path, model: Path, output: Path, reward=None, **sections) -> RulingPPOTrainer:
    recipe = make_recipe(toy, model, output, **sections)
    start = recipe.model
    processor, policy = load_processor(model), load_model(start)
    briefs = toy_briefs(Path(recipe.data.train[0]), 32)
    return RulingPPOTrainer(
        model=policy,
        args=recipe.arguments(bf16=False, save_strategy="no"),
        train_dataset=rows_for_rl(
            briefs, processor, context_length(policy), recipe.trainer["max_completion_length"], "compact"
        ),
        processing_class=processor,
        reward=reward or ToyReward(),
        rollouts=output / "rollouts",
        critic=recipe.critic,
        advantage=recipe.advantage,
        kl=recipe.kl,
        credit=recipe.credit,
        shared_prefix=recipe.shared_prefix,
        start=start,
    )


@pytest.mark.parametrize("layout", ["head", "adapter", "trunk"])
@pytest.mark.parametrize("kind", ["tiny_vl", "tiny_llava", "tiny_text"])
def test_every_critic_learns_on_every_architecture_and_is_left_out_of_what_is_exported(
    kind: str, layout: str, toy: Path, tmp_path: Path, request: pytest.FixtureRequest, toy_rubric
):
    model = request.getfixturevalue(kind)
    lora = LORA if layout == "adapter" else None
    recipe = make_recipe(toy, model, tmp_path / "run", critic={"layout": layout}, lora=lora)
    final = train(recipe)
    run = RunFolder(recipe.output)
    critic = load_file(run.checkpoints / "checkpoint-2" / WEIGHTS)
    assert all(map(is_critics, critic)) and all(weight.isfinite().all() for weight in critic.values())
    assert any(name.endswith("score.weight") and weight.any() for name, weight in critic.items())
    exported = {file.relative_to(final).as_posix() for file in final.rglob("*") if file.is_file()}
    assert not [name for name in exported if "critic" in name]
    if layout == "adapter":
        assert any("lora_B" in name and weight.any() for name, weight in critic.items())
        load_model(ModelConfig(path=str(final)))  # refuses any key too many or too few
        return
    architecture = AutoModelForCausalLM if kind == "tiny_text" else AutoModelForImageTextToText
    loaded, report = architecture.from_pretrained(final, output_loading_info=True)
    assert not any(report[fault] for fault in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    if layout == "trunk":
        moved = load_file(model / "model.safetensors")
        assert len(critic) == 1 + len([name for name in moved if "lm_head" not in name])
    before = architecture.from_pretrained(model).state_dict()
    assert any(not torch.equal(before[name], weight) for name, weight in loaded.state_dict().items())


class Totals(ToyReward):
    """The n-th completion of a batch is worth the n-th total."""

    def __init__(self, totals: list[float | None]):
        super().__init__()
        self.totals = totals

    def score(self, episodes, cases, progress=1.0):
        cards = [self.card("", case) for case in cases]
        return [type(card)(card.case, RULING, total, {}) for card, total in zip(cards, self.totals, strict=True)]


def one_batch(trainer: RulingPPOTrainer) -> dict:
    trainer.model.train()
    return trainer._generate_and_score_completions([trainer.train_dataset[n] for n in range(8)])


def test_an_unscored_completion_is_in_neither_loss_and_every_scored_one_teaches_the_critic(
    toy: Path, tiny_vl: Path, tmp_path: Path
):
    totals = [1.0, None, 1.0, 1.0, None, 1.0, 1.0, 1.0]  # all the same: in GRPO, none would teach
    trainer = make_trainer(toy, tiny_vl, tmp_path / "run", Totals(totals))
    batch = one_batch(trainer)
    mask = batch["tool_mask"]
    assert mask.any(dim=1).tolist() == [total is not None for total in totals]
    assert torch.equal(batch["returns"], mask.float())  # the critic says 0, and each token earns 1 from there on
    assert batch["num_items_in_batch"] == mask.sum() < batch["completion_mask"].sum()
    trainer.current_gradient_accumulation_steps = 1
    assert torch.equal(batch["advantages"] * ~mask.bool(), torch.zeros_like(batch["advantages"]))
    loss = trainer._compute_loss(trainer.model, batch)
    # ½·(0 − 1)² a token, times the coefficient; what the policy's loss comes to is 0, as all advantages are.
    assert loss.item() == pytest.approx(0.5 * trainer.how.coefficient, abs=1e-6)
    loss.backward()
    assert trainer.critic.score.weight.grad.any()
    for row in (1, 4):
        batch["returns"][row] = 99.0
    assert trainer._compute_loss(trainer.model, batch).item() == pytest.approx(loss.item())


def test_without_a_critic_and_discount_the_advantage_is_the_whole_return(toy: Path, tiny_vl: Path, tmp_path: Path):
    totals = [1.0, -2.0, 0.5, 3.0, 0.0, 1.0, 2.0, -1.0]
    reach = {"gamma": 1.0, "lam": 1.0, "whiten": False}
    trainer = make_trainer(toy, tiny_vl, tmp_path / "run", Totals(totals), advantage=reach)
    batch = one_batch(trainer)
    expected = torch.tensor(totals).unsqueeze(1) * batch["completion_mask"]
    torch.testing.assert_close(batch["advantages"], expected)
    as_drawn = Refilled(Draw([], {}, []), [], [0] * len(totals))
    rollouts = trainer._rollouts(batch["advantages"], batch["tool_mask"], as_drawn)
    assert [rollout.advantage for rollout in rollouts] == pytest.approx(totals)


def test_what_the_policy_pays_for_leaving_the_reference_is_a_part_of_the_return(
    toy: Path, tiny_vl: Path, tmp_path: Path
):
    reach = {"gamma": 1.0, "lam": 1.0, "whiten": False}
    kl = {"coefficient": 0.5, "target": 1.0, "horizon": 80}
    trainer = make_trainer(toy, tiny_vl, tmp_path / "run", Totals([1.0] * 8), advantage=reach, kl=kl)
    assert not (one_batch(trainer)["advantages"] - 1.0).mul(trainer._foreseen.values == 0).abs().gt(1.0 + 1e-6).any()
    with torch.no_grad():
        for name, weight in trainer.model.named_parameters():
            if not is_critics(name):
                weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(0)) * 0.02)
    before = trainer.price.coefficient
    batch = one_batch(trainer)
    charged = before * (trainer._foreseen.logps - batch["ref_per_token_logps"]) * batch["tool_mask"]
    expected = (1.0 - charged.flip(1).cumsum(1).flip(1)) * batch["tool_mask"]
    torch.testing.assert_close(batch["advantages"], expected)
    assert charged.any() and trainer.price.coefficient != before


def test_the_first_loss_on_grpos_advantages_is_grpos(toy: Path, tiny_vl: Path, tmp_path: Path):
    trainer = make_trainer(toy, tiny_vl, tmp_path / "run", Totals([1.0, 2, 3, 4, 5, 6, 7, 8]))
    batch = one_batch(trainer)
    batch["advantages"] = torch.linspace(-1, 1, 8)
    trainer.current_gradient_accumulation_steps = 1
    expected = RulingGRPOTrainer._compute_loss(_as_grpo(trainer), trainer.model, dict(batch))
    trainer.how = CriticConfig(coefficient=1e-30)
    assert trainer._compute_loss(trainer.model, batch).item() == pytest.approx(expected.item(), abs=1e-7)
    assert expected.item() != 0


def _as_grpo(trainer: RulingPPOTrainer):
    """The same model and settings in GRPO's hands."""

    class Disguised(RulingGRPOTrainer):
        def __init__(self):
            self.__dict__.update(trainer.__dict__)

    return Disguised()


def test_while_the_critic_is_pretrained_the_policy_stays_as_it_is(toy: Path, tiny_vl: Path, tmp_path: Path):
    critic = {"pretraining_steps": 2, "coefficient": 1.0}
    trainer = make_trainer(toy, tiny_vl, tmp_path / "run", critic=critic)
    before = {name: weight.clone() for name, weight in trainer.model.state_dict().items()}
    trainer.train()
    for name, weight in trainer.model.state_dict().items():
        assert torch.equal(weight, before[name]) is not is_critics(name), name


def test_a_policy_that_has_gone_too_far_learns_no_more_from_a_generation(toy: Path, tiny_vl: Path, tmp_path: Path):
    minibatches = {"steps_per_generation": 2, "num_iterations": 2, "max_steps": 8, "per_device_train_batch_size": 4}
    trainer = make_trainer(
        toy, tiny_vl, tmp_path / "run", kl={"stop_at": 1e-9}, trainer=minibatches | {"learning_rate": 1e-2}
    )
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "policy/stopped" in entry]
    assert [entry["policy/stopped"] for entry in logged] == [0.0, 1.0, 1.0, 1.0] * 2
    assert [entry["policy/kl"] < 1e-7 for entry in logged] == [True, False, False, False] * 2


def test_what_a_step_logs(toy: Path, tiny_vl: Path, tmp_path: Path):
    trainer = make_trainer(toy, tiny_vl, tmp_path / "run", trainer={"steps_per_generation": 2})
    trainer.train()
    logged = next(entry for entry in trainer.state.log_history if "reward" in entry)
    figures = {"loss", "explained_variance", "clip_ratio", "value"}
    assert {f"critic/{name}" for name in figures} <= logged.keys()
    assert {"policy/kl", "entropy", "clip_ratio/region_mean", "return/mean", "return/std"} <= logged.keys()
    assert {"advantage/mean", "advantage/std"} <= logged.keys() and "frac_reward_zero_std" not in logged
    assert len(read_rollouts(tmp_path / "run")) == 16


@pytest.mark.parametrize("layout", ["head", "adapter", "trunk"])
def test_a_run_that_goes_on_ends_like_one_that_was_not_stopped(
    layout: str, toy: Path, tiny_text: Path, tmp_path: Path, toy_rubric
):
    recipe = make_recipe(
        toy,
        tiny_text,
        tmp_path / "run",
        critic={"layout": layout},
        kl={"coefficient": 0.1, "target": 0.1, "horizon": 100},
        lora=LORA if layout == "adapter" else None,
        trainer={"max_steps": 8, "save_steps": 4, "steps_per_generation": 2, "num_iterations": 2},
    )
    weights = "adapter_model.safetensors" if layout == "adapter" else "model.safetensors"
    final = load_file(train(recipe) / weights)
    run = RunFolder(recipe.output)
    last = run.checkpoints / "checkpoint-8"
    critic, price, rollouts = load_file(last / WEIGHTS), (last / PRICE).read_text(), read_rollouts(recipe.output)
    for folder in (last, run.final):  # as if killed before
        shutil.rmtree(folder)
    resumed = load_file(train(recipe, resume=True) / weights)
    for found, expected in ((resumed, final), (load_file(last / WEIGHTS), critic)):
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], weight) for name, weight in expected.items())
    assert (last / PRICE).read_text() == price and read_rollouts(recipe.output) == rollouts
    before = load_file(run.checkpoints / "checkpoint-4" / WEIGHTS)
    assert not any(torch.equal(before[name], weight) for name, weight in critic.items() if "vision" not in name)


def test_evaluation_foresees_as_training_does_and_moves_no_price(toy: Path, tiny_vl: Path, tmp_path: Path):
    recipe = make_recipe(toy, tiny_vl, tmp_path / "run")
    recipe.data.valid = ["valid.jsonl"]
    assert (arguments := recipe.arguments(bf16=False)).num_generations == arguments.num_generations_eval == 1
    trainer = make_trainer(toy, tiny_vl, tmp_path / "run", kl={"coefficient": 0.1, "target": 1.0})
    trainer.eval_dataset = trainer.train_dataset.select(range(8))
    trainer._is_far = True
    figures = trainer.evaluate()
    assert {"eval_critic/explained_variance", "eval_critic/loss", "eval_kl"} <= figures.keys()
    assert trainer.price.coefficient == 0.1 and trainer._is_far


def test_what_ppo_does_not_go_with_is_refused(toy: Path, tiny_vl: Path, tmp_path: Path, toy_rubric):
    stage = stage_of(make_recipe(toy, tiny_vl, tmp_path / "run"))
    arguments = stage.recipe.arguments(bf16=False)
    stage.check(arguments)
    arguments.use_vllm = True
    with pytest.raises(DataError, match=r"trainer\.use_vllm"):
        stage.check(arguments)
    with pytest.raises(ValueError, match=r"kl\.coefficient"):
        make_recipe(toy, tiny_vl, tmp_path / "run", trainer={"beta": 0.1})


def test_a_second_adapter_needs_a_first(toy: Path, tiny_vl: Path, tmp_path: Path, toy_rubric):
    with pytest.raises(DataError, match=r"critic\.layout: a second adapter needs a policy that is one"):
        train(make_recipe(toy, tiny_vl, tmp_path / "run", critic={"layout": "adapter"}))


def test_head_trunk_and_policy_learn_at_their_own_pace(toy: Path, tiny_text: Path, tmp_path: Path):
    critic = {"layout": "trunk", "learning_rate": 0.3, "trunk_learning_rate": 0.2}
    trainer = make_trainer(toy, tiny_text, tmp_path / "run", critic=critic, trainer={"weight_decay": 0.1})
    groups = trainer.create_optimizer().param_groups
    paces = {id(weight): (group["lr"], group["weight_decay"]) for group in groups for weight in group["params"]}
    names = {id(weight): name for name, weight in trainer.model.named_parameters()}
    assert sum(len(group["params"]) for group in groups) == len(names) == len(paces)
    for weight, name in names.items():
        if name == "critic.score.weight":
            assert paces[weight] == (0.3, 0.0)
        elif is_critics(name):
            assert paces[weight] == (0.2, 0.0)
        else:
            assert paces[weight][0] == 1e-3
    trainer = make_trainer(toy, tiny_text, tmp_path / "other", critic={"layout": "trunk"})
    assert [group["lr"] for group in trainer.create_optimizer().param_groups] == [1e-3, 1e-3, 3e-3, 1e-3]
