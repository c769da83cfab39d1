"""Run: a tool is asked, and whatever comes of it is either something to show or an error that says why not."""

import threading
from collections.abc import Mapping
from typing import Any

from data import DataError
from rl.desk.material import Material
from rl.desk.shown import Shown, ToolError
from rl.desk.tool import Tool

MOST_RATIO = 100
"""Of a picture's longer side to its shorter one: image processors refuse what is thinner by twice as much."""
MOST_ITEMS = 64
"""Texts and pictures of one answer."""


def outcome_of(tool: Tool, material: Material, arguments: Mapping[str, Any], seconds: float) -> Shown:
    """What a tool shows.

    Args:
        seconds: that a tool of somebody's own may take. It is then left to itself: Python cannot end it.

    Raises:
        ToolError: it cannot be asked so, fails, hangs, or gives what cannot be shown.
        DataError: a file of the case cannot be read.
    """
    found = _in_time(tool, material, arguments, seconds) if tool.own else tool.ask(material, arguments)
    shown = found if isinstance(found, Shown) else Shown(tuple(_items(found)))
    if not shown.items or not any(not isinstance(item, str) or item.strip() for item in shown.items):
        raise ToolError("the tool gave nothing")
    if len(shown.items) > MOST_ITEMS:
        raise ToolError(f"the tool gave {len(shown.items)} things at once: {MOST_ITEMS} at most can be shown")
    for item in shown.items:
        _check(item)
    return shown


def _items(found: Any) -> list[Any]:
    if found is None:
        return []
    return list(found) if isinstance(found, list | tuple) else [found]


def _check(item: Any) -> None:
    from PIL import Image

    if isinstance(item, str):
        return
    if not isinstance(item, Image.Image):
        raise ToolError(f"the tool gave a {type(item).__name__}, which is neither a text nor a picture")
    if not item.width or not item.height:
        raise ToolError(f"the tool gave a picture of {item.width} x {item.height} pixels")
    if max(item.size) > MOST_RATIO * min(item.size):
        raise ToolError(f"the tool gave a picture of {item.width} x {item.height} pixels, too thin to be read")


def _in_time(tool: Tool, material: Material, arguments: Mapping[str, Any], seconds: float) -> Any:
    outcome: list[Any] = []
    fault: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(tool.ask(material, arguments))
        except BaseException as error:  # a tool that leaves the program is a tool that failed
            fault.append(error)

    thread = threading.Thread(target=run, name=f"tool {tool.name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if fault:
        if isinstance(fault[0], ToolError | DataError):
            raise fault[0]
        raise ToolError(f"the tool failed: {type(fault[0]).__name__}: {' '.join(str(fault[0]).split())}") from fault[0]
    if not outcome:
        raise ToolError(f"the tool gave nothing within {seconds:g} s")
    return outcome[0]
