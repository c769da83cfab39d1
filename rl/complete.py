"""Complete: a checkpoint and cases in, completions and their provenance out."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from data import Case, DataError, Rulebook
from rl.provenance import RUN, provenance

Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Decoding:
    """How a model is asked; the meaning of each field is that of `rl.generation.generate`."""

    template: str | None = None
    """The prompt template; None is the one that the model was trained with, and ``default`` for any other model."""
    max_new_tokens: int = 512
    temperature: float = 0.0
    samples: int = 1
    seed: int = 0
    batch_size: int = 32
    dtype: Precision = "auto"
    """Precision of the weights; ``auto`` is what the checkpoint says."""

    def __post_init__(self) -> None:
        if self.samples > 1 and self.temperature == 0:
            raise DataError("temperature 0 gives the same completion every time: raise it, or take one sample")


def complete(
    model_path: str | Path, cases: Sequence[Case], book: Rulebook, decoding: Decoding, progress: bool = True
) -> tuple[list[list[str]], dict[str, Any]]:
    """Has a model write on each case, on the GPU if there is one.

    Args:
        model_path: a checkpoint's folder, a run's folder, or a name on the Hub.

    Returns:
        Completions ``[case][sample]``, and what ``run.json`` should say of them.

    Raises:
        DataError: there is no such model, or a case cannot be put to it.
    """
    import torch

    from rl.generation import generate
    from rl.model_config import ModelConfig
    from rl.models import load_model, load_processor, resolve

    model = load_model(ModelConfig(path=str(model_path), dtype=decoding.dtype), trainable=False)
    if torch.cuda.is_available():
        model.to("cuda")  # type: ignore[arg-type]  # transformers wraps it without its types
    settings = asdict(decoding) | {"template": decoding.template or trained_template(model_path) or "default"}
    del settings["dtype"]
    completions = generate(model, load_processor(model_path), cases, book, progress=progress, **settings)
    how = {**settings, "dtype": str(model.dtype).removeprefix("torch."), "device": model.device.type}
    facts = provenance(model=resolve(model_path), book=book, template=how.pop("template"), decoding=how)
    return completions, facts


def trained_template(model_path: str | Path) -> str | None:
    """The prompt template that a run's ``run.json`` names; None where there is none."""
    folder = Path(model_path)
    for place in (folder, *list(folder.parents)[:2]):
        if (place / RUN).is_file():
            found = json.loads((place / RUN).read_text(encoding="utf-8")).get("template")
            return found["name"] if found else None
    return None
