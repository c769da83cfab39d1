"""Recognizer: speech recognition that is handed in, whatever it is; and Speech, what it heard."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from data.errors import DataError
from data.transcript import Line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Speech:
    """What was heard."""

    lines: list[Line] = field(default_factory=list)
    language: str | None = None
    """As a code, such as ``en``; None where nobody knows."""


class Recognizer(Protocol):
    """Writes down what is said."""

    @property
    def identity(self) -> str:
        """What it is: the same words for the same model and settings."""

    def hear(self, samples: "NDArray[np.int16]", language: str | None) -> Speech:
        """What is said, line by line, in order.

        Args:
            samples: 16,000 a second, of one channel.
            language: the one that is spoken, as a code; found out if None.

        Raises:
            DataError: it cannot be used.
        """


def unavailable(what: str, why: Exception | str) -> DataError:
    """Why a recognizer cannot be used, in the first line of what it says itself."""
    said = str(why).strip().splitlines() or [type(why).__name__]
    return DataError(f"cannot be used for speech recognition: {said[0]}", file=what)
