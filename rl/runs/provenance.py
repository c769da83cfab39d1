"""Provenance: where predictions, rulings and checkpoints come from, as kept in ``run.json``."""

import hashlib
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from data import Briefs, Rulebook
from data.address import without_credentials
from data.files import write_json
from prompts import template_version
from rl.runs.folder import RUN, RunFolder

PACKAGES = ("ruling", "torch", "transformers", "trl", "accelerate", "peft", "tokenizers", "datasets", "evaluate")
_WEIGHTS = ("*.safetensors", "*model*.bin", "config.json", "adapter_config.json", "tokenizer.json")


def provenance(
    *,
    model: str | Path | None = None,
    book: Rulebook | None = None,
    briefs: Briefs | None = None,
    template: str | None = None,
    decoding: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """What must be known to do it again; what is not given is left out.

    Args:
        model: the checkpoint's folder (hashed), or a name on the Hub.
        book: the rulebook, named with its fingerprint.
        briefs: the cases, for how the rules that they were shown were retrieved, where they did not name them.
        template: the prompt template: the version covers all shipped ones, or the files of one's own.
        decoding: how completions were drawn.
        more: further facts that JSON can hold.
    """
    facts: dict[str, Any] = {}
    if model is not None:
        facts["checkpoint"] = {"path": str(model), "hash": checkpoint_hash(model)}
    if book is not None:
        facts["rulebook"] = rulebook_facts(book)
    if briefs is not None:
        facts |= retrieval_facts(briefs)
    if template is not None:
        facts["template"] = {"name": template, "version": template_version(template)}
    if decoding is not None:
        facts["decoding"] = dict(decoding)
    facts |= more
    facts["packages"] = {"python": platform.python_version(), **_versions()}
    facts["written"] = datetime.now(UTC).isoformat(timespec="seconds")
    return facts


def rulebook_facts(book: Rulebook) -> dict[str, str]:
    """What tells a rulebook from others."""
    return {"name": book.name, "version": book.version, "fingerprint": book.fingerprint}


def retrieval_facts(briefs: Briefs) -> dict[str, Any]:
    """How rules were retrieved, under ``retrieval``, with how many that gold speaks of there are, and how many of them
    were shown; nothing where cases name their rules."""
    if briefs.retrieval is None:
        return {}
    golds = [brief.case.gold for brief in briefs if brief.case.gold is not None]
    of_gold = sum(len(gold.violations or []) + len(gold.unclear) for gold in golds)
    lost = sum(len(brief.lost) for brief in briefs)
    return {"retrieval": {**briefs.retrieval.model_dump(), "rules_of_gold": of_gold, "of_these_shown": of_gold - lost}}


def trained_template(model_path: str | Path) -> str | None:
    """The prompt template that the ``run.json`` of a model's run names; None where there is none.

    Raises:
        DataError: the file is damaged.
    """
    template = RunFolder.around(model_path).facts().template
    return template.name if template else None


def write_run(folder: str | Path, facts: Mapping[str, Any]) -> Path:
    """Writes ``run.json`` into a folder. URLs lose what may be credentials: user info and query."""
    return write_json(Path(folder) / RUN, _without_credentials(facts))


def _without_credentials(value: Any) -> Any:
    """The same JSON, its texts without credentials."""
    if isinstance(value, Mapping):
        return {key: _without_credentials(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_credentials(part) for part in value]
    return without_credentials(value) if isinstance(value, str) else value


def checkpoint_hash(path: str | Path) -> str | None:
    """Hash of a checkpoint's weights, configuration and tokenizer, 12 hex digits; None where it is not a folder."""
    folder = Path(path)
    if not folder.is_dir():
        return None
    files = sorted({file for pattern in _WEIGHTS for file in folder.glob(pattern)})
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode())
        with file.open("rb") as content:
            while block := content.read(2**20):
                digest.update(block)
    return digest.hexdigest()[:12]


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a checkout, or an extra that is not installed
            continue
    return found
