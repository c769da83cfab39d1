"""What TRL and transformers do behind their public face, as far as our trainers lean on it (trl 1.16).

A release that changes any of it fails here, by name, and not in the middle of somebody's training.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator

import pytest
from transformers import GenerationMixin, Trainer, trainer_utils
from trl import GRPOTrainer, SFTTrainer
from trl.trainer import grpo_trainer, utils

from rl.training.trainers.distil import RulingDistilTrainer
from rl.training.trainers.grpo import RulingGRPOTrainer
from rl.training.trainers.policy import PolicyTrainer
from rl.training.trainers.ppo import _INPUTS, RulingPPOTrainer
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.shared_prefix import SharedPrefixTrainer

SIGNATURES = {
    (GRPOTrainer, "_generate"): "self prompts",
    (GRPOTrainer, "_generate_single_turn"): "self prompt_ids images multimodal_fields num_generations has_tool_images",
    (GRPOTrainer, "_calculate_rewards"): "self inputs prompts completions completion_ids_list",
    (GRPOTrainer, "_generate_and_score_completions"): "self inputs",
    (GRPOTrainer, "_compute_loss"): "self model inputs",
    (GRPOTrainer, "_log_metric"): "self name value",
    (GRPOTrainer, "_prepare_inputs"): "self generation_batch",
    (GRPOTrainer, "_tokenize_prompts"): "self prompts",
    (GRPOTrainer, "_get_train_sampler"): "self dataset",
    (SFTTrainer, "_get_train_sampler"): "self train_dataset",
    (SFTTrainer, "_get_eval_sampler"): "self eval_dataset",
    (SFTTrainer, "compute_loss"): "self model inputs return_outputs num_items_in_batch",
    (Trainer, "_save_checkpoint"): "self model trial",
    (Trainer, "_save"): "self output_dir state_dict",
    (Trainer, "create_optimizer"): "self model",
    (Trainer, "_save_rng_state"): "self output_dir",
    (Trainer, "_load_from_checkpoint"): "self resume_from_checkpoint model",
}
LEADING = "self model input_ids attention_mask logits_to_keep batch_size compute_entropy compute_aux_loss"
"""The first arguments of `_get_per_token_logps_and_entropies`, in the order in which TRL gives them."""
RETURNED = {
    "_generate": 8,
    "_generate_single_turn": 2,
    "_get_per_token_logps_and_entropies": 3,
    "_tokenize_prompts": 3,
}
"""How many values each gives back."""
READ = {
    "_metrics", "_tokenizer", "_entropy_bonus_enabled", "aux_loss_enabled", "chat_template", "chat_template_kwargs",
    "eos_token_ids", "generation_config", "generation_kwargs", "log_multimodal", "loss_type", "model_wrapped",
    "num_generations", "num_generations_eval", "num_iterations", "ref_model", "tools", "top_entropy_quantile",
    "use_transformers_continuous_batching", "use_vllm", "beta", "scale_rewards", "current_gradient_accumulation_steps",
    "rollout_func", "max_completion_length", "_is_vlm",
}  # fmt: skip
"""Attributes of TRL's trainer that ours read or set."""


def test_what_a_rollout_func_gives_is_what_is_trained_on():
    """Its ``env_mask`` becomes the ``tool_mask``, and without log-probabilities none are taken for the policy's."""
    written, scored = (
        inspect.getsource(getattr(GRPOTrainer, name)) for name in ("_generate", "_generate_and_score_completions")
    )
    assert "output = self.rollout_func(prompts, self)" in written
    assert 'tool_mask = extra_fields.pop("env_mask", None)' in written
    assert 'required_keys = {"prompt_ids", "completion_ids", "logprobs"}' in written
    assert "if sampling_per_token_logps_list is not None" in scored and 'output["tool_mask"] = tool_mask' in scored


def parameters(function: Callable) -> list[str]:
    return list(inspect.signature(function).parameters)


def tree(function: Callable) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))


def returned(function: Callable) -> Iterator[int]:
    """How many values each of a function's own return statements gives."""
    inner = {node for f in ast.walk(tree(function)) if isinstance(f, ast.FunctionDef) for node in ast.walk(f)}
    for node in inner:
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            yield len(node.value.elts)


@pytest.mark.parametrize(("owner", "name"), SIGNATURES, ids=lambda value: getattr(value, "__name__", value))
def test_methods_take_what_we_hand_on(owner: type, name: str):
    assert parameters(getattr(owner, name)) == SIGNATURES[owner, name].split()


def test_log_probabilities_are_worked_out_with_the_arguments_that_we_take():
    given = parameters(GRPOTrainer._get_per_token_logps_and_entropies)
    assert given[: len(LEADING.split())] == LEADING.split()


@pytest.mark.parametrize("name", RETURNED)
def test_methods_give_back_as_many_values(name: str):
    counts = set(returned(getattr(GRPOTrainer, name)))
    assert counts == {RETURNED[name]}


def test_attributes_are_still_there():
    source = inspect.getsource(GRPOTrainer)
    assert not {name for name in READ if f"self.{name}" not in source}


@pytest.mark.parametrize("trainer", [SFTTrainer, GRPOTrainer])
def test_figures_lie_where_we_read_them(trainer: type):
    """Those of the steps since the last entry of the log, the newest last; the tokens are counted up."""
    source = inspect.getsource(trainer)
    assert 'self._metrics[mode]["num_tokens"] = [self.' in source
    assert "self._metrics[mode].clear()" in inspect.getsource(trainer.log)


def test_a_steps_loss_is_the_sum_of_what_training_step_gives():
    source = inspect.getsource(Trainer._run_epoch)
    assert "tr_loss_step = self.training_step(model, inputs, num_items_in_batch)" in source
    assert "self._tr_loss += tr_loss_step" in source


def test_the_batch_has_the_tensors_that_we_change():
    source = inspect.getsource(GRPOTrainer._generate_and_score_completions)
    assert all(f'"{name}": ' in source for name in ("advantages", "completion_mask", "num_items_in_batch"))


def test_a_batch_is_shuffled_where_groups_are_kept_together():
    source = inspect.getsource(GRPOTrainer._prepare_inputs)
    assert "generation_batch = shuffle_sequence_dict(generation_batch)" in source
    assert parameters(grpo_trainer.shuffle_sequence_dict) == ["seq_dict"]


def test_figures_of_rows_are_gathered_where_missing_ones_are_passed_over():
    """Processes that leave out what teaches nothing have unequally many."""
    source = inspect.getsource(GRPOTrainer._compute_loss)
    low, high = re.findall(r"(\w+) = self\.accelerator\.gather\(masked_seq_mean\(", source)
    assert f"nanmin({low})" in source and f"nanmax({high})" in source
    others = re.findall(r"self\.accelerator\.gather(?:_for_metrics)?\((\w+)", source)
    assert set(others) == {"masked_seq_mean", "policy_loss", "aux_loss"}


def test_generation_is_set_up_as_transformers_does_it():
    assert parameters(GenerationMixin._prepare_generation_config)[:2] == ["self", "generation_config"]
    special = parameters(GenerationMixin._prepare_special_tokens)
    assert special[:4] == ["self", "generation_config", "kwargs_has_attention_mask", "device"]
    assert {"input_ids_seq_length", "device"} < set(parameters(GenerationMixin._get_logits_processor))
    assert {"_eos_token_tensor", "_pad_token_tensor"} <= set(
        re.findall(r"generation_config\.(_\w+) = ", inspect.getsource(GenerationMixin._prepare_special_tokens))
    )


def test_helpers_are_where_we_find_them():
    assert parameters(utils.split_pixel_values_by_grid) == parameters(utils.unsplit_pixel_values_by_grid) == ["batch"]
    assert parameters(utils._use_triton) == ["device"]
    assert "use_mtime" in parameters(trainer_utils.rotate_checkpoints)


def test_all_contact_is_with_what_stands_here():
    """Every method of ours that overrides one of theirs is in the list above, or public."""
    known = {name for _, name in SIGNATURES} | set(RETURNED) | {"__init__"}
    theirs = {name for base in (GRPOTrainer, SFTTrainer) for name in vars(base)} | set(dir(Trainer))
    learners = (RulingGRPOTrainer, RulingPPOTrainer, RulingDistilTrainer)
    for own in (ResumableTrainer, SharedPrefixTrainer, PolicyTrainer, *learners):
        overridden = {name for name in vars(own) if name in theirs and callable(getattr(own, name))}
        assert {name for name in overridden if name.startswith("_") and not name.endswith("__")} <= known


def test_what_a_critic_is_shown_is_what_the_policy_is_shown():
    """Every input of the model's in a batch of TRL's has the name that the method takes it by."""
    source = inspect.getsource(GRPOTrainer._compute_loss)
    assert all(f'{name}=inputs.get("{name}")' in source for name in _INPUTS) and "pixel_values" in _INPUTS


def test_ppo_finds_what_it_leans_on():
    source = inspect.getsource(GRPOTrainer._generate_and_score_completions)
    # Whether TRL looks at what was drawn before anything is learned from it, which is its first pass then.
    assert "if self.args.gradient_accumulation_steps % generate_every != 0" in source
    assert source.index("old_per_token_logps, _, _ =") < source.index("ref_per_token_logps, _, _ =")
    loss = inspect.getsource(GRPOTrainer._compute_loss)
    assert loss.count(" model,") == 2, "in the signature, and for one pass"
    assert 'completion_mask * inputs["tool_mask"]' in loss and "if advantages.dim() == 1:" in loss
    assert "if self.beta != 0.0:" in loss, "without, the price of KL is in no loss"
