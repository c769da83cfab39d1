from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from trl import GRPOConfig

from data import Briefs, DataError
from prompts import opening_of, target, write
from rewards import Rubric, Scorecard
from rl.config.cases import MasteredConfig
from rl.config.model import ModelConfig
from rl.config.policy import GRPORecipe
from rl.models.load import context_length, load_model, load_processor
from rl.runs.rollouts import read_rollouts
from rl.training.grpo import check_prices_count
from rl.training.policy import load_rubric
from rl.training.rows import rows_for_rl
from rl.training.trainers.grpo import RulingGRPOTrainer
from tests.chat_templates import OPENS, with_template
from tests.rl.conftest import toy_briefs
from tests.rl.training.toy_reward import ToyReward


def make_trainer(
    briefs: Briefs,
    model: Path,
    output: Path,
    reward=None,
    checkpoint: Path | None = None,
    credit: str = "joint",
    mastered: MasteredConfig | None = None,
    **settings,
) -> RulingGRPOTrainer:
    processor, policy = load_processor(model), load_model(ModelConfig(path=str(model)))
    defaults = {
        "report_to": "none",
        "bf16": False,
        "gradient_checkpointing": False,
        "save_strategy": "no",
        "disable_tqdm": True,
        "max_steps": 2,
        "num_generations": 4,
        "max_completion_length": 8,
        "per_device_train_batch_size": 16,
        "scale_rewards": "batch",
    }
    rows = rows_for_rl(briefs, processor, context_length(policy), 8, "compact")
    return RulingGRPOTrainer(
        model=policy,
        args=GRPOConfig(**{"output_dir": str(output)} | defaults | settings),
        train_dataset=rows,
        eval_dataset=rows,
        processing_class=processor,
        reward=reward or ToyReward(),
        rollouts=output / "rollouts",
        checkpoint=checkpoint,
        credit=credit,
        mastered=mastered,
    )


@pytest.fixture
def briefs(toy: Path) -> Briefs:
    return toy_briefs(toy / "cases.jsonl", 16)


class CountedReward(ToyReward):
    """The n-th completion of a batch is worth n; some cannot be scored."""

    def __init__(self, totals: list[float | None]):
        super().__init__()
        self.totals = totals
        self.texts: list[str] = []

    def score(self, episodes, cases, progress=1.0):
        self.texts = [episode.completion for episode in episodes]
        cards = [self.card("", case) for case in cases]
        return [
            Scorecard(card.case, card.ruling, total, card.components)
            for card, total in zip(cards, self.totals, strict=True)
        ]


def test_every_rollout_is_logged_with_what_it_earned(briefs, tiny_vl: Path, tmp_path: Path):
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run")
    trainer.train()
    rollouts = read_rollouts(tmp_path / "run")
    assert [r.step for r in rollouts] == [0] * 16 + [1] * 16
    for start in range(0, 32, 4):
        group = rollouts[start : start + 4]
        assert [r.episode.sample for r in group] == [0, 1, 2, 3]
        assert len({r.episode.case for r in group}) == 1
    assert {r.episode.case for r in rollouts} <= {brief.id for brief in briefs}
    assert all(r.rewards == {"vowels": r.total} for r in rollouts)
    assert any(r.advantage for r in rollouts)


def test_an_unscored_completion_is_no_lesson_and_no_yardstick(briefs, tiny_vl: Path, tmp_path: Path):
    totals = [1.0, 2.0, None, 4.0] + [None] * 4 + [3.0, 3.0, 3.0, None] + [0.0, None, None, None]
    make_trainer(briefs, tiny_vl, tmp_path / "run", CountedReward(totals), max_steps=1).train()
    advantages = torch.tensor([r.advantage for r in read_rollouts(tmp_path / "run")])
    scored = torch.tensor([t for t in totals if t is not None])
    expected = torch.zeros(16)
    expected[[0, 1, 3]] = (torch.tensor([1.0, 2.0, 4.0]) - 7 / 3) / (scored.std() + 1e-4)
    torch.testing.assert_close(advantages, expected)


@pytest.mark.parametrize("scale", ["batch", "group", "none"])
def test_a_flat_group_teaches_exactly_nothing(scale: str, briefs, tiny_vl: Path, tmp_path: Path):
    # 0.1 has no exact mean: what rounding leaves would be divided by a spread of nearly 0.
    trainer = make_trainer(
        briefs, tiny_vl, tmp_path / "run", CountedReward([0.1] * 8 + [-2.7] * 8), scale_rewards=scale, max_steps=1
    )
    trainer.train()
    assert all(r.advantage == 0.0 for r in read_rollouts(tmp_path / "run"))
    assert trainer.state.log_history[-1]["frac_reward_zero_std"] == 1.0


@pytest.mark.parametrize("scale", ["batch", "group", "none"])
def test_a_figure_has_one_name_and_contradicts_no_other(scale: str, briefs, tiny_vl: Path, tmp_path: Path):
    """Of two cases, one is flat. TRL looks at the spread of the batch where advantages are scaled by it."""
    totals = [0.5] * 8 + [0.0, 1.0] * 4
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run", CountedReward(totals), scale_rewards=scale, max_steps=1)
    trainer.train()
    logged = next(entry for entry in trainer.state.log_history if "reward" in entry)
    assert logged["frac_reward_zero_std"] == 0.5 and logged["reward"] == pytest.approx(0.5)
    assert not [name for name in logged if name.startswith(("groups/", "rewards/"))]


def test_tags_that_are_special_tokens_reach_the_reward(briefs, tiny_vl: Path, tmp_path: Path):
    reward = CountedReward([0.0])
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run", reward)
    tokenizer = trainer._tokenizer
    tokenizer.add_special_tokens({"additional_special_tokens": ["<think>", "</think>"]})
    text = "<think>a</think><answer>{}</answer>"
    ids = tokenizer(text + "<|im_end|>", add_special_tokens=False)["input_ids"]
    assert tokenizer.convert_tokens_to_ids("<think>") in ids
    rows, trainer.num_generations = [{"case": "a"}], 1
    trainer._calculate_rewards(rows, [[{"role": "user", "content": ""}]], [[{"content": "lost"}]], [ids])
    assert reward.texts == [text]


def test_gold_behind_an_opened_tag_earns_what_it_is_worth(toy: Path, tiny_text: Path, tmp_path: Path, monkeypatch):
    """In training, in the log, and from the function for a trainer of one's own."""
    briefs = toy_briefs(toy / "text.jsonl", 16)
    opens = with_template(tiny_text, tmp_path / "model", OPENS)
    gold = write(target(briefs[0].case, briefs[0].excerpt))
    alone = gold.removeprefix("<think>")
    reward = Rubric.load("default").reward_func(briefs)
    trainer = make_trainer(briefs, opens, tmp_path / "run", reward, max_steps=1, max_completion_length=200)
    written = trainer._tokenizer(f"{alone}<|im_end|>", add_special_tokens=False, return_tensors="pt")["input_ids"]
    prompts = []

    def generate(input_ids, **settings):
        prompts.extend(trainer._tokenizer.batch_decode(input_ids))
        return torch.cat([input_ids, written.expand(len(input_ids), -1)], dim=1)

    monkeypatch.setattr(trainer.model, "generate", generate)
    trainer.train()
    assert len(prompts) == 16 and all(prompt.endswith("<|im_start|>assistant\n<think>\n") for prompt in prompts)
    rollouts = read_rollouts(tmp_path / "run")
    assert {rollout.episode.completion for rollout in rollouts} == {f"<think>\n{alone}"}
    cases = [rollout.episode.case for rollout in rollouts]
    worth = [card.total for card in reward.score([gold] * 16, cases)]
    assert [rollout.total for rollout in rollouts] == pytest.approx(worth)

    own = briefs[0].id
    (worth,) = (card.total for card in reward.score([gold], [own]))
    (unopened,) = reward([], [alone], case=[own])
    reward.opening = opening_of(load_processor(opens))
    assert reward([], [alone], case=[own]) == [worth] and unopened < worth


def test_completions_are_drawn_in_evaluation_mode_with_a_cache(
    briefs, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run", max_steps=1, gradient_checkpointing=True)
    seen, generate = [], trainer.model.generate

    def spied(**kwargs):
        seen.append((trainer.model.training, torch.is_grad_enabled(), kwargs["generation_config"]))
        return generate(**kwargs)

    monkeypatch.setattr(trainer.model, "generate", spied)
    trainer.train()
    ((training, grad, config),) = seen
    assert not training and not grad
    assert config.use_cache
    # An image token would stand for a picture that is not there: TRL sees to it.
    assert config.suppress_tokens == [trainer.model.config.image_token_id]
    assert (config.temperature, config.top_p, config.top_k) == (1.0, 1.0, 0)
    assert trainer.model.config._attn_implementation == "sdpa"


def test_cases_with_and_without_pictures_train_together(toy: Path, tiny_vl: Path, tmp_path: Path):
    briefs = toy_briefs(toy / "cases.jsonl", 16)
    for brief in briefs[::3]:
        brief.case.images = []
    pieces = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 8, "beta": 0.1, "learning_rate": 1e-3}
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run", **pieces)
    trainer.train()
    assert len(read_rollouts(tmp_path / "run")) == 32
    assert all(weight.isfinite().all() for weight in trainer.model.parameters())


def test_a_case_without_pictures_is_read_the_same_beside_cases_with(toy: Path, tiny_vl: Path, tmp_path: Path):
    briefs = toy_briefs(toy / "cases.jsonl", 4)
    for brief in briefs[:2]:
        brief.case.images = []
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run", shuffle_dataset=False)
    trainer.model.train()
    rows = [trainer.train_dataset[n] for n in (0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)]

    with torch.no_grad():
        batch = trainer._generate_and_score_completions(rows)
        ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
        mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
        vision = {name: batch[name] for name in ("pixel_values", "image_grid_thw", "num_images", "mm_token_type_ids")}
        together, _, _ = trainer._get_per_token_logps_and_entropies(
            trainer.model, ids, mask, batch["completion_ids"].shape[1], batch_size=4, **vision
        )
        # The plain model, one row at a time: its own tokens and its own picture.
        pixels = batch["pixel_values"].chunk(8)
        for row in range(16):
            real = mask[row].bool()
            alone = {
                "input_ids": ids[row][real][None],
                "mm_token_type_ids": batch["mm_token_type_ids"][row][real][None],
            }
            if row >= 8:
                alone |= {
                    "pixel_values": pixels[row - 8],
                    "image_grid_thw": batch["image_grid_thw"][row - 8 : row - 7],
                }
            length = int(batch["completion_mask"][row].sum())
            logits = trainer.model(**alone).logits[0, -length - 1 : -1]
            expected = logits.log_softmax(-1).gather(-1, alone["input_ids"][0, -length:, None])[:, 0]
            torch.testing.assert_close(together[row, :length], expected, atol=1e-5, rtol=1e-4)


def test_evaluation_draws_completions_but_does_not_log_them_as_rollouts(briefs, tiny_vl: Path, tmp_path: Path):
    steps = {"eval_strategy": "steps", "eval_steps": 1, "per_device_eval_batch_size": 4, "num_generations_eval": 2}
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run", **steps)
    trainer.train()
    evaluated = [entry for entry in trainer.state.log_history if "eval_reward" in entry]
    assert len(evaluated) == 2 and all(entry["eval_frac_reward_zero_std"] <= 1 for entry in evaluated)
    assert len(read_rollouts(tmp_path / "run")) == 32


def test_fewer_cases_than_one_generation_takes_is_an_error(briefs, tiny_vl: Path, tmp_path: Path):
    with pytest.raises(DataError, match="for 4 cases at once, and there are 3"):
        make_trainer(briefs[:3], tiny_vl, tmp_path / "run")


def test_settings_that_erase_the_prices_are_refused():
    priced = Rubric.load("billboard")
    assert priced.has_prices
    for scale in ("batch", "none", False):
        check_prices_count(priced, GRPOConfig(scale_rewards=scale, bf16=False))
    for scale in ("group", True):
        with pytest.raises(DataError, match=r"scale_rewards.*batch or none"):
            check_prices_count(priced, GRPOConfig(scale_rewards=scale, bf16=False))
    with pytest.raises(DataError, match="multi_objective_aggregation"):
        each = GRPOConfig(scale_rewards="batch", multi_objective_aggregation="normalize_then_sum", bf16=False)
        check_prices_count(priced, each)
    check_prices_count(SimpleNamespace(has_prices=False), GRPOConfig(bf16=False))


def test_the_recipe_says_which_language_the_reasoning_is_in(tmp_path: Path):
    recipe = GRPORecipe.load("billboard/grpo", {"rubric": "default"})
    assert load_rubric(recipe).penalties["language"].settings == {}
    recipe.reasoning_language = "zh"
    part = load_rubric(recipe).penalties["language"]
    assert part.settings == {"reasoning": "zh"} and part.weight == 0.1
    own = tmp_path / "own.yaml"
    own.write_text("name: own\npenalties: {language: {weight: {0: 0, 1: 0.2}, free: 0.5}}\n")
    recipe.rubric = str(own)
    part = load_rubric(recipe).at(0.5).penalties["language"]
    assert part.settings == {"reasoning": "zh", "free": 0.5} and part.weight == 0.1
    recipe.rubric = "billboard"
    with pytest.raises(DataError, match=r"reasoning_language: rubric 'billboard' does not look at the language"):
        load_rubric(recipe)
    recipe.rubric, recipe.reasoning_language = "default", "chinese"
    with pytest.raises(DataError, match="no such language"):
        load_rubric(recipe)
