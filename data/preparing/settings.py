"""PrepareSettings: what is made of the media of cases. YAML, or arguments of a command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import DataError, explain
from data.media.page.budget import PageBudget
from data.media.video.choice import FrameChoice
from data.page import Name
from data.yaml_model import load_yaml


class SpeechSettings(BaseModel):
    """Which speech recognition is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Name
    """A folder or name of faster-whisper or of a Whisper in transformers' format, or the address of a server that
    speaks the OpenAI API."""
    served_model: Name = "whisper-1"
    """What a server calls its model."""
    language: Name | None = None
    """The one that is spoken, where a case does not say it in ``lang``; found out if None."""


class PrepareSettings(BaseModel):
    """What is made of the media of cases. What a case has already stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    video: FrameChoice = Field(default_factory=FrameChoice)
    speech: SpeechSettings | None = None
    """Without it, nothing is transcribed."""
    sound_picture: bool = False
    """Whether sound becomes a picture as well, for what is no speech."""
    page: PageBudget = Field(default_factory=PageBudget)

    @classmethod
    def of(cls, path: str | Path | None = None, changes: Mapping[str, Any] | None = None) -> "PrepareSettings":
        """The settings of a YAML file, or the usual ones, with some changed.

        Args:
            changes: dotted keys and their values: ``{"video.frames": 16}``.

        Raises:
            DataError: there is no such file, or it does not fit; names the field.
        """
        if path is not None:
            return load_yaml(cls, path, changes)
        content: dict[str, Any] = {}
        for key, value in (changes or {}).items():
            group, _, name = key.rpartition(".")
            (content.setdefault(group, {}) if group else content)[name] = value
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            field, message = explain(error, cls)
            raise DataError(message, field=field) from error
