"""Rehearsal: the longest batch of a run goes through the model before the first step, forward and back.

Where memory does not suffice, it says so at once and what to change, instead of in the middle of an epoch. Nothing of
it is left: no optimiser steps, no gradient stays, random numbers go on as if nothing had been, and neither sampler,
figures nor the trainer's state are touched. Where DeepSpeed or FSDP share a model out, it is not done: their
backward passes are bound to steps.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from data import DataError
from rl.config.policy import PolicyRecipe
from rl.config.train import TrainRecipe
from rl.terminal.console import console, is_first_process
from rl.terminal.quantities import size
from rl.training.forecast.longest import longest
from rl.training.forecast.passes import Held, inputs_of, learn
from rl.training.forecast.states import Weights, states_of
from rl.training.launch.sharding import Sharding
from rl.training.trainers.prompt_reader import PromptReader


class Rehearsal(TrainerCallback):
    """Rehearses when a trainer has put its model where it will be trained, and says what the run will hold.

    Args:
        trainer: a `ResumableTrainer`.
        recipe: what it trains by.
    """

    def __init__(self, trainer: Any, recipe: TrainRecipe):
        self.trainer, self.recipe = trainer, recipe

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        held = rehearse(self.trainer, self.recipe)
        if held is not None and is_first_process():
            console().print(f"{self.recipe.name}: {self._told(held)}", soft_wrap=True)

    def _told(self, held: Held) -> str:
        trainer = self.trainer
        processes = trainer.accelerator.num_processes
        weights = Weights.of(trainer.accelerator.unwrap_model(trainer.model))
        sharding = Sharding("ddp" if processes > 1 else "one", processes)
        how = trainer.args.optim, bool(getattr(self.recipe, "muon", False))
        states = states_of(weights, sharding, False, str(how[0]).rpartition(".")[2].lower(), how[1], frozen=False)
        parts = {
            "weights": states.weights,
            "optimiser": states.optimiser,
            "gradients": held.gradients,
            "its longest batch": held.peak_without_gradients,
        }
        return "in memory: " + ", ".join(f"{name} {size(bytes_)}" for name, bytes_ in parts.items())


def rehearse(trainer: Any, recipe: TrainRecipe) -> Held | None:
    """Runs the longest batch.

    Args:
        trainer: a `ResumableTrainer` whose model is where it will be trained.

    Returns:
        What it held; None where it was not run.

    Raises:
        DataError: memory does not suffice; says what to change.
    """
    inputs = longest_inputs(trainer, recipe) if trainer.sharding is None else None
    if inputs is None:
        return None
    arguments = trainer.args
    half = torch.bfloat16 if arguments.bf16 else torch.float16 if arguments.fp16 else None
    model = trainer.accelerator.unwrap_model(trainer.model)
    with nothing_left(model):
        try:
            return learn(model, inputs, half)
        except torch.OutOfMemoryError as error:
            raise DataError(_what_to_change(inputs, arguments, recipe)) from error


def longest_inputs(trainer: Any, recipe: TrainRecipe) -> dict[str, Any] | None:
    """What the model is called with on the longest batch, as the trainer itself would have it; None where that is not
    known beforehand: rows do not say how long they are, or prompts are read in TRL's own way.
    """
    rows, device = trainer.train_dataset, trainer.accelerator.device
    if "length" not in getattr(rows, "column_names", ()):
        return None
    lengths = rows.with_format(None)["length"]
    if not isinstance(recipe, PolicyRecipe):
        order = sorted(range(len(rows)), key=lambda row: (-lengths[row], row))
        chosen = [dict(rows[row]) for row in order[: trainer.args.per_device_train_batch_size]]
        inputs = trainer.data_collator(chosen)
        return {name: value.to(device) for name, value in inputs.items()} | {"fused_lm_head": True}
    if not trainer.shares:
        return None
    reader = PromptReader(trainer.processing_class, trainer.chat_template, trainer.chat_template_kwargs)
    found = longest(recipe, trainer.args, lengths, lambda row: reader.read([rows[row]])[0])
    assert found is not None
    return inputs_of(trainer.accelerator.unwrap_model(trainer.model), found.learned.to(device), packs=True)


@contextmanager
def nothing_left(model: Any) -> Iterator[None]:
    """Afterwards, gradients and generators of random numbers are as before.

    The passes see other parameters over the same numbers: `DistributedDataParallel` counts which of its own a process
    used, and a step without pictures would be taken to have used what the longest batch did.
    """
    numbers, ordinary = np.random.get_state(), random.getstate()
    on_gpu = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    training = model.training
    places = [
        (module, name, weight)
        for module in model.modules()
        for name, weight in module._parameters.items()
        if weight is not None and weight.requires_grad
    ]
    others = {weight: nn.Parameter(weight.detach()) for _, _, weight in places}  # what is shared stays shared
    try:
        for module, name, weight in places:
            module._parameters[name] = others[weight]
        with torch.random.fork_rng(devices=on_gpu):
            yield
    finally:
        for module, name, weight in places:
            module._parameters[name] = weight
        random.setstate(ordinary)
        np.random.set_state(numbers)
        model.train(training)
        others.clear()  # with their gradients
        if on_gpu:
            torch.cuda.empty_cache()


def _what_to_change(inputs: dict[str, Any], arguments: Any, recipe: TrainRecipe) -> str:
    rows, accumulated = arguments.per_device_train_batch_size, arguments.gradient_accumulation_steps
    changes = []
    if not arguments.gradient_checkpointing:
        changes.append("--gradient_checkpointing true")
    if rows > 1:
        half, batches = rows // 2, -(-accumulated * rows // (rows // 2))
        changes.append(f"--per_device_train_batch_size {half} --gradient_accumulation_steps {batches}")
    if recipe.model.lora is None:
        changes.append("--model.lora '{r: 16}'")
    changes.append("--accelerate zero3 on several devices")
    told = f"{rows:,} rows in {inputs['input_ids'].numel():,} tokens"
    return f"the longest batch, {told}, does not fit into memory: try {', or '.join(changes)}"
