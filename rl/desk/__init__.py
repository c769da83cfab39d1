"""The desk: what a reviewer can do, and what it has looked at. Loads no torch."""

from rl.desk.answer import Answer, Piece
from rl.desk.calls import BadCall, ToolCall, calls_of
from rl.desk.desk import Desk
from rl.desk.desks import Desks
from rl.desk.material import Material
from rl.desk.registry import find_tool
from rl.desk.shown import Shown, ToolError
from rl.desk.tool import Tool, tool

__all__ = [
    "Answer",
    "BadCall",
    "Desk",
    "Desks",
    "Material",
    "Piece",
    "Shown",
    "Tool",
    "ToolCall",
    "ToolError",
    "calls_of",
    "find_tool",
    "tool",
]
