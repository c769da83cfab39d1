"""Blocks: data inside an HTML page, as base64 of gzipped JSON.

Nothing in a block can end the element that holds it or be taken for markup, whatever the data say. The page's script
unpacks a block when a case in it is first shown, so that a page with thousands of cases opens at once.
"""

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Block:
    """A block: the id of its element, and what stands in it."""

    id: str
    text: str


def pack(id: str, content: Any) -> Block:
    """Content that JSON can hold, as a block. Equal content gives an equal block."""
    raw = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    return Block(id, base64.b64encode(gzip.compress(raw, mtime=0)).decode())


def unpack(block: Block) -> Any:
    """What was packed.

    Example:
        >>> unpack(pack("cases-0", [{"id": "</script>"}]))
        [{'id': '</script>'}]
    """
    return json.loads(gzip.decompress(base64.b64decode(block.text)))


def pack_parts(name: str, rows: Sequence[Any], size: int) -> list[Block]:
    """Rows as blocks of so many: ``name-0``, ``name-1`` …"""
    return [pack(f"{name}-{start // size}", rows[start : start + size]) for start in range(0, len(rows), size)]
