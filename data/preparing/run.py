"""What preparing and capturing share: cases in, cases out, in a folder of its own.

The folder has ``cases.jsonl``, everything that it names in ``media/``, and, of cases that failed, the line with the
reason in ``rejected.jsonl``. Cases come out in the order in which they came in, in however many processes.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.case import Case
from data.errors import DataError
from data.files import check_not_read, write_whole
from data.reading.loading import REJECTED, read_rows, save_cases
from data.reading.row import Row

CASES = "cases.jsonl"
Done = Iterable[tuple[int, Case | DataError]]
"""Places of cases and what became of each, as they are done."""


@dataclass
class Prepared:
    """What became of the cases."""

    out: Path
    cases: list[Case] = field(default_factory=list)
    rejected: list[tuple[Row, DataError]] = field(default_factory=list)

    @property
    def reasons(self) -> Counter[str]:
        """How many were rejected for which reason, whatever their files are called."""
        return Counter(f"{e.field}: {e.message}" if e.field else e.message for _, e in self.rejected)

    @property
    def uncaptured(self) -> int:
        """How many cases have a page of which only the address is known."""
        pages = [case.page for case in self.cases if case.page is not None]
        return sum(page.path is None and not page.sections for page in pages)


def run(
    sources: Iterable[Any], out: Path, work: Callable[[list[Case]], Done], reached: Callable[[int], None]
) -> Prepared:
    """Has every case of the sources worked on, and writes what comes of it.

    Raises:
        DataError: a source cannot be read, or would be written over; or not one case was done.
    """
    sources = list(sources)
    for name in (CASES, REJECTED):
        check_not_read(out / name, sources)
    rows = list(read_rows(*sources))
    places = [at for at, row in enumerate(rows) if row.case is not None]
    results: dict[int, Case | DataError] = {}
    for at, result in work([row.case for row in rows if row.case is not None]):
        results[places[at]] = result
        reached(len(results))
    outcome = Prepared(out)
    for at, row in enumerate(rows):
        result = results[at] if at in results else _refused(row)
        if isinstance(result, Case):
            outcome.cases.append(result)
        else:
            outcome.rejected.append((row, result))
    outcome.cases = _without_lost_twins(outcome.cases)
    _write(outcome)
    return outcome


def _without_lost_twins(cases: list[Case]) -> list[Case]:
    """A case whose twin was rejected stands alone."""
    there = {None, *(case.id for case in cases)}
    return [case if case.twin in there else case.model_copy(update={"twin": None}) for case in cases]


def _refused(row: Row) -> DataError:
    assert row.problem is not None
    return row.problem.error()


def _write(outcome: Prepared) -> None:
    outcome.out.mkdir(parents=True, exist_ok=True)
    (outcome.out / REJECTED).unlink(missing_ok=True)
    if outcome.rejected:
        write_whole(outcome.out / REJECTED, "".join(_as_rejected(*pair) + "\n" for pair in outcome.rejected))
    if not outcome.cases:
        worst = outcome.reasons.most_common(1)
        reason = f"; most often: {worst[0][0]}" if worst else ""
        raise DataError(f"not one of {len(outcome.rejected)} cases was done{reason}", file=outcome.out)
    save_cases(outcome.cases, outcome.out / CASES)


def _as_rejected(row: Row, error: DataError) -> str:
    source = row.content if row.content is not None else row.raw.decode("utf-8", "replace")
    told = {"file": row.file.name, "line": row.line, "field": error.field, "reason": error.message, "source": source}
    return json.dumps(told, ensure_ascii=False)
