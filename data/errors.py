"""DataError: a mistake in the user's files, said so that it can be mended.

Every message names what is known of the place: file, line and field.
"""

from pathlib import Path

from pydantic import ValidationError


class DataError(ValueError):
    """A mistake in the user's input, with the place where it stands.

    Args:
        message: what is wrong and what to do.
        file: the file it stands in.
        line: the line, from 1.
        field: the field, as a dotted path.
    """

    def __init__(
        self, message: str, *, file: str | Path | None = None, line: int | None = None, field: str | None = None
    ):
        self.message, self.file, self.line, self.field = message, file, line, field
        place = ":".join(str(part) for part in (file, line) if part is not None)
        where = f"{place}: " if place else ""
        what = f"{field}: " if field else ""
        super().__init__(f"{where}{what}{message}")


def explain(error: ValidationError) -> tuple[str, str]:
    """The field and the message of pydantic's first complaint."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] not in ("missing", "extra_forbidden", "value_error"):
        shown = repr(first["input"])
        message += f" (got {shown if len(shown) <= 80 else shown[:77] + '...'})"
    return field, message
