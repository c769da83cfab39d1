"""All that a file says, for tests of what none may say."""

import base64
import gzip
import re
from pathlib import Path

import pyarrow.parquet as pq

_BLOCK = re.compile(r'<script type="application/gzip"[^>]*>([^<]*)</script>')


def everything_in(file: Path) -> str:
    """A file as text: the rows of a table, and of a page also what is packed in it."""
    if file.suffix == ".parquet":
        return str(pq.read_table(file).to_pylist())
    text = file.read_text("utf-8", errors="replace")
    return text + "".join(gzip.decompress(base64.b64decode(block)).decode() for block in _BLOCK.findall(text))
