"""Identity: what a run is, key by key. A run that goes on must be the same, or it would end as nobody asked for.

Settings are the recipe's that differ from their defaults, by their dotted names. What a name stands for is told by its
content: a path may change, and what lies there may not.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import xxhash

from data import Briefs, DataError
from prompts import template_version
from prompts.parts import media_of
from rewards.models.location import resolve
from rl.config.train import TrainRecipe
from rl.runs.manifest import FileFacts

MAY_CHANGE = (
    "name",
    "output",
    "rehearse",
    "model.settings",
    "trainer.max_steps",
    "trainer.num_train_epochs",
    "trainer.save_*",
    "trainer.logging_*",
    "trainer.log_*",
    "trainer.report_to",
    "trainer.run_name",
    "trainer.project",
    "trainer.trackio_*",
    "trainer.push_to_hub",
    "trainer.hub_*",
    "trainer.disable_tqdm",
    "trainer.num_completions_to_print",
    "trainer.dataloader_num_workers",
    "trainer.dataloader_pin_memory",
    "trainer.dataloader_prefetch_factor",
    "trainer.dataloader_persistent_workers",
    "trainer.dataset_num_proc",
    "trainer.ddp_timeout",
)
"""What is no part of it: how long a run is, what it leaves and says, and how fast its rows are read."""
_BY_CONTENT = (
    "model.path",
    "model.tiny",
    "data.train",
    "data.valid",
    "data.rulebook",
    "data.excerpt",
    "rubric",
    "pairs",
    "valid_pairs",
)
"""Settings in whose place something is read, which then tells runs apart."""
_MODEL = ("*.safetensors", "*.bin", "*.json", "*.jinja", "*.model")
"""The files of a model that decide what it writes."""


def identity_of(recipe: TrainRecipe, train: Briefs, valid: Briefs, model: str) -> dict[str, Any]:
    """What a run is, by dotted names: what every kind of training has.

    Args:
        train: the cases to train on.
        valid: the cases to watch; where a policy writes about them, it draws random numbers.
        model: what the run begins with: a folder, or a name on the Hub.

    Raises:
        DataError: the model's folder is not there.
    """
    watching = {f"trainer.{name}": value for name, value in recipe.watching().items()}
    found = {name: value for name, value in (watching | _settings(recipe)).items() if not _is_free(name)}
    return found | {
        "kind": recipe.kind,
        "seed": recipe.seed,
        "data.train": content_of(train),
        "data.valid": content_of(valid) if valid else None,
        "data.rulebook": train.book.fingerprint,
        "data.excerpt": train.retrieval.told if train.retrieval is not None else None,
        "data.template": f"{recipe.data.template} {template_version(recipe.data.template)}",
        "model": _model(resolve(model)),
    }


def check_same(checkpoint: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuses to go on with another run than the one that a checkpoint is of.

    Args:
        before: what the run was when it was saved, by names.
        now: what it is.

    Raises:
        DataError: it is another one; names every key that differs, and those that may.
    """
    differ = [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
    if "kind" in differ:
        differ = ["kind"]  # of which all the others follow
    if not differ:
        return
    said = [f"{name}: {_told(now.get(name))} now, {_told(before.get(name))} when it was saved" for name in differ]
    free = ", ".join(name.removeprefix("trainer.") for name in MAY_CHANGE)
    raise DataError(
        f"{'; '.join(said)}. Resume with the same, or start another run from its weights (only these may change: "
        f"{free})",
        file=checkpoint,
    )


def content_of(briefs: Briefs) -> str:
    """Hash of cases in their order, with the names and sizes of their media: 16 hex digits.

    Reading every picture would take as long as training on them for an epoch; one that was drawn anew has another
    size.
    """
    digest = xxhash.xxh3_64()
    for brief in briefs:
        digest.update(brief.case.model_dump_json().encode())
        for part in media_of(brief.case):
            file = Path(part.path)
            digest.update(str(file.stat().st_size if file.is_file() else None).encode())
    return digest.hexdigest()


def _settings(recipe: TrainRecipe) -> dict[str, Any]:
    """The recipe's settings that differ from their defaults, by dotted names."""
    usual = {
        f"trainer.{field.name}": field.default_factory() if field.default_factory is not MISSING else field.default
        for field in fields(recipe.config_class())
    }
    flat: dict[str, Any] = {}
    for name, value in recipe.model_dump(mode="json", exclude_defaults=True).items():
        inner = value if name in ("model", "data", "trainer") else {}
        flat |= {f"{name}.{key}": set_to for key, set_to in inner.items()} or {name: value}
    return {name: value for name, value in flat.items() if value != usual.get(name, MISSING)}


def _is_free(name: str) -> bool:
    return name in _BY_CONTENT or any(fnmatchcase(name, pattern) for pattern in MAY_CHANGE)


def _model(where: str) -> str:
    """What tells a model from others: the hash of a folder's files, or a name on the Hub."""
    folder = Path(where)
    if not folder.is_dir():
        return where
    digest = xxhash.xxh3_64()
    for file in sorted({file for pattern in _MODEL for file in folder.glob(pattern)}):
        digest.update(f"{file.name} {FileFacts.of(file)}".encode())
    return digest.hexdigest()


def _told(value: Any) -> str:
    return "left out" if value is None else str(value)
