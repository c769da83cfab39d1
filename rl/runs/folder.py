"""RunFolder: where everything of a training run lies, and what its ``run.json`` says.

::

    checkpoints/checkpoint-40/   what training goes on from: see `rl.runs.checkpoints`
    checkpoints/final/           the trained model: that of the last step, or of the best, where the recipe selects
    rollouts/                    what the policy wrote: see `rl.runs.rollouts`
    tiny/                        the model that training began with, where one is built: see `rl.training.tiny_model`
    hard.json                    the cases that are drawn more often, where the recipe asks for it
    memory.json                  what the model found in earlier windows of streams, where the recipe asks for it
    run.json                     where the trained model comes from, written last: see `rl.runs.provenance`
    run.lock, holder.json        who is training here: see `rl.runs.lock`
    messages.log                 what libraries said meanwhile: see `rl.terminal.messages`

The names stand here only (that of the checkpoints in `rewards.models.location`, since rewards load models too).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data import DataError
from data.errors import explain
from data.files import read_json
from prompts.excerpts.settings import ExcerptChoice
from rewards.models.location import CHECKPOINTS, FINAL
from rl.config.data import WindowsConfig
from rl.config.desk import DeskConfig
from rl.terminal.messages import MESSAGES

RUN = "run.json"
"""Says where a trained model, or an evaluation, comes from."""
ROLLOUTS, TINY = "rollouts", "tiny"


class _Facts(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class TemplateFacts(_Facts):
    """The prompt template."""

    name: str


class DataFacts(_Facts):
    """What a run was trained on."""

    train: list[str] = Field(default_factory=list)
    rulebook: str | None = None
    excerpt: ExcerptChoice = "named"
    windows: WindowsConfig | None = None
    """How cases were cut into windows; None where they were not."""


class RecipeFacts(_Facts):
    """Of the recipe, what is read again."""

    data: DataFacts = DataFacts()
    desk: DeskConfig | None = None
    """What the model could look things up with; None where it could not."""


class RunFacts(_Facts):
    """Of a ``run.json``, what is read again; everything is left open where there is no such file."""

    template: TemplateFacts | None = None
    recipe: RecipeFacts = RecipeFacts()
    steps: int | None = Field(default=None, ge=1, le=10**9)
    """How many the training had."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one training run."""

    path: Path

    @classmethod
    def around(cls, path: str | Path) -> "RunFolder":
        """The run that a path is, or lies in: its checkpoints or one of them, its rollouts or a part, its tiny model.

        What lies in no run stands for itself, so an evaluation's ``run.json`` is found as well.
        """
        place = Path(os.path.abspath(path))
        if not (place / RUN).is_file():
            for folder in (place, place.parent):
                if folder.name in (CHECKPOINTS, ROLLOUTS, TINY):
                    return cls(folder.parent)
        return cls(Path(path))

    @property
    def checkpoints(self) -> Path:
        return self.path / CHECKPOINTS

    @property
    def final(self) -> Path:
        return self.path / FINAL

    @property
    def rollouts(self) -> Path:
        return self.path / ROLLOUTS

    @property
    def tiny(self) -> Path:
        return self.path / TINY

    @property
    def hard_cases(self) -> Path:
        return self.path / "hard.json"

    @property
    def memory(self) -> Path:
        return self.path / "memory.json"

    @property
    def lock(self) -> Path:
        return self.path / "run.lock"

    @property
    def holder(self) -> Path:
        return self.path / "holder.json"

    @property
    def messages(self) -> Path:
        return self.path / MESSAGES

    @property
    def is_trained(self) -> bool:
        """Whether training has come to its end."""
        return self.final.is_dir() and (self.path / RUN).is_file()

    def facts(self) -> RunFacts:
        """What ``run.json`` says; nothing where there is none.

        Raises:
            DataError: the file is damaged; names the field.
        """
        file = self.path / RUN
        if not file.is_file():
            return RunFacts()
        try:
            return RunFacts.model_validate(read_json(file))
        except ValidationError as error:
            field, message = explain(error)
            raise DataError(message, file=file, field=field) from error
