"""Sections of an HTML page: all of its text, in the order of the page, under its headings.

Nothing counts as boilerplate: what is left out as such by readers of articles, footers first of all, is where an ad's
price and terms stand. What visitors do not see comes last, in sections that say so. The tree is walked without
recursion, and a page is no more than text here: nothing of it is run or fetched.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING

from data.errors import DataError
from data.page import Section

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

LONGEST = 2_000
"""Characters of a section's text; a longer one goes on in further sections."""
MOST_TEXT = 1_000_000
"""Characters of all sections together; no landing page that people read comes near."""
MOST_DEEP = 5_000
"""Blocks inside one another; browsers stop at 512. Parsing takes time by its square: hours, of a hostile page."""
HIDDEN = "data-ruling-hidden"
"""The attribute by which a capture marks what the browser did not show."""

FRAME = "data-ruling-frame"
"""The attribute in which a capture puts what a frame shows."""
MOST_FRAMES = 50
"""Frames of a page that are read, those within frames counted in."""

_SKIPPED = {"script", "style", "template", "head", "svg", "math", "object", "canvas", "-comment"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_LANDMARKS = {"header", "nav", "main", "aside", "footer", "dialog", "section", "article", "form", "details"}
_NAMED = {"nav", "aside", "footer", "dialog", "form"}
"""Landmarks that are called by their own name where they have no heading."""
_INLINE = re.compile(
    "a|abbr|b|bdi|bdo|big|cite|code|data|del|em|font|i|ins|kbd|label|mark|q|s|samp|small|span|strong|sub|sup|td|th|"
    "time|tt|u|var|wbr|-text"
)
"""Elements that stand in a line of text."""
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|opacity\s*:\s*0*\.?0*\s*(;|!|$)|"
    r"font-size\s*:\s*0*\.?0*(px|pt|em|rem|%)?\s*(;|!|$)",
    re.IGNORECASE,
)
_SHADOW = re.compile(r"<template(?=\s[^>]{0,200}shadowrootmode)", re.IGNORECASE)
"""What stands in an element's open shadow is what visitors see of it; other templates are not shown."""
_BLOCK = re.compile(
    r"<(/?)(?:address|article|aside|blockquote|center|details|dialog|dir|div|dl|fieldset|figure|footer|form|header|"
    r"hgroup|main|menu|nav|ol|pre|search|section|summary|table|ul)(?=[\s/>])",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")


def sections_of(html: str, frames: Mapping[str, str] | None = None) -> list[Section]:
    """The titled sections of a page, without those that say nothing. What stands in a frame is read where the frame
    stands, as far as it is known.

    Args:
        frames: the HTML of frames, by their ``src``; each is read once. What a frame has as its ``srcdoc``, or a
            capture has found in it, is known without.

    Raises:
        DataError: selectolax is not installed, there is more text than `MOST_TEXT`, or blocks lie too deep.
    """
    try:
        tree = _parsed(html)
    except ImportError as error:
        raise DataError("pages are read with selectolax: pip install 'ruling[media]'") from error
    title = tree.css_first("head > title")
    writer = _Writer(_tidy(title.text()) if title is not None else "")
    if tree.body is not None:
        for node, entered, hidden in _walk(tree.body, _Frames(frames or {})):
            writer.take(node, entered, hidden)
    sections = [piece for section in writer.finish() for piece in _pieces(section)]
    if (size := sum(len(section.whole) for section in sections)) > MOST_TEXT:
        raise DataError(f"a page of {size:,} characters: at most {MOST_TEXT:,}; save the part that matters")
    return sections


class _Frames:
    """What stands in the frames of a page.

    Args:
        parts: the HTML of frames, by their ``src``.
    """

    def __init__(self, parts: Mapping[str, str]):
        self._parts = dict(parts)
        self._read: list[LexborHTMLParser] = []
        """Kept, since their nodes are looked at later."""

    def body(self, frame: "LexborNode") -> "LexborNode | None":
        """The body of what a frame shows; None where that is not known, or too many were read already."""
        attributes = frame.attributes
        html = attributes.get(FRAME) or attributes.get("srcdoc") or self._parts.pop(attributes.get("src") or "", None)
        if not html or len(self._read) >= MOST_FRAMES:
            return None
        self._read.append(_parsed(html))
        return self._read[-1].body


def _parsed(html: str) -> "LexborHTMLParser":
    from selectolax.lexbor import LexborHTMLParser

    html = _SHADOW.sub("<div", html)
    _check_depth(html)
    return LexborHTMLParser(html)


def _check_depth(html: str) -> None:
    depth = 0
    for block in _BLOCK.finditer(html):
        depth = max(0, depth - 1) if block[1] else depth + 1
        if depth > MOST_DEEP:
            raise DataError(
                f"a page with more than {MOST_DEEP:,} blocks inside one another: save the part that matters"
            )


def _walk(root: "LexborNode", frames: _Frames) -> Iterator[tuple["LexborNode", bool, bool]]:
    """Every node of a tree as it is entered and left, and whether visitors do not see it."""
    todo: list[tuple[LexborNode, bool, bool]] = [(root, True, False)]
    while todo:
        node, entered, hidden = todo.pop()
        if not entered:
            yield node, False, hidden
            continue
        tag = node.tag or ""
        if tag in _SKIPPED:
            continue
        hidden = hidden or _is_hidden(node, tag)
        if tag == "iframe":
            if (body := frames.body(node)) is not None:
                todo.append((body, True, hidden))
            continue
        yield node, True, hidden
        todo.append((node, False, hidden))
        children = []
        child = node.child
        while child is not None:
            children.append((child, True, hidden))
            child = child.next
        todo += reversed(children)


def _is_hidden(node: "LexborNode", tag: str) -> bool:
    if tag == "-text":
        return False
    attributes = node.attributes
    if tag == "noscript" or "hidden" in attributes or HIDDEN in attributes:
        return True
    return bool(_UNSEEN.search(attributes.get("style") or ""))


class _Writer:
    """Puts the text of a page down, section by section.

    Args:
        title: of the page; that of its first section.
    """

    def __init__(self, title: str):
        self._seen: list[tuple[list[str], list[str]]] = [([title], [])]
        self._unseen: list[str] = []
        self._heading: list[str] | None = None

    def take(self, node: "LexborNode", entered: bool, hidden: bool) -> None:
        """A node that is entered or left."""
        tag = node.tag or ""
        if tag == "-text":
            if entered:
                self._put(node.text_content or "", hidden)
            return
        if not _INLINE.fullmatch(tag):
            self._put("\n", hidden)
        if tag in _HEADINGS and not hidden:
            if entered:
                self._begin("")
                self._heading = self._seen[-1][0]
            else:
                self._heading = None
        elif tag in _LANDMARKS and not hidden:
            label = node.attributes.get("aria-label") or (tag if tag in _NAMED else "")
            self._begin(label if entered else "")
        elif entered:
            self._put(_said(node, tag), hidden)

    def finish(self) -> Iterator[Section]:
        """Every section that says something."""
        texts = [(_tidy(" ".join(title)), _tidy("".join(text), lines=True)) for title, text in self._seen]
        yield from (Section(title=title, text=text) for title, text in texts if title or text)
        if unseen := _tidy("".join(self._unseen), lines=True):
            yield Section(text=unseen, hidden=True)

    def _begin(self, title: str) -> None:
        """A section; where the last one says nothing yet, it is this one."""
        if any(piece.strip() for piece in chain(*self._seen[-1])):
            self._seen.append(([], []))
        self._seen[-1][0].append(title)

    def _put(self, words: str, hidden: bool) -> None:
        if hidden:
            self._unseen.append(words)
        elif self._heading is not None:
            self._heading.append(words)
        else:
            self._seen[-1][1].append(words)


def _said(node: "LexborNode", tag: str) -> str:
    """What an element says without a text in it: a picture's words for those who cannot see it, a button's label."""
    attributes = node.attributes
    if tag == "img" and (words := attributes.get("alt")):
        return f" (image: {words}) "
    if tag == "input" and attributes.get("type") != "hidden":
        kept = [words for name in ("value", "placeholder") if (words := attributes.get(name))]
        return f" {' '.join(kept)} " if kept else ""
    return "- " if tag == "li" else " " if tag in ("td", "th") else ""


def _tidy(text: str, lines: bool = False) -> str:
    """The text without blanks that say nothing.

    Args:
        lines: whether line breaks are kept.
    """
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip() if lines else " ".join(text.split())


def _pieces(section: Section) -> Iterator[Section]:
    """The section, in pieces where it is long, cut at the ends of lines or, of a long line, of words."""
    text, number = section.text, 1
    while len(text) > LONGEST:
        cut = text.rfind("\n", 0, LONGEST)
        cut = cut if cut > 0 else text.rfind(" ", 0, LONGEST)
        cut = cut if cut > 0 else LONGEST
        yield _numbered(section, text[:cut].strip(), number)
        text, number = text[cut:].strip(), number + 1
    yield _numbered(section, text, number) if number > 1 else section


def _numbered(section: Section, text: str, number: int) -> Section:
    title = f"{section.title} ({number})".strip() if number > 1 else section.title
    return section.model_copy(update={"title": title, "text": text})
