"""What to do after a training run: the commands, as they stand for its recipe."""

import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from rich.text import Text

from data.address import without_credentials
from data.reading.loading import read_row
from rl.config.evaluate import EvalRecipe
from rl.config.policy import GRPORecipe
from rl.config.recipe import SHIPPED, Recipe, find_recipe
from rl.config.retriever import RetrieverRecipe
from rl.config.train import RewardRecipe, SFTRecipe, TrainRecipe
from rl.terminal.safe_text import visible

EVALUATION = "evaluation"
"""Where in a run's folder the evaluation goes."""
HELD_OUT, PAIRS, RECIPE, ID = "HELD_OUT.jsonl", "PAIRS.jsonl", "RECIPE.yaml", "ID"
"""What stands for something that people have to name themselves."""
_PLAIN = re.compile(r"[\w.-]+")


def next_steps(recipe: TrainRecipe, config: str) -> Text:
    """What to do next, each command on a line of its own.

    Args:
        recipe: what was trained.
        config: the recipe's file or name, as it was given; those that lie beside it are its companions.
    """
    run = recipe.output
    if isinstance(recipe, RewardRecipe):
        return _listed({"to evaluate it": _measured(recipe)})
    if isinstance(recipe, RetrieverRecipe):
        return _listed({"to see how much it finds": _found(recipe)})
    held_out, evaluated_as = _evaluated(recipe, config)
    steps: dict[str, list[Any]] = {
        "to evaluate it": ["ruling", "evaluate", run, *evaluated_as, "--out", run / EVALUATION]
    }
    if isinstance(recipe, SFTRecipe):
        steps["to go on with RL"] = ["ruling", "train", "grpo", *_continued(recipe, config)]
    before = Path(recipe.model.path or "") / EVALUATION
    if before.is_dir():
        compared = [before, run / EVALUATION, "--out", run / "comparison" / "report.html"]
        steps["to compare it with what it began as"] = ["ruling", "compare", *compared]
    steps["to see one ruling"] = _review(run, held_out, recipe.data.rulebook)
    return _listed(steps)


def next_looks(run: Path, cases: Path, rulebook: Path) -> Text:
    """How to look at what a model does, once it has been measured.

    Args:
        run: the folder of its training.
        cases: a file of cases that it was not trained on.
        rulebook: the rulebook that they are judged by.
    """
    return _listed({"to see one ruling": _review(run, str(cases), str(rulebook))})


def _review(run: Path, cases: str, rulebook: str) -> list[Any]:
    return ["ruling", "review", run, f"{cases}#{_first_id(cases)}", "--rulebook", rulebook]


def _listed(steps: Mapping[str, Sequence[Any]]) -> Text:
    text = Text("next")
    for what, words in steps.items():
        text.append(f"\n{what}:", style="dim").append(f"\n  {visible(shlex.join(map(str, words)))}", style="bold")
    return text


def again(*more: str) -> str:
    """The command that is running, to be typed again; a URL in it shows no credentials.

    Args:
        more: words to add, unless they are there.
    """
    words = [without_credentials(word) for word in sys.argv[1:]]
    return shlex.join(["ruling", *words, *(word for word in more if word not in words)])


def _evaluated(recipe: TrainRecipe, config: str) -> tuple[str, Sequence[str]]:
    """A file of cases that were held out, and the options that have them evaluated."""
    companion = _companion(recipe, config, "eval")
    if companion is not None and not recipe.data.valid:
        found = EvalRecipe.load(companion)
        if Path(found.data[0]).is_file():
            same = found.rulebook == recipe.data.rulebook
            return found.data[0], ["--config", companion, *([] if same else ["--rulebook", recipe.data.rulebook])]
    files = _held_out(recipe)
    options = [word for file in files for word in ("--data", file)]
    return files[0], [*options, "--rulebook", recipe.data.rulebook]


def _held_out(recipe: TrainRecipe) -> list[str]:
    """Files of cases that were not trained on."""
    beside = [Path(recipe.data.train[0]).parent / f"{split}.jsonl" for split in ("test", "valid")]
    return recipe.data.valid or [str(file) for file in beside if file.is_file()][:1] or [HELD_OUT]


def _measured(recipe: RewardRecipe) -> list[Any]:
    """The command that measures a reward model on pairs that were held out."""
    pairs = [word for file in recipe.valid_pairs or [PAIRS] for word in ("--pairs", file)]
    cases = [word for file in (*recipe.data.train, *recipe.data.valid) for word in ("--data", file)]
    run, book = recipe.output, recipe.data.rulebook
    return ["ruling", "evaluate", run, *pairs, *cases, "--rulebook", book, "--out", run / EVALUATION]


def _found(recipe: RetrieverRecipe) -> list[Any]:
    """The command that measures what a retriever finds of the gold of cases that were held out."""
    cases = [word for file in _held_out(recipe) for word in ("--data", file)]
    return ["ruling", "rules", "recall", *cases, "--rulebook", recipe.data.rulebook, "--encoder", recipe.output]


def _continued(recipe: TrainRecipe, config: str) -> Iterator[str]:
    """The options that have a companion recipe go on from this run."""
    companion = _companion(recipe, config, GRPORecipe.kind)
    yield from ("--config", companion or RECIPE)
    there = GRPORecipe.load(companion) if companion else None
    wanted: dict[str, Any] = {"model.path": str(recipe.output)}
    if there is not None:
        wanted |= {f"data.{key}": getattr(recipe.data, key) for key in ("train", "rulebook", "excerpt", "template")}
    for key, value in wanted.items():
        section, _, field = key.partition(".")
        if there is None or getattr(getattr(there, section), field) != value:
            yield from (f"--{key}", _typed(value))


def _typed(value: Any) -> str:
    """A recipe's value as it is typed."""
    if isinstance(value, BaseModel):
        return yaml.safe_dump(value.model_dump(exclude_none=True), default_flow_style=True, sort_keys=False).strip()
    return str(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _companion(recipe: Recipe, config: str, kind: str) -> str | None:
    """The recipe of another kind that lies beside this one: ``billboard/grpo`` beside ``billboard/sft``."""
    path = find_recipe(config, recipe.kind)
    beside = path.with_name(f"{kind}.yaml")
    if path.stem != recipe.kind or not beside.is_file():
        return None
    return beside.relative_to(SHIPPED).with_suffix("").as_posix() if beside.is_relative_to(SHIPPED) else str(beside)


def _first_id(file: str) -> str:
    """The id of a file's first case, if it can be typed as it is."""
    if not Path(file).is_file():
        return ID
    with Path(file).open("rb") as lines:
        case = read_row(next(lines, b""), Path(file), line=1).case
    return case.id if case is not None and _PLAIN.fullmatch(case.id) else ID
