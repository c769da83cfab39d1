"""A small rulebook, and small files to read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Rule, Rulebook


@pytest.fixture
def book() -> Rulebook:
    return Rulebook(
        name="small",
        intents=("drink", "loan"),
        rules=(
            Rule(id="CURE-1", text="No cures."),
            Rule(id="SALE-1", text="No sales."),
            Rule(id="ODD-1", text="Somebody should look at odd ads.", verdict="escalate"),
        ),
    )


@pytest.fixture
def write_lines(tmp_path: Path) -> Callable[..., Path]:
    """Writes a JSONL file: rows as objects, or lines as they are."""

    def write(name: str, *rows: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(row, ensure_ascii=False) if isinstance(row, dict) else row for row in rows]
        path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
        return path

    return write


@pytest.fixture
def write_image(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, size: tuple[int, int] = (40, 30), colour: str = "red") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour).save(path)
        return path

    return write
