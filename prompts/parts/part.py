"""Part: what everything in a message must offer, and Medium: what everything that is not text must offer besides.

A medium's piece has a *payload*: what its file holds, read. Until somebody wants it, there is only the file's path.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from data import Case

if TYPE_CHECKING:
    from prompts.processor import Processor


class Part(Protocol):
    """A piece of a message."""

    def for_processor(self) -> dict[str, Any]:
        """As a part of a chat message that a transformers processor takes, with its payload.

        Raises:
            DataError: the payload cannot be read; names the case.
        """

    def for_row(self) -> dict[str, Any]:
        """As a part of a chat message in a TRL row, without its payload, which has a column of its own: TRL puts it
        in, and would take a part that held something already as done.
        """

    def for_server(self, picture_side: int) -> dict[str, Any]:
        """As a part of a message to a server that speaks the OpenAI API.

        Args:
            picture_side: pixels that the longer side of a picture is scaled down to.

        Raises:
            DataError: the payload cannot be read; names the case.
        """

    def identity(self) -> dict[str, Any]:
        """What it shows, as JSON: the same for whatever shows the same. A file counts by its content, not by its
        place; one that is missing is null.
        """

    def estimate(self, settings: Path) -> float:
        """How many tokens it becomes, where there is no tokenizer.

        Args:
            settings: a folder with the settings of a model's processor.

        Raises:
            DataError: its file is missing or too large; names the case.
        """


class Medium(Part, Protocol):
    """A piece of a case that is not text."""

    plural: ClassVar[str]
    """What people call several: ``pictures``."""
    case_field: ClassVar[str]
    """The field of a case that holds them."""
    row_column: ClassVar[str]
    """The column of a TRL row that holds their payloads."""

    @property
    def path(self) -> str:
        """Where its file is."""

    @property
    def name(self) -> str:
        """What evidence calls it, and a template its place: ``image 0``; its own within the case."""

    @property
    def label(self) -> str:
        """The name, and what else is to be said of it in a few words."""

    @property
    def case(self) -> str | None:
        """The id of its case, for messages."""

    @classmethod
    def of(cls, case: Case) -> "tuple[Medium, ...]":
        """Those that a case has, in its order; no file is opened."""

    @staticmethod
    def read(path: str, case: str | None = None) -> Any:
        """The payload.

        Raises:
            DataError: it cannot be read; names the case, if it is given.
        """

    def tokens(self, processor: "Processor", alone: bool = True) -> int:
        """How many tokens of a prompt it becomes.

        Args:
            alone: whether nothing else is shown in its conversation.

        Raises:
            DataError: its file is missing or too large; names the case.
        """

    def estimate(self, settings: Path) -> int:
        """How many tokens it becomes, by the settings of a processor alone: of media, these are counted all the same.

        Raises:
            DataError: its file is missing or too large; names the case.
        """
