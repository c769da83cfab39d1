"""Files: a comparison as JSON, all of it, and as Parquet, table by table."""

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from data.files import whole_file, write_json
from rl.evaluation.comparison.comparison import Comparison

TABLES = ("metrics", "rules", "slices", "flips", "suspects")
"""The parts that become Parquet, ``comparison_metrics.parquet`` and so on."""


def save_comparison(comparison: Comparison, folder: str | Path) -> list[Path]:
    """Writes ``comparison.json`` and one Parquet file for each table that has rows.

    Figures that do not exist or are infinite are null. In Parquet, lists over models stay lists.
    """
    folder = Path(folder)
    content = _plain(asdict(comparison))
    written = [write_json(folder / "comparison.json", content)]
    for table in TABLES:
        path = folder / f"comparison_{table}.parquet"
        if content[table]:
            _write_table(content[table], path)
            written.append(path)
        else:
            path.unlink(missing_ok=True)
    return written


def _write_table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with whole_file(path) as draft:
        pq.write_table(pa.Table.from_pylist(list(rows)), draft, compression="zstd")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not isfinite(value) else value
