"""A ruling's room: whose fault a context is that does not hold a ruling and its case."""

import pytest

from data import DataError
from rewards.models.room import MOST_ROOM, RulingTooLong, check_room


def fault(ruling: int, case: int, context: int) -> type[Exception] | None:
    try:
        check_room(ruling + case, lambda: case, context)
    except Exception as error:
        return type(error)
    return None


@pytest.mark.parametrize("context", [400, 1024, 8192, 131_072])
def test_a_case_is_too_long_or_not_whatever_the_ruling(context: int):
    room = min(MOST_ROOM, context // 4)
    for ruling in (0, 1, room, room + 1, context, 10 * context):
        assert fault(ruling, context - room + 1, context) is DataError
        most = fault(ruling, context - room, context)
        assert most is (RulingTooLong if ruling > room else None)


def test_a_ruling_may_take_all_that_its_case_leaves():
    assert fault(7000, 1000, 8000) is None
    assert fault(7001, 1000, 8000) is RulingTooLong


def test_the_case_is_counted_only_where_it_is_tight():
    def never() -> int:
        raise AssertionError("counted")

    check_room(700, never, 1024)
