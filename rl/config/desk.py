"""DeskConfig: which tools a reviewer has, and how much it may look at. The section ``desk`` of recipes.

>>> DeskConfig.of(["search_rules", "zoom"]).max_calls
6
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from data import DataError
from data.errors import explain
from data.yaml_model import load_yaml
from prompts.excerpts.settings import RetrievalConfig


class DeskConfig(BaseModel):
    """A desk. What is said of limits is told to the model, and enforced."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tools: tuple[str, ...] = Field(min_length=1)
    """By name (``search_rules``, ``read_rule``, ``zoom``, ``read``, ``frames``, ``transcript``), or one's own:
    ``module:function`` or ``path/to/file.py:function``, which runs that file."""
    max_calls: int = Field(default=6, ge=1, le=1000)
    """Calls in one episode."""
    max_tokens: int = Field(default=2000, ge=1, le=10_000_000)
    """About how many tokens of text all answers of one episode have together; what does not fit is cut off."""
    max_pictures: int = Field(default=4, ge=0, le=1000)
    """Pictures that one episode is shown beside those of the case."""
    picture_side: int = Field(default=448, ge=28, le=4096)
    """Pixels that the longer side of what is zoomed into is scaled to."""
    seconds: float = Field(default=30.0, gt=0, le=86_400)
    """That one call of a tool of one's own may take."""
    search: RetrievalConfig = RetrievalConfig(retrieve="bm25", k=5)
    """How ``search_rules`` looks for rules, and how many it shows."""
    blank: tuple[str, ...] = ()
    """Tools that show nothing: pictures are grey, and texts empty. For telling whether a model uses what it sees."""

    @field_validator("tools")
    @classmethod
    def _once(cls, tools: tuple[str, ...]) -> tuple[str, ...]:
        if twice := next((tool for tool in tools if tools.count(tool) > 1), None):
            raise ValueError(f"'{twice}' is there twice")
        return tools

    @classmethod
    def of(cls, tools: Sequence[str], blank: Sequence[str] = ()) -> "DeskConfig":
        """The usual desk with these tools.

        Raises:
            DataError: a tool is there twice.
        """
        try:
            return cls(tools=tuple(tools), blank=tuple(blank))
        except ValidationError as error:
            field, message = explain(error, cls)
            raise DataError(message, field=field) from error

    @classmethod
    def load(cls, path: str | Path, given: Mapping[str, Any] | None = None) -> "DeskConfig":
        """A desk in a YAML file of its own.

        Args:
            given: what goes before the file.

        Raises:
            DataError: the file is missing, or not as it should be; names the file and the field.
        """
        return load_yaml(cls, Path(path), given or {})


class DeskFields(BaseModel):
    """What recipes have whose model may look things up."""

    tools: tuple[str, ...] = ()
    """Short for a ``desk`` with these tools and the usual limits."""
    desk: DeskConfig | None = None
    """What the model may look up before it rules; None: nothing."""

    @model_validator(mode="after")
    def _one_desk(self) -> "DeskFields":
        if self.tools and self.desk is None:
            self.desk = DeskConfig.of(self.tools)
        elif self.tools and self.desk is not None and self.desk.tools != self.tools:
            raise ValueError("tools: there is a desk, whose tools are under 'desk.tools': leave this out")
        return self
