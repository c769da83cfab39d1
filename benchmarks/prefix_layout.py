"""What a packed row costs by how its attention is laid out: log-probabilities and gradients of G completions of R
tokens on a prompt of P, three ways in turn.

    python benchmarks/prefix_layout.py

*Rows* is TRL's: a row of P + R for each completion. *Dense mask* is one row of P + G·R under a mask of its square.
*Paths* is Ruling's (`rl.shared_prefix.attention`): one row, in which each completion attends to its prompt's keys and
its own, gathered. A random language model, one thread, seconds of processor time, the fastest of the rounds; memory is
the most that a pass takes beyond what was there. Each pass runs in a process of its own, which a fork begins.
"""

import argparse
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import torch
from grpo_step import peak_memory
from rich.console import Console
from rich.table import Table
from transformers import PreTrainedModel, Qwen3Config, Qwen3ForCausalLM

from rl.shared_prefix.attention import prepare
from rl.shared_prefix.forward import Packed, pack
from rl.shared_prefix.prompt import Prompt

VOCAB = 512
Way = Callable[[Any, Prompt, torch.Tensor], torch.Tensor]
"""A model, a prompt and (G, R) completions → their log-probabilities."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompt", type=int, nargs="+", default=[300])
    parser.add_argument("--completion", type=int, nargs="+", default=[30, 100, 300, 1000])
    parser.add_argument("--group", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    model = random_model(chosen.hidden, chosen.layers)
    millions = sum(weight.numel() for weight in model.parameters()) / 1e6
    columns = ("P", "G", "R", *(f"{way}: {unit}" for way in WAYS for unit in ("s", "MiB")), "dense : paths")
    table = Table(
        *columns, title=f"{millions:.1f} M parameters; processor time and memory of a forward and backward pass"
    )
    for size in chosen.prompt:
        for group in chosen.group:
            for length in chosen.completion:
                table.add_row(str(size), str(group), str(length), *line(model, size, group, length, chosen.rounds))
    Console(width=140).print(table)


def line(model: PreTrainedModel, size: int, group: int, length: int, rounds: int) -> list[str]:
    draw = torch.Generator().manual_seed(0)
    prompt = Prompt(torch.randint(VOCAB, (size,), generator=draw))
    completions = torch.randint(VOCAB, (group, length), generator=draw)
    best: dict[str, tuple[float, float]] = {}
    sums = set()
    for _ in range(rounds):
        for name in WAYS:
            seconds, memory, total = apart(model, name, prompt, completions)
            known = best.get(name, (seconds, memory))
            best[name] = (min(known[0], seconds), min(known[1], memory))
            sums.add(round(total / completions.numel(), 4))
    assert max(sums) - min(sums) < 2e-3, f"the ways differ: {sums}"
    figures = [
        f"{value:.2f}" if unit == 0 else f"{value / 2**20:.0f}"
        for name in WAYS
        for unit, value in enumerate(best[name])
    ]
    return [*figures, f"{best['dense mask'][0] / best['paths'][0]:.2f}"]


def apart(model: PreTrainedModel, name: str, prompt: Prompt, completions: torch.Tensor) -> tuple[float, float, float]:
    """Seconds, bytes, and the sum of the log-probabilities."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=measured, args=(model, name, prompt, completions, theirs))
    child.start()
    theirs.close()
    try:
        found: tuple[float, float, float] = ours.recv()
    finally:
        child.join()
    return found


def measured(model: PreTrainedModel, name: str, prompt: Prompt, completions: torch.Tensor, told: Connection) -> None:
    with peak_memory() as memory:
        used = time.process_time()
        total = WAYS[name](model, prompt, completions).sum()
        total.backward()
        used = time.process_time() - used
    told.send((used, memory[0], total.item()))


def rows(model: Any, prompt: Prompt, completions: torch.Tensor) -> torch.Tensor:
    ids = torch.cat([prompt.ids.expand(len(completions), -1), completions], dim=1)
    hidden = model.base_model(input_ids=ids).last_hidden_state
    return log_probs(model, hidden[:, len(prompt.ids) - 1 : -1], completions)


def dense_mask(model: Any, prompt: Prompt, completions: torch.Tensor) -> torch.Tensor:
    packed = packed_row(model, prompt, completions)
    layout = packed.layout
    # Which completion each place belongs to; −1 for the prompt.
    of = torch.full((layout.length,), -1)
    of[layout.branch] = torch.arange(len(completions))[:, None].expand_as(layout.branch)
    seen = ((of[None] == -1) | (of[None] == of[:, None])).tril()
    inputs = {name: value for name, value in packed.inputs.items() if name != "packed"}
    hidden = model.base_model(**inputs | {"attention_mask": seen[None, None]}).last_hidden_state[0]
    return log_probs(model, hidden[layout.branch], completions)


def paths(model: Any, prompt: Prompt, completions: torch.Tensor) -> torch.Tensor:
    prepare(model)
    packed = packed_row(model, prompt, completions)
    hidden = model.base_model(**packed.inputs).last_hidden_state[0]
    return log_probs(model, hidden[packed.layout.branch], completions)


WAYS: dict[str, Way] = {"rows": rows, "dense mask": dense_mask, "paths": paths}


def packed_row(model: PreTrainedModel, prompt: Prompt, completions: torch.Tensor) -> Packed:
    return pack(model, [prompt] * len(completions), completions, torch.ones_like(completions))


def log_probs(model: Any, hidden: torch.Tensor, completions: torch.Tensor) -> torch.Tensor:
    return model.lm_head(hidden).log_softmax(dim=-1).gather(2, completions[..., None])[..., 0]


def random_model(hidden: int, layers: int) -> PreTrainedModel:
    config = Qwen3Config(
        vocab_size=VOCAB,
        hidden_size=hidden,
        intermediate_size=hidden * 7 // 2,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        num_key_value_heads=max(1, hidden // 256),
        head_dim=64,
        max_position_embeddings=8192,
        attn_implementation="sdpa",
    )
    torch.manual_seed(0)
    return Qwen3ForCausalLM(config)


if __name__ == "__main__":
    main()
