"""The excerpts that a recipe or a command asks for, and those that a model was trained with. An encoder may be a run:
its final checkpoint is meant. Loads no torch unless an encoder is asked for.
"""

from pathlib import Path

from prompts.excerpts import ExcerptChoice, Excerpts, RetrievalConfig
from rewards.models.location import resolve
from rl.config.desk import DeskConfig
from rl.runs.folder import RunFolder


def excerpts_of(rulebook: str | Path, choice: ExcerptChoice | None = "named", model: str | None = None) -> Excerpts:
    """What binds cases to their excerpts.

    Args:
        rulebook: a YAML file, or the name of a shipped one.
        choice: which rules cases are shown; None are those that the model was trained with.
        model: a checkpoint or a run; of one that no run says anything of, cases name their rules.

    Raises:
        DataError: there is no such rulebook or encoder, or what retrieval needs is not installed.
    """
    if choice is None:
        choice = trained_excerpt(model) if model is not None else "named"
    if isinstance(choice, RetrievalConfig) and choice.encoder is not None:
        choice = choice.model_copy(update={"encoder": resolve(choice.encoder)})
    return Excerpts(rulebook, choice)


def trained_desk(model: str | Path) -> DeskConfig | None:
    """What the ``run.json`` of a model's run says that it could look things up with; None where it could not.

    Raises:
        DataError: the file is damaged.
    """
    return RunFolder.around(model).facts().recipe.desk


def trained_excerpt(model: str | Path) -> ExcerptChoice:
    """How the ``run.json`` of a model's run says that rules were chosen; ``named`` where there is none.

    Raises:
        DataError: the file is damaged.
    """
    return RunFolder.around(model).facts().recipe.data.excerpt
