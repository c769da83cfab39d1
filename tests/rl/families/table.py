"""The table of families in the docs: written by ``python -m tests.rl.families.table``, read by the test that holds it.

The file has a row for each family, and under it what is said in refusing, numbered.
"""

import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import transformers
import trl

from tests.rl.families.cells import COLUMNS, DONE, cells_of
from tests.rl.families.zoo import FAMILIES

FILE = Path(__file__).parents[3] / "docs/models.md"
BEGIN, END = "<!-- table: written by tests/rl/families/table.py -->", "<!-- end of the table -->"

Rows = dict[str, dict[str, str]]
"""Family to column to a dot, nothing, or what is said in refusing."""


def written(rows: Mapping[str, Mapping[str, str]]) -> str:
    """As it stands in the docs."""
    notes = list(dict.fromkeys(cell for cells in rows.values() for cell in cells.values() if cell not in (DONE, "")))
    lines = [f"| family | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for family, cells in rows.items():
        shown = [cell if cell in (DONE, "") else f"[{notes.index(cell) + 1}]" for cell in cells.values()]
        lines.append(f"| {family} | {' | '.join(shown)} |")
    told = [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    versions = f"transformers {transformers.__version__}, TRL {trl.__version__}"
    return "\n".join([BEGIN, *lines, "", *told, "", f"({versions})", END])


def read() -> Rows:
    """What the docs say."""
    table = FILE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    notes = dict(re.findall(r"^(\d+)\. (.*)$", table, re.MULTILINE))
    rows: Rows = {}
    for line in table.splitlines():
        family, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if family in FAMILIES:
            told = [re.sub(r"\[(\d+)\]", lambda found: notes[found[1]], cell) for cell in cells]
            rows[family] = dict(zip(COLUMNS, told, strict=True))
    return rows


def main(names: list[str]) -> None:
    """Tries the families and writes their rows; all, where none is named."""
    rows = read()
    for name in names or FAMILIES:
        with tempfile.TemporaryDirectory() as folder:
            rows[name] = cells_of(FAMILIES[name], Path(folder))
        print(name, rows[name])
    ordered = {name: rows[name] for name in FAMILIES if name in rows}
    before, _, rest = FILE.read_text(encoding="utf-8").partition(BEGIN)
    FILE.write_text(before + written(ordered) + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
