"""Inputs: command lines with one thing wrong each, the same ones for the same seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.damage import BYTES, in_the_way, meaning


@dataclass(frozen=True)
class Verb:
    """A command that works, and the files that it reads."""

    name: str
    words: str
    reads: tuple[str, ...] = ()
    tries: int = 4
    """How many changes of meaning each of these files gets."""
    numbers: tuple[str, ...] = ()
    """Options that take a number."""
    writes: str = ""
    """Where it writes to."""
    ends: int = 0
    """The exit code where nothing is wrong."""
    named: tuple[str, ...] = ()
    """Command lines with a gap for something that is no name of what is wanted there."""


COMMON = "--data cases.jsonl --rulebook book.yaml"
VERBS = (
    Verb("check", "data check cases.jsonl --rulebook book.yaml --quarantine out/q",
         ("cases.jsonl", "book.yaml", "media/0.png"), 16, writes="out/q",
         named=("data check {} --rulebook book.yaml", "data check cases.jsonl --rulebook {}")),
    Verb("check a dataset", "data check dataset --rulebook book.yaml",
         ("dataset/dataset_info.json", "dataset/state.json", "dataset/data-00000-of-00001.arrow"), 3),
    Verb("convert", "data convert theirs.csv --mapping mapping.yaml --out out/c",
         ("theirs.csv", "mapping.yaml", "book.yaml"), 10, writes="out/c"),
    Verb("convert JSON", "data convert theirs.json --mapping mapping.yaml --out out/c",
         ("theirs.json", "media/0.png"), 10),
    Verb("prepare", "data prepare pages.jsonl --config prepare.yaml --out out/p",
         ("pages.jsonl", "prepare.yaml", "media/0.html"), 8,
         ("--frames", "--pixels", "--page-sections", "--page-characters", "--processes", "--seconds"), "out/p",
         named=("data prepare {} --out out/p", "data prepare pages.jsonl --config {} --out out/p")),
    Verb("billboard", "data billboard --out out/b --cases 4 --test-cases 2", (), 0,
         ("--cases", "--test-cases", "--seed", "--teacher-noise"), "out/b"),
    Verb("pairs", f"data pairs drafts.jsonl --rubric rubric.yaml {COMMON} --out out/p --any-length --held-out 0.5",
         ("drafts.jsonl", "cases.jsonl", "rubric.yaml"), 6, ("--margin", "--most", "--held-out", "--seed"), "out/p",
         named=(f"data pairs {{}} --rubric rubric.yaml {COMMON} --out out/p",
                f"data pairs drafts.jsonl --rubric rubric.yaml --by {{}} {COMMON} --out out/p")),
    Verb("best", "data best run --rubric rubric.yaml --out best.jsonl",
         ("run/rollouts/00000000-0.parquet", "rubric.yaml"), 4, ("--minimum",),
         named=("data best {} --rubric rubric.yaml --out best.jsonl",
                "data best run --rubric {} --out best.jsonl")),
    Verb("rules check", "rules check book.yaml --data cases.jsonl", ("book.yaml", "cases.jsonl"), 6,
         named=("rules check {}", "rules check book.yaml --data {}")),
    Verb("search", "rules search book.yaml guns", ("book.yaml",), 6, ("--k",),
         named=("rules search {} guns", "rules search book.yaml guns --retrieve {}",
                "rules search book.yaml guns --retrieve dense --encoder {}")),
    Verb("recall", f"rules recall {COMMON}", ("cases.jsonl", "book.yaml"), 4, ("--k",),
         named=("rules recall --data {} --rulebook book.yaml", f"rules recall {COMMON} --retrieve {{}}")),
    Verb("show", "rewards show rubric.yaml", ("rubric.yaml",), 30, ("--at",),
         named=("rewards show {}",)),
    Verb("score", f"rewards score --rubric rubric.yaml {COMMON} --completions completions.jsonl --out out/s.parquet",
         ("rubric.yaml", "cases.jsonl", "completions.jsonl"), 5, ("--at", "--sample"), "out/s.parquet"),
    Verb("score scores", f"rewards score --rubric rubric.yaml {COMMON} --completions scores.parquet",
         ("scores.parquet",), 6),
    Verb("score a run", f"rewards score --rubric rubric.yaml {COMMON} --completions run --case c-1",
         ("run/rollouts/00000000-0.parquet",), 4, ("--sample",)),
    Verb("audit", f"rewards audit --rubric rubric.yaml {COMMON} --cases 6",
         ("rubric.yaml", "cases.jsonl"), 2, ("--at", "--cases", "--seed", "--prior"), ends=1),
    Verb("replay", "rewards replay run --rubric rubric.yaml",
         ("run/run.json", "run/rollouts/00000000-0.parquet", "cases.jsonl"), 12, ("--examples",),
         named=("rewards replay {} --rubric rubric.yaml",)),
    Verb("forecast", "rewards forecast run --rubric rubric.yaml --rubric-old default",
         ("run/run.json", "run/rollouts/00000001-0.parquet", "rubric.yaml"), 6),
    Verb("review", "review model case.json --rulebook book.yaml --template compact --max-new-tokens 2",
         ("case.json", "book.yaml", "model/config.json", "model/generation_config.json",
          "model/processor_config.json", "model/tokenizer.json", "model/tokenizer_config.json",
          "model/chat_template.jinja", "model/model.safetensors"), 6,
         ("--max-new-tokens",), ends=1,
         named=("review model {} --rulebook book.yaml", "review {} case.json --rulebook book.yaml")),
    Verb("watch",
         "watch model streams.jsonl --rulebook book.yaml --journal out/w.jsonl --template compact --max-new-tokens 2",
         ("streams.jsonl", "book.yaml"), 10,
         ("--seconds", "--every", "--frames", "--pixels", "--remember", "--agree", "--most-lag", "--give-up", "--idle",
          "--max-new-tokens"), "out/w.jsonl",
         named=("watch model {} --rulebook book.yaml", "watch model streams.jsonl --rulebook {}",
                "watch model streams.jsonl --rulebook book.yaml --journal {}")),
    Verb("watch on",
         "watch model streams.jsonl --rulebook book.yaml --journal watch.jsonl --template compact --max-new-tokens 2",
         ("watch.jsonl",), 20),
    Verb("alarms", "alarms watch.jsonl --data streams.jsonl --rulebook book.yaml --out out/a.json",
         ("watch.jsonl", "streams.jsonl"), 16, writes="out/a.json",
         named=("alarms {} --data streams.jsonl --rulebook book.yaml",
                "alarms watch.jsonl --data {} --rulebook book.yaml")),
    Verb("evaluate predictions",
         f"evaluate --predictions predictions.jsonl {COMMON} --out out/e --thresholds held --prices miss=2",
         ("predictions.jsonl", "cases.jsonl", "held/metrics.json", "held/run.json", "held/predictions.parquet"), 8,
         ("--prevalence", "--prices miss", "--prices severity.low", "--prices escalation"), "out/e",
         named=(f"evaluate --predictions {{}} {COMMON} --out out/e", f"evaluate {{}} {COMMON} --out out/e")),
    Verb("evaluate a recipe", "evaluate --config eval.yaml --out out/e", ("eval.yaml",), 12,
         ("--temperature", "--max-new-tokens", "--samples", "--seed", "--batch-size", "--prevalence",
          "--faithfulness --faithfulness-cases", "--endpoint http://127.0.0.1:9 --model m --concurrency")),
    Verb("evaluate again",
         f"evaluate model {COMMON} --out again --template compact --max-new-tokens 4 --robustness rule-ids",
         ("again/completions.jsonl", "again/predictions.parquet", "again/metrics.json"), 5, writes="again"),
    Verb("compare", f"compare valid other --out out/c/page.html --gate gate.yaml --resamples 100 {COMMON}",
         ("valid/metrics.json", "valid/run.json", "valid/predictions.parquet", "gate.yaml", "book.yaml",
          "cases.jsonl"), 10, ("--resamples", "--seed"), "out/c/page.html", ends=1,
         named=("compare {} other --out out/c/page.html", "compare valid other --gate {} --out out/c/page.html")),
    Verb("compare variants", f"compare asked again --out out/c/page.html --resamples 100 {COMMON}",
         ("asked/variants.parquet", "again/variants.parquet"), 8),
    Verb("train sft", "train sft --config sft.yaml --dry-run", ("sft.yaml", "cases.jsonl", "book.yaml"), 10,
         ("--learning_rate", "--per_device_train_batch_size", "--num_train_epochs", "--seed", "--model.tiny.hidden",
          "--gradient_accumulation_steps", "--weight_decay", "--warmup_steps", "--logging_steps", "--max_grad_norm",
          "--accelerate cpu --num_processes"),
         named=("train sft --config {} --dry-run", "train sft --config sft.yaml --dry-run --accelerate {}",
                "train sft --config sft.yaml --dry-run --model.attn_implementation {}")),
    Verb("evaluate pairs", f"evaluate scorer --pairs pairs.jsonl {COMMON} --template compact --out out/e",
         ("pairs.jsonl", "scorer/score.safetensors", "scorer/config.json"), 8, ("--batch-size",), "out/e",
         named=(f"evaluate scorer --pairs {{}} {COMMON} --out out/e",
                f"evaluate {{}} --pairs pairs.jsonl {COMMON} --out out/e")),
    Verb("train reward", "train reward --config reward.yaml --dry-run",
         ("reward.yaml", "pairs.jsonl", "cases.jsonl"), 8,
         ("--learning_rate", "--center_rewards_coefficient", "--num_train_epochs"),
         named=("train reward --config reward.yaml --dry-run --pairs {}",)),
    Verb("train grpo", "train grpo --config grpo.yaml --dry-run",
         ("grpo.yaml", "rubric.yaml", "model/config.json", "model/tokenizer.json", "model/chat_template.jinja"), 8,
         ("--num_generations", "--temperature", "--beta", "--epsilon", "--top_p", "--max_completion_length",
          "--save_steps")),
    Verb("train ppo", "train ppo --config ppo.yaml --dry-run", ("ppo.yaml",), 16,
         ("--num_generations", "--critic.learning_rate", "--critic.coefficient", "--critic.pretraining_steps",
          "--critic.clip", "--advantage.gamma", "--advantage.lam", "--advantage.alpha", "--kl.coefficient",
          "--kl.target", "--kl.horizon", "--kl.stop_at")),
)  # fmt: skip
NUMBERS = ("nan", "inf", "1e999", "-1", "0", "0.5", str(10**30), "", "x", "true")
IN_THE_WAY = ("a file", "a folder", "a folder that cannot be written")
NAMES = {
    "a folder": "media",
    "nothing": "",
    "a name too long": "n" * 5_000,
    "not UTF-8": "\udcff.yaml",
    "markup and control characters": "[red]\x1b[2J\u202e",
    "a picture": "media/0.png",
    "another kind of file": "sft.yaml",
    "a device": "/dev/null",
}


@dataclass(frozen=True)
class Input:
    """One command line, and what is to be done to its folder before."""

    name: str
    words: tuple[str, ...]
    prepare: Callable[[], str | None]
    """Damages the folder; may say more of what it did."""
    room: int | None = None
    """Bytes that a file may grow to."""


def inputs_of(verb: Verb, seed: int) -> Iterator[Input]:
    """The inputs that one verb gets."""
    draw = random.Random(f"{seed} {verb.name}")
    words = tuple(verb.words.split())
    for file in verb.reads:
        for how in draw.sample(sorted(BYTES), min(verb.tries, 5)):
            yield Input(f"{verb.name}: {file} {how}", words, _damaged(file, BYTES[how], draw.random()))
        change = meaning(Path(file))
        for _ in range(verb.tries if change else 0):
            assert change is not None
            yield Input(f"{verb.name}: {file}", words, _damaged(file, change, draw.random()))
    for option in verb.numbers:
        for number in draw.sample(NUMBERS, 5):
            *before, last = option.split()
            given = (*before, last, number) if last.startswith("--") else (*before, f"{last}={number}")
            yield Input(f"{verb.name}: {' '.join(given)}", (*words, *given), _nothing)
    if verb.writes:
        above = str(Path(verb.writes).parent)
        for how in IN_THE_WAY:
            yield Input(f"{verb.name}: {how} at {verb.writes}", words, _blocked(verb.writes, how))
        for how in IN_THE_WAY if above != "." else ():
            yield Input(f"{verb.name}: {how} at {above}", words, _blocked(above, how))
        for room in (0, 100):
            yield Input(f"{verb.name}: room for {room} bytes", words, _nothing, room)
    for line in verb.named:
        for what, given in NAMES.items():
            filled = tuple(given if word == "{}" else word for word in line.split())
            yield Input(f"{verb.name}: {line.replace('{}', f'({what})')}", filled, _nothing)


def _nothing() -> None:
    pass


def _damaged(file: str, damage: Callable[[Path, random.Random], object], seed: float) -> Callable[[], str | None]:
    def prepare() -> str | None:
        said = damage(Path(file), random.Random(seed))
        return said if isinstance(said, str) else None

    return prepare


def _blocked(path: str, how: str) -> Callable[[], None]:
    return lambda: in_the_way(Path(path), how)
