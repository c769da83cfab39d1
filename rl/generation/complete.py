"""Complete: a model and cases in, completions and their provenance out. What was done before is not done again."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data import Case, Rulebook
from prompts import TEMPLATE_VERSION
from rewards.models.location import resolve
from rl.config.decoding import Decoding
from rl.config.model import ModelConfig
from rl.generation.completions import Completion, CompletionLog, Key
from rl.generation.endpoint import Endpoint
from rl.runs.folder import RunFolder
from rl.runs.provenance import checkpoint_hash, provenance
from rl.terminal.progress import progress_bar

Model = str | Path | Endpoint
"""A checkpoint's folder, a run's folder, a name on the Hub, or a model behind a server."""


def complete(
    model: Model,
    cases: Sequence[Case],
    book: Rulebook,
    decoding: Decoding,
    progress: bool = True,
    log: Path | None = None,
) -> tuple[list[list[Completion]], dict[str, Any]]:
    """Has a model write on each case, on the GPU if there is one.

    Args:
        cases: with ids of their own.
        log: a file that keeps every completion as soon as it is there; what it holds already is not made again, and
            the result is that of a run that was never interrupted.

    Returns:
        Completions ``[case][sample]``, and what ``run.json`` should say of them.

    Raises:
        DataError: there is no such model, a case cannot be put to it, or the log was made with other settings.
    """
    decoding = _with_template(decoding, model)
    found = CompletionLog(log, {**_source(model, decoding), "book": book.fingerprint, "cases": cases_hash(cases)})
    wanted = [(case.id, sample) for case in cases for sample in range(decoding.samples)]
    missing = [key for key in wanted if key not in found]
    if missing:
        facts, batches = _writer(model, cases, book, decoding, missing)
        if not found.facts:
            found.begin(facts)
        with progress_bar(progress) as bar:
            task = bar.add_task("reviewing", total=len(wanted), completed=len(wanted) - len(missing))
            for batch in batches:
                found.add(batch)
                bar.update(task, completed=len(found))
    return [[found[case.id, sample] for sample in range(decoding.samples)] for case in cases], found.facts


def trained_template(model_path: str | Path) -> str | None:
    """The prompt template that the ``run.json`` of a model's run names; None where there is none.

    Raises:
        DataError: the file is damaged.
    """
    template = RunFolder.around(model_path).facts().template
    return template.name if template else None


def cases_hash(cases: Sequence[Case]) -> str:
    """Hash of all that a model is shown of the cases, 12 hex digits; gold plays no part, since it may be mended."""
    digest = hashlib.sha256()
    for case in cases:
        shown = case.model_dump(mode="json", include={"id", "text", "images", "frames", "transcript", "rules"})
        paths = [case.path(media) for media in (*case.images, *(frame.path for frame in case.frames))]
        sizes = [path.stat().st_size if path.is_file() else None for path in paths]
        digest.update(json.dumps([shown, sizes], sort_keys=True).encode())
    return digest.hexdigest()[:12]


def _with_template(decoding: Decoding, model: Model) -> Decoding:
    trained = None if isinstance(model, Endpoint) else trained_template(model)
    return Decoding(**{**asdict(decoding), "template": decoding.template or trained or "default"})


def _source(model: Model, decoding: Decoding) -> dict[str, Any]:
    """What tells one way of making completions from another."""
    settings = asdict(decoding)
    if isinstance(model, Endpoint):
        del settings["batch_size"], settings["dtype"]
        source = {"endpoint": model.url, "model": model.model}
    else:
        where = resolve(model)
        source = {"model": checkpoint_hash(where) or where}
    return {**source, "decoding": settings, "template_version": TEMPLATE_VERSION}


def _writer(
    model: Model, cases: Sequence[Case], book: Rulebook, decoding: Decoding, missing: Sequence[Key]
) -> tuple[dict[str, Any], Iterator[dict[Key, Completion]]]:
    """What ``run.json`` should say, and the completions that are missing, batch by batch."""
    settings = asdict(decoding)
    if isinstance(model, Endpoint):
        how = {key: settings[key] for key in ("max_new_tokens", "temperature", "samples", "seed")}
        source = {"url": model.url, "model": model.model}
        facts = provenance(book=book, template=decoding.template, decoding=how, endpoint=source)
        return facts, model.ask(cases, book, decoding, missing)
    import torch

    from rl.generation.local import generations
    from rl.models.load import load_model, load_processor

    loaded = load_model(ModelConfig(path=str(model), dtype=decoding.dtype), trainable=False)
    if torch.cuda.is_available():
        loaded.to("cuda")  # type: ignore[arg-type]  # transformers wraps it without its types
    del settings["dtype"]
    how = {**settings, "dtype": str(loaded.dtype).removeprefix("torch."), "device": loaded.device.type}
    facts = provenance(model=resolve(model), book=book, template=how.pop("template"), decoding=how)
    done = {case.id for case in cases} - {case for case, _ in missing}
    batches = generations(loaded, load_processor(model), cases, book, skip=done, **settings)
    by_key = (
        {(case, sample): completion for case, samples in batch.items() for sample, completion in enumerate(samples)}
        for batch in batches
    )
    return facts, by_key
