"""Alarms: raised and cleared by windows that agree, and one for one event."""

from data import Rule, Rulebook
from data.windows import Alarms, Sighting, WindowSettings

FOUR = WindowSettings(seconds=4, every=4)
BOOK = Rulebook(name="b", rules=[Rule(id="A", text="No."), Rule(id="B", text="Ask.", verdict="escalate")])


def looked(alarms: Alarms, *windows: str | None) -> list[tuple[int, str, str, float, float, float]]:
    """What windows change that find these rules, by their letters, in all of their seconds; None has no ruling."""
    changes = []
    for number, rules in enumerate(windows):
        span = FOUR.span(number)
        found = None if rules is None else [Sighting(rule, span.start, span.end) for rule in rules]
        verdict = None if rules is None else BOOK.called_for(rules)
        changes += [
            (alarm.number, alarm.rule, alarm.change, alarm.first, alarm.last, alarm.at)
            for alarm in alarms.look(found, verdict, span)
        ]
    return changes


def test_so_many_windows_raise_and_as_many_clear() -> None:
    assert looked(Alarms(2), "", "A", "A", "A", "", "") == [
        (1, "A", "raised", 4.0, 12.0, 12.0),
        (1, "A", "cleared", 4.0, 16.0, 24.0),
    ]
    assert looked(Alarms(1), "A", "") == [(1, "A", "raised", 0, 4, 4), (1, "A", "cleared", 0, 4, 8)]


def test_windows_that_do_not_agree_raise_nothing() -> None:
    assert looked(Alarms(2), "A", "", "A", "", "B", "A") == []


def test_one_window_that_errs_makes_no_second_alarm() -> None:
    assert [change[:3] for change in looked(Alarms(2), "A", "A", "", "A", "A", "", "")] == [
        (1, "A", "raised"), (1, "A", "cleared")
    ]  # fmt: skip


def test_an_event_after_another_has_an_alarm_of_its_own() -> None:
    changes = looked(Alarms(1), "A", "", "A", "AB", "B")
    assert [change[:3] for change in changes] == [
        (1, "A", "raised"), (1, "A", "cleared"), (2, "A", "raised"), (3, "B", "raised"), (2, "A", "cleared")
    ]  # fmt: skip


def test_a_window_without_a_ruling_neither_raises_nor_clears() -> None:
    assert [change[:3] for change in looked(Alarms(2), "A", None, "A")] == [(1, "A", "raised")]
    alarms = Alarms(2)
    looked(alarms, "A", "A", None, None, None)
    assert [alarm.rule for alarm in alarms.open] == ["A"]


def test_the_state_is_what_open_alarms_call_for() -> None:
    for windows, state in [
        (("A", "A"), "reject"),
        (("B", "B"), "escalate"),
        (("AB", "AB"), "reject"),
        (("A",), "approve"),
    ]:
        alarms = Alarms(2)
        looked(alarms, *windows)
        assert alarms.state(BOOK) == state


def test_a_person_looks_where_nothing_can_be_told_for_long() -> None:
    alarms = Alarms(2)
    looked(alarms, None)
    assert alarms.state(BOOK) == "approve"
    looked(alarms, None)
    assert alarms.state(BOOK) == "escalate"
    looked(alarms, "")
    assert alarms.state(BOOK) == "approve"


def test_the_end_clears_what_is_open() -> None:
    alarms = Alarms(1)
    looked(alarms, "A", "AB")
    assert [(a.rule, a.change, a.at) for a in alarms.end(9.0)] == [("A", "cleared", 9.0), ("B", "cleared", 9.0)]
    assert not alarms.open
