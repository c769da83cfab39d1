"""What a pretrained model brings and a tiny one lacks: to repeat whatever it has read, and to read print.

Sequences of random tokens in which spans come again teach the first (induction heads; Olsson et al. 2022,
arXiv 2209.11895), begun short, since a match that is near is found sooner; the small print of training ads, cut out
and large, teaches the second. Nothing there is of a rule, a page or a ruling.

What follows from a line of reasoning, one word at its end, is one token of a hundred in an episode, and hardly learned
there: ``judge`` teaches it from lines that stand alone.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForImageTextToText, AutoProcessor

from data import Case
from rl.training.trainers.muon import MuonAndAdamW

IGNORED = -100
TOKENS, PICTURES, LINES = 3072, 48, 112
"""Of a batch."""
LEARNED, FOR = 0.85, 6
"""The share of repeated tokens that is foretold, and for how many steps, before sequences get longer."""


@dataclass(frozen=True)
class Part:
    """A part of the schooling.

    Args:
        steps: of the optimiser.
        lengths: of the sequences, in tokens, one after another.
        print_every: how many steps lie between two batches of print.
        lr: learning rate; it rises over 20 steps and falls over the last three tenths.
    """

    steps: int
    lengths: Sequence[int]
    print_every: int
    lr: float = 4e-3


PARTS = (Part(660, (24,), 1), Part(260, (32, 64, 128, 224), 6))


def school(start: Path, cases: Sequence[Case], out: Path, parts: Sequence[Part] = PARTS, seed: int = 0) -> Path:
    """Teaches a model; what is there already is not taught again.

    Args:
        start: a folder with the model and its processor.
        cases: whose small print is read; those of other mechanisms are passed over.
    """
    if (out / "model.safetensors").is_file():
        return out
    model, processor, draw = _begun(start, seed)
    special = set(processor.tokenizer.all_special_ids)
    words = [token for token in range(len(processor.tokenizer)) if token not in special]
    prints = list(_prints(cases))
    for part in parts:
        optimiser = _optimiser(model, part.lr)
        lengths, learned = list(part.lengths), 0
        for step in range(part.steps):
            share = _repeat(model, words, lengths[0], draw)
            if step % part.print_every == 0:
                _read(model, processor, draw.sample(prints, min(PICTURES, len(prints))))
            _step(optimiser, part.lr * min(1, (step + 1) / 20, max(0.05, (1 - step / part.steps) / 0.3)))
            learned = learned + 1 if share > LEARNED else 0
            if learned >= FOR and len(lengths) > 1:
                lengths, learned = lengths[1:], 0
            if (step + 1) % 50 == 0:
                print(f"schooling: step {step + 1} of {part.steps}, {share:.0%} of {lengths[0]} repeated", flush=True)
    model.save_pretrained(out)
    processor.save_pretrained(out)
    return out


def judge(start: Path, lines: Sequence[str], out: Path, steps: int = 180, lr: float = 1.5e-3, seed: int = 0) -> Path:
    """Teaches a model the last token of lines; what is there already is not taught again.

    Args:
        lines: each with its end, as a policy writes it.
    """
    if (out / "model.safetensors").is_file():
        return out
    model, processor, draw = _begun(start, seed)
    told = [processor.tokenizer(line, add_special_tokens=False)["input_ids"] for line in lines]
    optimiser = _optimiser(model, lr)
    for step in range(steps):
        drawn = [torch.tensor(tokens) for tokens in draw.sample(told, min(LINES, len(told)))]
        tokens = pad_sequence(drawn, batch_first=True, padding_value=processor.tokenizer.pad_token_id)
        attended = pad_sequence([torch.ones_like(line) for line in drawn], batch_first=True)
        ends = attended.sum(1) - 1
        rows = torch.arange(len(drawn))
        logits = model(input_ids=tokens, attention_mask=attended).logits[rows, ends - 1]
        cross_entropy(logits, tokens[rows, ends]).backward()
        _step(optimiser, lr * min(1, (step + 1) / 10, max(0.05, (1 - step / steps) / 0.3)))
        if (step + 1) % 50 == 0:
            share = float((logits.argmax(-1) == tokens[rows, ends]).float().mean())
            print(f"judging: step {step + 1} of {steps}, {share:.0%} right", flush=True)
    model.save_pretrained(out)
    processor.save_pretrained(out)
    return out


def repeating(words: Sequence[int], length: int, draw: random.Random) -> tuple[list[int], list[int]]:
    """Random tokens, then spans of what stood before; and labels, which all but the first of a span have."""
    tokens = draw.sample(words, max(6, length // 3))
    labels = [IGNORED] * len(tokens)
    while len(tokens) < length:
        if draw.random() < 0.2:
            tokens.append(draw.choice(words))
            labels.append(IGNORED)
        size = draw.randint(2, 10)
        begin = draw.randrange(max(1, len(tokens) - size))
        span = tokens[begin : begin + size]
        tokens += span
        labels += [IGNORED, *span[1:]]
    return tokens[:length], labels[:length]


def _begun(start: Path, seed: int) -> tuple[Any, Any, random.Random]:
    """A model that is to be taught, its processor, and what draws."""
    torch.manual_seed(seed)
    model = AutoModelForImageTextToText.from_pretrained(start, attn_implementation="eager").train()
    return model, AutoProcessor.from_pretrained(start), random.Random(seed)


def _optimiser(model: Any, lr: float) -> MuonAndAdamW:
    return MuonAndAdamW(model, lr=lr, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.01)


def _step(optimiser: MuonAndAdamW, lr: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = lr
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    optimiser.step()
    optimiser.zero_grad()


def _repeat(model: Any, words: Sequence[int], length: int, draw: random.Random) -> float:
    """Adds a batch's gradients; the share of tokens that were foretold."""
    drawn = [repeating(words, length, draw) for _ in range(max(8, TOKENS // length))]
    tokens, labels = (torch.tensor(part) for part in zip(*drawn, strict=True))
    logits = model(input_ids=tokens, attention_mask=torch.ones_like(tokens)).logits[:, :-1]
    labels = labels[:, 1:]
    cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED).backward()
    return float((logits.argmax(-1) == labels).sum() / (labels != IGNORED).sum())


def _prints(cases: Sequence[Case]) -> Iterator[tuple[Path, Sequence[float], str]]:
    """Pictures with small print, where it stands, and what it says."""
    for case in cases:
        said = re.search(r": (\d+ % in image 0)", (case.gold.reasoning or "") if case.gold else "")
        if said and case.originals:
            (look,) = case.meta["looks"]
            yield Path(case.path(case.originals[0])), look["arguments"]["box"], said[1]


def _read(model: Any, processor: Any, prints: Sequence[tuple[Path, Sequence[float], str]]) -> None:
    """Adds a batch's gradients."""
    pictures = []
    for path, box, _ in prints:
        with Image.open(path) as image:
            sides = (image.width, image.height) * 2
            pictures.append([image.convert("RGB").crop(tuple(round(v * s) for v, s in zip(box, sides, strict=True)))])
    texts = [f"<|vision_start|><|image_pad|><|vision_end|>: {said}" for *_, said in prints]
    batch = processor(text=texts, images=pictures, return_tensors="pt", padding=True)
    tokens, tokenizer = batch["input_ids"], processor.tokenizer
    seen = (tokens == tokenizer.convert_tokens_to_ids("<|vision_end|>")).cumsum(1) > 0
    labels = tokens.masked_fill(~seen | torch.isin(tokens, torch.tensor(tokenizer.all_special_ids)), IGNORED)
    logits = model(**batch).logits[:, :-1]
    (0.5 * cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED)).backward()
