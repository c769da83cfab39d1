"""What SFT and then GRPO make of a tiny model that watches streams: time to detection, false alarms an hour.

    python benchmarks/live.py --out runs/live

Streams of a minute show a wall; now and then, for some seconds, it is red or blue, each of which breaks a rule, or
pink, which breaks none. Annotators err: in a share `--noise` of events they overlook the window in which it begins, or
take a pink wall for a red one. The model is built for them, learns from the windows that they annotated (memory from
gold), then from the rubric `live` under true gold (memory its own), and watches streams that it has not seen, each
told of what it found itself, as by `ruling evaluate --windows`.
"""

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from rich.console import Console

from data import Briefs, Case, Frame, Gold, GoldViolation, Interval, Rule, Rulebook, load_cases, save_cases
from data.windows import WindowSettings
from rl.config.decoding import Decoding
from rl.config.policy import GRPORecipe
from rl.config.train import SFTRecipe
from rl.demo import precision
from rl.evaluation import Evaluation, Settings, compare_table, evaluate_model
from rl.training import train

SECONDS, SIDE, SHADES = 60, 56, 12
WALLS = {
    "green": (60, 160, 80), "grey": (140, 140, 140), "red": (215, 45, 45), "blue": (45, 70, 215),
    "pink": (225, 130, 150),
}  # fmt: skip
RULES = {"red": "RED-1", "blue": "BLUE-1"}
TINY = {"kind": "vl", "image_tokens": 4, "hidden": 128, "layers": 3}
WINDOWS = {"seconds": 4.0, "every": 4.0, "frames": 4}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--streams", type=int, default=120)
    parser.add_argument("--test-streams", type=int, default=40)
    parser.add_argument("--noise", type=float, default=0.7, help="how often annotators err, where they can")
    parser.add_argument("--sft", type=int, default=150, help="steps")
    parser.add_argument("--grpo", type=int, default=40, help="steps; none if 0")
    arguments = parser.parse_args()
    out, console = arguments.out, Console(emoji=False, width=120)
    draw_streams(out / "data", arguments.streams, arguments.test_streams, arguments.noise)
    found = []
    for name, make in {
        "sft": lambda: train(SFTRecipe(**sft(out, arguments.sft))),
        "grpo": lambda: train(GRPORecipe(**grpo(out, arguments.grpo))),
    }.items():
        if name == "grpo" and not arguments.grpo:
            continue
        begun = time.monotonic()
        model = make()
        console.print(f"{name}: trained in {time.monotonic() - begun:.0f} s")
        found.append(evaluated(model, out, name))
        console.print(compare_table(found))


def draw_streams(folder: Path, count: int, test: int, noise: float) -> None:
    """Writes ``annotated.jsonl``, ``train.jsonl``, ``test.jsonl`` and ``rules.yaml``."""
    draw = random.Random(0)
    (folder / "media").mkdir(parents=True, exist_ok=True)
    for wall, colour in WALLS.items():
        for shade in range(SHADES):
            dimmed = tuple(min(255, max(0, part + draw.randint(-25, 25))) for part in colour)
            Image.new("RGB", (SIDE, SIDE), dimmed).save(folder / "media" / f"{wall}-{shade}.png")
    rules = [Rule(id=id_, text=f"no {wall} wall") for wall, id_ in RULES.items()]
    Rulebook(name="walls", rules=rules).dump(folder / "rules.yaml")
    for name, number in (("train", count), ("test", test)):
        made = [stream(f"{name}-{place}", draw) for place in range(number)]
        save_cases([with_gold(shown, walls) for shown, walls in made], folder / f"{name}.jsonl")
        if name == "train":
            save_cases(
                [with_gold(shown, annotated(walls, noise, draw)) for shown, walls in made], folder / "annotated.jsonl"
            )


def stream(name: str, draw: random.Random) -> tuple[Case, list[str]]:
    """A stream, and the wall that it shows in each second."""
    walls, at = [draw.choice(["green", "grey"])] * SECONDS, draw.randint(2, 16)
    while at < SECONDS - 4:
        end, wall = min(SECONDS, at + draw.randint(3, 10)), draw.choice([*RULES, "pink"])
        walls[at:end] = [wall] * (end - at)
        at = end + draw.randint(9, 25)
    shown = [Frame(path=f"media/{wall}-{draw.randrange(SHADES)}.png", time=s) for s, wall in enumerate(walls)]
    return Case(id=name, frames=shown), walls


def annotated(walls: Sequence[str], noise: float, draw: random.Random) -> list[str]:
    """The walls as an annotator takes them who looks at whole windows, and errs."""
    taken, length = list(walls), int(WINDOWS["seconds"])
    for start, end, wall in stretches(walls):
        if wall == "pink" and draw.random() < noise:
            taken[start:end] = ["red"] * (end - start)
        if wall in RULES and start % length and draw.random() < noise:
            late = min(end, start - start % length + length)
            taken[start:late] = ["green"] * (late - start)
    return taken


def stretches(walls: Sequence[str]) -> list[tuple[int, int, str]]:
    """From when to when, and which wall."""
    ends = [at for at in range(1, len(walls) + 1) if at == len(walls) or walls[at] != walls[at - 1]]
    return [(start, end, walls[start]) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def with_gold(shown: Case, walls: Sequence[str]) -> Case:
    """A stream with the gold that these walls call for: each from its first frame to its last."""
    broken = [
        GoldViolation(rule=RULES[wall], evidence=[Interval(interval=(start, end - 1))])
        for start, end, wall in stretches(walls)
        if wall in RULES
    ]
    return shown.model_copy(update={"gold": Gold(verdict="reject" if broken else "approve", violations=broken)})


def data(out: Path, cases: str, memory: str) -> dict[str, object]:
    folder = out / "data"
    files = {"train": str(folder / f"{cases}.jsonl"), "rulebook": str(folder / "rules.yaml")}
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
    model = {"tiny": TINY, "attn_implementation": "eager"}
    trainer |= precision()
    return {
        "name": "live-sft",
        "output": out / "sft",
        "muon": True,
        "model": model,
        "data": data(out, "annotated", "gold"),
        "trainer": trainer,
    }


def grpo(out: Path, steps: int) -> dict[str, object]:
    trainer = {
        "max_steps": steps,
        "per_device_train_batch_size": 64,
        # 16 windows a step: with 8, and twice the learning rate, the model lost the form that answers have.
        "num_generations": 4,
        "temperature": 0.8,
        "max_completion_length": 96,
        "learning_rate": 5e-5,
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
        "data": data(out, "train", "policy"),
        "trainer": trainer,
    }


def evaluated(model: Path, out: Path, name: str) -> Evaluation:
    """What a model makes of the test streams, window by window."""
    folder = out / "data"
    briefs = Briefs.bind(load_cases(folder / "test.jsonl"), Rulebook.load(folder / "rules.yaml"))
    settings, decoding = Settings(agree=1), Decoding(max_new_tokens=96)
    return evaluate_model(
        model, briefs, out / "evaluations" / name, name=name, decoding=decoding, settings=settings,
        windows=WindowSettings(**WINDOWS),
    )  # fmt: skip


if __name__ == "__main__":
    main()
