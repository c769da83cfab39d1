"""Twins: two cases that show the same thing under other rules. Each names the other, and both are of one group.

A set may be cut so that only one of two is left: that one stands alone, wherever pairs are counted or drawn. Twins
that contradict each other are an error wherever they are read; `ruling data check` also tells of those left alone.
"""

from collections.abc import Collection, Iterator, Sequence

from data.reading.problem import Problem
from data.reading.row import Row


def contradictions(rows: Sequence[Row]) -> Iterator[Problem]:
    """The rows whose case names a twin that names another, or is of another group, which a split could part."""
    for row, other in _twins(rows):
        assert row.case is not None
        if other is None or other.case is None:
            continue
        message = ""
        if other is row:
            message = "a case is not its own twin: name the other of the two"
        elif other.case.twin != row.case.id:
            says = "no twin" if other.case.twin is None else f"'{other.case.twin}'"
            message = f"case '{other.case.id}' in {other.file}:{other.line} names {says}: let each name the other"
        elif other.case.group is None or other.case.group != row.case.group:
            message = f"case '{other.case.id}' in {other.file}:{other.line} is of another group: give both the same"
        if message:
            yield Problem("twins contradict each other", message, row.file, row.line, "twin")


def left_alone(rows: Sequence[Row], bad: Collection[tuple[object, int | None]]) -> Iterator[Problem]:
    """The rows whose case names a twin that is not there, or whose row is bad.

    Args:
        bad: file and line of the rows with an error of their own.
    """
    for row, other in _twins(rows):
        assert row.case is not None
        if other is None:
            message = f"there is no case '{row.case.twin}': put it beside this one, or leave 'twin' out of both"
        elif (other.file, other.line) in bad and (row.file, row.line) not in bad:
            message = f"its twin in {other.file}:{other.line} has an error: mend that, or leave 'twin' out of both"
        else:
            continue
        yield Problem("twin left alone", message, row.file, row.line, "twin")


def _twins(rows: Sequence[Row]) -> Iterator[tuple[Row, Row | None]]:
    """Every row that names a twin, with the row of that name."""
    by_id = {row.case.id: row for row in rows if row.case is not None}
    for row in rows:
        if row.case is not None and row.case.twin is not None:
            yield row, by_id.get(row.case.twin)
