"""What SFT and then GRPO make of a tiny model that watches streams: time to detection, false alarms an hour.

    python benchmarks/live.py --out runs/live

Streams of a minute show a wall; now and then, for some seconds, it is red or blue, each of which breaks a rule. The
model is built for them, learns from their windows (memory from gold), then from the rubric `live` (memory its own),
and watches streams that it has not seen, each told of what it found itself.
"""

import argparse
import random
import time
from pathlib import Path

from PIL import Image
from rich.console import Console

from data import Briefs, Case, Frame, Gold, GoldViolation, Interval, Rule, Rulebook, load_cases, save_cases
from data.windows import WindowSettings
from rl.config.decoding import Decoding
from rl.config.train import GRPORecipe, SFTRecipe
from rl.demo import precision
from rl.evaluation.live import events_of, measure_alarms, read_watched
from rl.evaluation.live.table import alarms_table
from rl.generation.local import LocalEngine
from rl.serving.live.progress import WatchSettings
from rl.serving.live.streams import watch_cases
from rl.training import train

SECONDS, SIDE, SHADES = 60, 56, 12
WALLS = {"green": (60, 160, 80), "grey": (140, 140, 140), "red": (215, 45, 45), "blue": (45, 70, 215)}
RULES = {"red": "RED-1", "blue": "BLUE-1"}
WINDOWS = {"seconds": 4.0, "every": 4.0, "frames": 4}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--streams", type=int, default=120)
    parser.add_argument("--test-streams", type=int, default=40)
    parser.add_argument("--sft", type=int, default=150, help="steps")
    parser.add_argument("--grpo", type=int, default=20, help="steps; none if 0")
    arguments = parser.parse_args()
    out, console = arguments.out, Console(emoji=False)
    draw_streams(out / "data", arguments.streams, arguments.test_streams)
    begun = time.monotonic()
    models = {"sft": train(SFTRecipe(**sft(out, arguments.sft)))}
    if arguments.grpo:
        models["grpo"] = train(GRPORecipe(**grpo(out, arguments.grpo)))
    console.print(f"trained in {time.monotonic() - begun:.0f} s")
    for name, model in models.items():
        console.print(watched(model, out, name))


def draw_streams(folder: Path, count: int, test: int) -> None:
    """Writes ``train.jsonl``, ``test.jsonl`` and ``rules.yaml``."""
    draw = random.Random(0)
    (folder / "media").mkdir(parents=True, exist_ok=True)
    for wall, colour in WALLS.items():
        for shade in range(SHADES):
            dimmed = tuple(min(255, max(0, part + draw.randint(-25, 25))) for part in colour)
            Image.new("RGB", (SIDE, SIDE), dimmed).save(folder / "media" / f"{wall}-{shade}.png")
    rules = [Rule(id=id_, text=f"no {wall} wall") for wall, id_ in RULES.items()]
    Rulebook(name="walls", rules=rules).dump(folder / "rules.yaml")
    for name, number in (("train", count), ("test", test)):
        save_cases([stream(f"{name}-{place}", draw) for place in range(number)], folder / f"{name}.jsonl")


def stream(name: str, draw: random.Random) -> Case:
    walls, violations, at = [draw.choice(["green", "grey"])] * SECONDS, [], draw.randint(2, 16)
    while at < SECONDS - 4:
        end, wall = min(SECONDS, at + draw.randint(3, 10)), draw.choice(list(RULES))
        walls[at:end] = [wall] * (end - at)
        evidence = [Interval(interval=(at, end - 1))]  # from its first frame to its last
        violations.append(GoldViolation(rule=RULES[wall], evidence=evidence))
        at = end + draw.randint(9, 25)
    shown = [Frame(path=f"media/{wall}-{draw.randrange(SHADES)}.png", time=s) for s, wall in enumerate(walls)]
    gold = Gold(verdict="reject" if violations else "approve", violations=violations)
    return Case(id=name, frames=shown, gold=gold)


def data(out: Path, memory: str) -> dict[str, object]:
    folder = out / "data"
    files = {"train": str(folder / "train.jsonl"), "rulebook": str(folder / "rules.yaml")}
    return {**files, "template": "compact", "windows": {**WINDOWS, "memory": memory}}


def sft(out: Path, steps: int) -> dict[str, object]:
    trainer = {
        "max_steps": steps,
        "per_device_train_batch_size": 16,
        "learning_rate": 3e-3,
        "warmup_steps": 20,
        "adam_beta2": 0.98,
        "gradient_checkpointing": False,
        "logging_steps": 10,
        "save_strategy": "no",
    }
    model = {"tiny": {"kind": "vl"}, "attn_implementation": "eager"}
    trainer |= precision()
    return {
        "name": "live-sft",
        "output": out / "sft",
        "muon": True,
        "model": model,
        "data": data(out, "gold"),
        "trainer": trainer,
    }


def grpo(out: Path, steps: int) -> dict[str, object]:
    trainer = {
        "max_steps": steps,
        "per_device_train_batch_size": 64,
        "num_generations": 8,
        "temperature": 0.8,
        "max_completion_length": 96,
        "learning_rate": 1e-4,
        "scale_rewards": "batch",
        "beta": 0.0,
        "gradient_checkpointing": False,
        "logging_steps": 5,
        "save_strategy": "no",
    }
    model = {"path": str(out / "sft"), "attn_implementation": "eager"}
    trainer |= precision()
    return {
        "name": "live-grpo",
        "output": out / "grpo",
        "rubric": "live",
        "model": model,
        "data": data(out, "policy"),
        "trainer": trainer,
    }


def watched(model: Path, out: Path, name: str) -> object:
    """The table of a model's alarms on the test streams."""
    folder, journal = out / "data", out / f"{name}.jsonl"
    briefs = Briefs.bind(load_cases(folder / "test.jsonl"), Rulebook.load(folder / "rules.yaml"))
    settings = WatchSettings(windows=WindowSettings(**WINDOWS), agree=1)
    watch_cases(LocalEngine(str(model)), briefs, journal, settings, Decoding(max_new_tokens=96))
    found = read_watched(journal)
    figures = measure_alarms(list(found.values()), [events_of(briefs[stream]) for stream in found])
    return alarms_table(name, figures)


if __name__ == "__main__":
    main()
