"""Run: a tool is asked, and whatever comes of it is either something to show or an error that says why not."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from data import DataError
from data.errors import explain
from data.media.images import MAX_PIXELS, as_rgb
from prompts import Look
from rl.desk.material import Material
from rl.desk.shown import Shown, ToolError, writable
from rl.desk.tool import Tool

MOST_RATIO = 100
"""Of a picture's longer side to its shorter one: image processors refuse what is thinner by twice as much."""
MOST_TEXT = 2_000_000
"""Characters of one text: more than any budget lets through, and neutralising takes its time."""
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
    shown = found if isinstance(found, Shown) else Shown(_items(found))
    items = _items(shown.items)
    if not any(not isinstance(item, str) or item.strip() for item in items):
        raise ToolError("the tool gave nothing")
    if len(items) > MOST_ITEMS:
        raise ToolError(f"the tool gave {len(items)} things at once: {MOST_ITEMS} at most can be shown")
    if tool.own:
        shown = _with_places(shown)
    return replace(shown, items=tuple(map(_safe, items)))


def _items(found: Any) -> tuple[Any, ...]:
    if found is None:
        return ()
    return tuple(found) if isinstance(found, list | tuple) else (found,)


def _with_places(shown: Shown) -> Shown:
    """The same, with what it says of the case as it can be kept."""
    rules: Any = shown.rules
    if not isinstance(rules, Mapping):
        raise ToolError(f"the tool gave a {type(rules).__name__} for rules: want their wordings by their ids")
    if wrong := [wording for wording in rules.values() if not isinstance(wording, str)]:
        raise ToolError(f"the tool gave a {type(wrong[0]).__name__} for a rule's wording")
    try:
        look = Look(tool="", rules=tuple(rules), regions=shown.regions, interval=shown.interval, field=shown.source,
             section=shown.section)  # fmt: skip
    except ValidationError as error:
        raise ToolError("the tool gave no place of a case: {}: {}".format(*explain(error))) from error
    return replace(shown, regions=look.regions, interval=look.interval)


def _safe(item: Any) -> Any:
    """A text that can be written to a file, or a picture that was read whole, in RGB."""
    from PIL import Image

    if isinstance(item, str):
        if len(item) > MOST_TEXT:
            raise ToolError(f"the tool gave a text of {len(item):,} characters: {MOST_TEXT:,} at most")
        return writable(item)
    if not isinstance(item, Image.Image):
        raise ToolError(f"the tool gave a {type(item).__name__}, which is neither a text nor a picture")
    if not item.width or not item.height:
        raise ToolError(f"the tool gave a picture of {item.width} x {item.height} pixels")
    if item.width * item.height > MAX_PIXELS:
        raise ToolError(f"the tool gave a picture of {item.width} x {item.height} pixels, too large to be read")
    if max(item.size) > MOST_RATIO * min(item.size):
        raise ToolError(f"the tool gave a picture of {item.width} x {item.height} pixels, too thin to be read")
    try:
        item.load()
        return item if item.mode == "RGB" else as_rgb(item, getattr(item, "tag_v2", {}))
    except Exception as error:  # whatever a decoder raises: pictures are decoded no sooner than here
        raise ToolError(f"the tool gave a picture that cannot be read: {_said(error)}") from error


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
        raise ToolError(f"the tool failed: {_said(fault[0])}") from fault[0]
    if not outcome:
        raise ToolError(f"the tool gave nothing within {seconds:g} s")
    return outcome[0]


def _said(error: BaseException) -> str:
    """An exception on one line; those of other people may fail even to say what they are."""
    try:
        said = " ".join(str(error).split())
    except Exception:
        said = ""
    return f"{type(error).__name__}: {said}"
