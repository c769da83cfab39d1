"""Finding a tool by the name that a recipe gives it. Tools of one's own stand in a file or a module, and finding one
runs that file.
"""

from pathlib import Path

from data import DataError
from data.errors import suggest
from data.programs import found_in
from rl.desk.tool import Tool
from rl.desk.tools import SHIPPED


def find_tool(reference: str, folder: str | Path = ".") -> Tool:
    """The tool of a name, of ``package.module:function`` or of ``path/to/file.py:function``.

    Args:
        folder: where relative file paths start.

    Raises:
        DataError: there is no such tool, or a model cannot be told of it.
    """
    if reference in SHIPPED:
        return SHIPPED[reference]
    place, _, name = reference.rpartition(":")
    if not place:
        message = f"no tool is called '{reference}'{suggest(reference, SHIPPED)}: give one of {', '.join(SHIPPED)}"
        raise DataError(f"{message}, package.module:function or path/to/file.py:function")
    found = found_in(place, name, "tool", folder)
    if not isinstance(found, Tool):
        found = Tool(found)
    found.check()
    return found
