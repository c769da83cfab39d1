"""How many of gold's rules are among the eight that a reviewer is shown, of a book of hundreds?

    python benchmarks/retrieval.py [--encoder PATH]

On two books:

- **billboard**: Billboard's large book of 624 rules, families of near-duplicates (`data.billboard.retrieval`).
  Retrievers are trained on one set of ads and measured on another, with names that the first has not.
- **kuaimod**: short videos, under their own fifteen rules among 485 of other matters (``distractors.yaml``). Trained
  on two thirds and measured on the last, in turn, near-duplicates on one side. Needs the real data: the folder that
  ``RULING_REAL_DATA`` names, or ``../shared/data``.

Measured are BM25, an encoder as it comes (with ``--encoder``, a folder in sentence-transformers' format), both fused,
the recipe ``billboard/retriever``, which starts from a random encoder, and that fused with BM25. Intervals are over
groups of cases, differences paired. What is trained already is not trained again.
"""

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml
from rich.console import Console

from data import Rule, Rulebook, load_cases, save_cases
from data.billboard.retrieval import build_retrieval
from data.foreign.convert import convert_file
from data.splits import kfold
from prompts.excerpts import RetrievalConfig, Retriever, retriever_of
from rl.config.retriever import RetrieverRecipe
from rl.evaluation.retrieval.recall import Recall, measure_recall
from rl.evaluation.retrieval.table import never_found, recall_table
from rl.runs.folder import RunFolder
from rl.training import train

K, SIZE, FOLDS = 8, 500, 3
CASES, TEST_CASES = 3000, 1000
KUAIMOD = {
    "model.tiny.vocab": 4096,
    "per_device_train_batch_size": 32,
    "num_train_epochs": 8,
    "warmup_steps": 5,
    "save_steps": 500,
}
"""What suits a few hundred cases of Chinese better than the shipped recipe."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=Path, help="an encoder to measure as it comes")
    parser.add_argument("--only", choices=["billboard", "kuaimod"])
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/retrieval"))
    arguments = parser.parse_args()
    console = Console(width=150, highlight=False)
    for name, bench in {"billboard": billboard, "kuaimod": kuaimod}.items():
        if arguments.only in (None, name):
            found = bench(arguments.out / name, arguments.encoder)
            report(name, found, arguments.out, console)


def billboard(out: Path, encoder: Path | None) -> list[Recall]:
    """On Billboard's large book."""
    data = out / "data"
    if not (data / "test.jsonl").is_file():
        build_retrieval(data, CASES, TEST_CASES)
    book, cases = Rulebook.load(data / "rulebook.yaml"), load_cases(data / "test.jsonl")
    run = trained(out / "run", data / "train.jsonl", data / "rulebook.yaml")
    ways = {**as_they_come(encoder), **with_trained(run)}
    return [named(measure_recall(retriever, cases, K), way) for way, retriever in retrievers(book, ways, out)]


def kuaimod(out: Path, encoder: Path | None) -> list[Recall]:
    """On short videos; what is trained is measured out of fold."""
    real = Path(os.environ.get("RULING_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    cases = convert_file(real / "kuaimod" / "benchmark.jsonl", "kuaimod", out / "data").cases
    book = with_distractors(Rulebook.load("kuaimod"))
    book.dump(out / "rulebook.yaml")
    pooled = {
        way: named(measure_recall(retriever, cases, K), way)
        for way, retriever in retrievers(book, as_they_come(encoder), out)
    }
    order = {case.id: place for place, case in enumerate(cases)}
    for number, (train_cases, held_out) in enumerate(kfold(cases, FOLDS)):
        fold = out / f"fold-{number}"
        save_cases(train_cases, fold / "train.jsonl")
        run = trained(fold / "run", fold / "train.jsonl", out / "rulebook.yaml", KUAIMOD)
        for way, retriever in retrievers(book, with_trained(run), out):
            found = named(measure_recall(retriever, held_out, K), way)
            pooled[way] = joined(pooled[way], found) if way in pooled else found
    return [replace(one, sought=sorted(one.sought, key=lambda sought: order[sought.case])) for one in pooled.values()]


def as_they_come(encoder: Path | None) -> dict[str, RetrievalConfig]:
    """What nobody has trained on these rules."""
    ways = {"BM25": RetrievalConfig(retrieve="bm25")}
    if encoder is not None:
        ways["dense"] = RetrievalConfig(retrieve="dense", encoder=str(encoder))
        ways["hybrid"] = RetrievalConfig(retrieve="hybrid", encoder=str(encoder))
    return ways


def with_trained(run: Path) -> dict[str, RetrievalConfig]:
    """A trained encoder alone, and fused with BM25."""
    final = str(RunFolder(run).final)
    return {
        "trained": RetrievalConfig(retrieve="dense", encoder=final),
        "trained hybrid": RetrievalConfig(retrieve="hybrid", encoder=final),
    }


def retrievers(book: Rulebook, ways: Mapping[str, RetrievalConfig], out: Path) -> Iterator[tuple[str, Retriever]]:
    for way, config in ways.items():
        yield way, retriever_of(book, config, out / "index")


def trained(run: Path, data: Path, rulebook: Path, more: Mapping[str, object] | None = None) -> Path:
    """The run of the shipped recipe on other data."""
    settings = {"data.train": str(data), "data.rulebook": str(rulebook), "output": str(run), **(more or {})}
    if not RunFolder(run).is_trained:
        train(RetrieverRecipe.load("billboard/retriever", settings), resume=True)
    return run


def with_distractors(book: Rulebook) -> Rulebook:
    """The book among rules of other matters, `SIZE` in all."""
    content = yaml.safe_load(Path(__file__).with_name("distractors.yaml").read_text(encoding="utf-8"))
    others = [
        Rule(id=f"{act['id']}-{number}", title=act["title"], text=act["text"].format(trade=trade))
        for number, trade in enumerate(content["trades"], start=1)
        for act in content["acts"]
    ]
    return book.model_copy(update={"name": "kuaimod-500", "rules": (*book.rules, *others[: SIZE - len(book)])})


def named(recall: Recall, way: str) -> Recall:
    return replace(recall, retriever=way)


def joined(one: Recall, other: Recall) -> Recall:
    """Two folds as one."""
    cases = one.cases + other.cases
    milliseconds = (one.milliseconds * one.cases + other.milliseconds * other.cases) / cases
    return replace(one, sought=[*one.sought, *other.sought], cases=cases, milliseconds=milliseconds)


def report(name: str, found: Sequence[Recall], out: Path, console: Console) -> None:
    """Prints the tables, and writes every figure."""
    console.print(f"{name}:", recall_table(found), *(never_found(one) for one in found), sep="\n")
    bm25, best = found[0], next(one for one in found if one.retriever == "trained")
    gain = best.less(bm25)
    console.print(f"trained − BM25, recall@{K}: {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]")
    out.mkdir(parents=True, exist_ok=True)
    content = {"recalls": [one.as_json() for one in found], "trained_less_bm25": vars(gain)}
    (out / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
