"""How fast `ruling evaluate` reviews cases under one long excerpt, and a plain batched `generate` loop: in turn.

    python benchmarks/evaluate_speed.py --model runs/billboard-sft      500 of Billboard's cases, 20 rules each
    python benchmarks/evaluate_speed.py --cases 64                      a random Qwen2.5-VL of 26 M parameters

Both decode greedily, in the same batches of cases of about equal length, with the same limit on new tokens. The plain
loop is what one would write with transformers alone: processor, `generate`, decoding of the text. *Same* is the share
of cases that both wrote the same text about, letter for letter.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from data import Briefs, Rulebook, load_cases
from data.billboard import BillboardConfig, build
from prompts import render
from prompts.chat import batches, encode
from prompts.processor import special_tokens, tokenizer_of
from rl.config.decoding import Decoding
from rl.config.model import ModelConfig
from rl.generation.decode import completion_text, end_of_turn_ids
from rl.generation.local import LocalEngine
from rl.models.load import load_model, load_processor
from rl.models.tiny import TinySize, build_tiny
from rl.runs.provenance import trained_template

Texts = dict[str, tuple[str, int]]
"""By case, with the number of tokens."""
NAMES = ("plain loop", "ruling evaluate")
MIDDLE = TinySize(
    hidden=512,
    intermediate=1792,
    layers=8,
    heads=8,
    kv_heads=2,
    vision_hidden=128,
    vision_intermediate=384,
    vision_depth=4,
)
"""26 M parameters."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a checkpoint, or a run; a random one if left out")
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--rules", type=int, default=20, help="of the excerpt")
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        name, folder = arguments.run
        print(json.dumps(timed(Asked(arguments.model, Path(folder), arguments), name)))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        build(BillboardConfig(cases=16, test_cases=arguments.cases, seed=arguments.rules), home / "data")
        model = arguments.model or str(random_model(home))
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
        for _ in range(arguments.rounds):
            for name in NAMES:
                command = [sys.executable, __file__, *sys.argv[1:], "--model", model, "--run", name, folder]
                said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                found[name].append(json.loads(said.splitlines()[-1]))
    columns = ("", "prompt", "written", "cases a second", "a second of processor time")
    table = Table(*columns, title="tokens a case; the faster round of each")
    best = {name: min(runs, key=lambda run: run["processor"]) for name, runs in found.items()}
    for name, run in best.items():
        rates = [f"{arguments.cases / run[clock]:.2f}" for clock in ("wall", "processor")]
        table.add_row(name, f"{run['prompt']:.0f}", f"{run['written']:.0f}", *rates)
    plain, ours = (best[name] for name in NAMES)
    table.add_row("gain", "", "", *(f"{plain[clock] / ours[clock]:.2f} ×" for clock in ("wall", "processor")))
    Console(width=120).print(table)
    same = sum(ours["texts"][case] == text for case, text in plain["texts"].items())
    Console().print(f"the same text about {same} of {arguments.cases} cases")


def random_model(home: Path) -> Path:
    cases = load_cases(home / "data" / "train.jsonl")
    book = Rulebook.load(home / "data" / "rulebook.yaml")
    texts = [part.text for case in cases for message in render(case, book) for part in message.texts]
    return build_tiny(home / "model", texts, "vl", MIDDLE, image_tokens=64)


class Asked:
    """What a model is asked: Billboard's test cases, each under the first rules of the book."""

    def __init__(self, model: str, home: Path, arguments: argparse.Namespace):
        self.model = model
        book = Rulebook.load(home / "data" / "rulebook.yaml")
        rules = [rule.id for rule in book.rules[: arguments.rules]]
        cases = load_cases(home / "data" / "test.jsonl")
        self.briefs = Briefs.bind([case.model_copy(update={"rules": rules, "gold": None}) for case in cases], book)
        self.template = trained_template(model) or "default"
        self.decoding = Decoding(
            template=self.template, max_new_tokens=arguments.new_tokens, batch_size=arguments.batch_size
        )


def plain_loop(asked: Asked) -> Callable[[], Texts]:
    processor, model = load_processor(asked.model), load_model(ModelConfig(path=asked.model), trainable=False)
    writer: Any = model.eval()
    tokenizer, ends = tokenizer_of(processor), end_of_turn_ids(model, tokenizer_of(processor))
    picture = getattr(model.config, "image_token_id", None)

    @torch.inference_mode()
    def write() -> Texts:
        asks = [render(b.case, b.excerpt, asked.template, special_tokens(processor)) for b in asked.briefs]
        texts: Texts = {}
        for batch in batches(asks, asked.decoding.batch_size):
            inputs = encode(processor, [asks[place] for place in batch]).to(model.device)
            written = writer.generate(
                **inputs,
                max_new_tokens=asked.decoding.max_new_tokens,
                do_sample=False,
                eos_token_id=ends,
                suppress_tokens=None if picture is None else [picture],
            )
            for place, row in zip(batch, written[:, inputs["input_ids"].shape[1] :].tolist(), strict=True):
                text = completion_text(tokenizer, row, ends)
                size = next((count for count, token in enumerate(row) if token in ends), len(row))
                texts[asked.briefs[place].id] = (text, size)
        return texts

    return write


def by_engine(asked: Asked) -> Callable[[], Texts]:
    engine = LocalEngine(asked.model)
    engine.provenance(asked.decoding)  # loads it

    def write() -> Texts:
        keys = [(brief.id, 0) for brief in asked.briefs]
        episodes = [episode for batch in engine.write(asked.briefs, asked.decoding, keys) for episode in batch]
        return {episode.case: (episode.completion, episode.tokens or 0) for episode in episodes}

    return write


def timed(asked: Asked, name: str) -> dict[str, Any]:
    """What was written, and the seconds that it took, without loading the model."""
    write = (plain_loop if name == NAMES[0] else by_engine)(asked)
    begin, used = time.monotonic(), time.process_time()
    texts = write()
    wall, processor = time.monotonic() - begin, time.process_time() - used
    first = render(asked.briefs[0].case, asked.briefs[0].excerpt, asked.template)
    prompt = encode(load_processor(asked.model), [first])["input_ids"].shape[1]
    written = sum(size for _, size in texts.values()) / len(texts)
    said = {case: text for case, (text, _) in texts.items()}
    return {"wall": wall, "processor": processor, "prompt": prompt, "written": written, "texts": said}


if __name__ == "__main__":
    main()
