"""Dry run: everything that a training run needs is read, built and measured, and nothing is trained.

What is wrong is an error. What is not there yet (data to convert, a model to train or download) is said, and the rest
is looked at all the same: parameters are counted on the meta device, without weights.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import try_to_load_from_cache
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from data import Case, DataError, Rulebook, load_cases
from rewards.models.location import resolve
from rl.config.model import ModelConfig
from rl.config.recipe import RECIPES, SHIPPED, GRPORecipe, TrainRecipe
from rl.models.load import ADAPTER, context_length, empty_model, load_processor
from rl.training.longest import Longest, estimate, measure
from rl.training.rows import texts_of
from rl.training.start import build


@dataclass
class Rehearsal:
    """What a dry run found."""

    name: str
    findings: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """What must be there before training can begin."""

    def add(self, what: str, found: str) -> None:
        self.findings.append((what, found))

    def lack(self, what: str, why: str) -> None:
        self.findings.append((what, f"[yellow]{escape(why)}[/]"))
        self.missing.append(what)

    def table(self) -> Table:
        """For people."""
        table = Table("", "found", title=f"Dry run of {self.name}", show_lines=False)
        for what, found in self.findings:
            table.add_row(what, found)
        verdict = f"not yet: {', '.join(self.missing)}" if self.missing else "ready to train"
        table.caption = Text(verdict, style="yellow" if self.missing else "green")
        return table


def rehearse(kind: str, config: str, overrides: Mapping[str, Any] | None = None) -> Rehearsal:
    """Checks a recipe as far as it can be without training.

    Args:
        kind: ``sft`` or ``grpo``.
        config: a recipe's file or name.
        overrides: recipe keys to values.

    Raises:
        DataError: the recipe, the data or the rubric are not as they should be, or a case does not fit the context.
    """
    recipe = RECIPES[kind].load(config, overrides)
    assert isinstance(recipe, TrainRecipe)
    found = Rehearsal(recipe.name)
    arguments = recipe.arguments(**_on_this_machine(recipe))
    found.add("recipe", escape(f"{config}, leaves {recipe.output}"))
    book, cases = _rulebook(recipe, found), _cases(recipe, found)
    if isinstance(recipe, GRPORecipe):
        _rubric(recipe, arguments, found)
    with tempfile.TemporaryDirectory() as scratch:
        model = _model(recipe, book, cases, Path(scratch), found)
        if model is not None:
            _parameters(recipe.model, model, found)
            if book is not None and cases:
                reserved = arguments.max_completion_length if isinstance(recipe, GRPORecipe) else 0
                _tokens(recipe, model, book, cases, reserved, found)
    _steps(recipe, arguments, len(cases), found)
    return found


def _on_this_machine(recipe: TrainRecipe) -> dict[str, Any]:
    """A recipe for a GPU can be looked at on a machine without one."""
    import torch

    return (
        {} if torch.cuda.is_available() else {key: False for key in ("bf16", "fp16", "tf32") if key in recipe.trainer}
    )


def _rulebook(recipe: TrainRecipe, found: Rehearsal) -> Rulebook | None:
    name = recipe.data.rulebook
    if Path(name).suffix and not Path(name).exists():
        found.lack("rulebook", f"{name} is not there")
        return None
    book = Rulebook.load(name)
    found.add("rulebook", escape(f"{book.name} {book.version}: {len(book)} rules, fingerprint {book.fingerprint}"))
    return book


def _cases(recipe: TrainRecipe, found: Rehearsal) -> list[Case]:
    gone = [file for file in recipe.data.train if not file.startswith("hub:") and not Path(file).exists()]
    if gone:
        found.lack("data", f"{', '.join(gone)} is not there")
        return []
    cases = load_cases(*recipe.data.train)
    if not cases:
        raise DataError("there are no cases", file=", ".join(recipe.data.train))
    pictures = sum(len(case.images) + len(case.frames) for case in cases)
    found.add(
        "data", f"{len(cases):,} cases in {len({case.cluster for case in cases}):,} groups, {pictures:,} pictures"
    )
    return cases


def _rubric(recipe: GRPORecipe, arguments: Any, found: Rehearsal) -> None:
    from rl.training.grpo import check_prices_count, load_rubric

    rubric = load_rubric(recipe)
    check_prices_count(rubric, arguments)
    found.add("rubric", escape(f"{rubric.name}, advantages scaled by {arguments.scale_rewards}"))


def _model(
    recipe: TrainRecipe, book: Rulebook | None, cases: list[Case], scratch: Path, found: Rehearsal
) -> Path | None:
    """A folder with at least the model's ``config.json``; None where there is none to be had."""
    model = recipe.model
    if model.tiny is not None:
        found.add("model", f"tiny ({model.tiny.kind}), to be built for the data")
        if book is None or not cases:
            return None
        return build(model.tiny, scratch, texts_of(cases, book, recipe.data.template), recipe.seed)
    assert model.path is not None
    folder = Path(resolve(model.path))
    if folder.is_dir():
        found.add("model", escape(str(folder)))
        return folder
    cached = try_to_load_from_cache(model.path, "config.json") if model.path.count("/") == 1 else None
    if isinstance(cached, str):
        found.add("model", escape(f"{model.path}, in the Hub's cache"))
        return Path(cached).parent
    found.lack("model", f"{model.path} is not there: it has to be trained or downloaded")
    return _settings(model)


def _settings(model: ModelConfig) -> Path | None:
    if model.settings is None:
        return None
    for folder in (Path(model.settings), SHIPPED / model.settings):
        if (folder / "config.json").is_file():
            return folder
    raise DataError("holds no config.json", file=model.settings, field="model.settings")


def _parameters(model: ModelConfig, folder: Path, found: Rehearsal) -> None:
    if (folder / ADAPTER).is_file():
        found.add("parameters", "an adapter, to be trained on")
        return
    empty = empty_model(folder, model.lora)
    total = sum(p.numel() for p in empty.parameters())
    trained = sum(p.numel() for p in empty.parameters() if p.requires_grad)
    adapters = f" and {trained:,} in adapters, which alone are trained" if model.lora else ""
    found.add("parameters", f"{total - trained if model.lora else total:,}{adapters}")
    found.add("context", f"{context_length(empty):,} tokens")


def _tokens(
    recipe: TrainRecipe, folder: Path, book: Rulebook, cases: list[Case], reserved: int, found: Rehearsal
) -> None:
    template = recipe.data.template
    if (folder / "tokenizer.json").is_file() or (folder / "tokenizer_config.json").is_file():
        longest = measure(cases, book, load_processor(folder), _context(folder), reserved, template)
    elif (folder / "preprocessor_config.json").is_file():
        longest = estimate(cases, book, folder, _context(folder), reserved, template)
    else:
        return
    found.add("longest case", escape(_said(longest, reserved)))


def _context(folder: Path) -> int:
    from transformers import AutoConfig

    if (folder / ADAPTER).is_file():
        from peft import PeftConfig

        return context_length(
            AutoConfig.from_pretrained(PeftConfig.from_pretrained(str(folder)).base_model_name_or_path)
        )
    return context_length(AutoConfig.from_pretrained(folder))


def _said(longest: Longest, reserved: int) -> str:
    text = (
        f"{longest.text:,} of text" if longest.exact else f"about {longest.text:,} of text (an estimate: no tokenizer)"
    )
    more = f", {reserved:,} more kept for the completion" if reserved else ""
    return f"'{longest.case}': {longest.pictures:,} tokens of pictures and {text}{more}"


def _steps(recipe: TrainRecipe, arguments: Any, cases: int, found: Rehearsal) -> None:
    batch = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps
    what = "completions" if isinstance(recipe, GRPORecipe) else "cases"
    if arguments.max_steps > 0:
        steps = f"{arguments.max_steps:,} steps"
    elif cases and not isinstance(recipe, GRPORecipe):
        steps = (
            f"{-(-cases // batch) * int(arguments.num_train_epochs):,} steps ({arguments.num_train_epochs:g} epochs)"
        )
    else:
        steps = f"{arguments.num_train_epochs:g} epochs"
    found.add("steps", f"{steps} of {batch:,} {what} on each process")
