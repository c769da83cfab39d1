"""The figures of alarms, against the same worked out by hand."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import Brief, Case, Frame, Gold, GoldViolation, Interval, Rule, Rulebook, save_cases
from data.windows import Alarm
from rl.cli.alarms import app
from rl.evaluation.live.events import Event, events_of
from rl.evaluation.live.figures import LiveFigures, measure_alarms
from rl.evaluation.live.watched import Raised, Watched, read_watched
from rl.runs.journal import Began, Ended, Found, Journal, Looked

BOOK = Rulebook(name="b", rules=[Rule(id="A", text="No."), Rule(id="B", text="No.")])


def watched(*raised: Raised, seconds: float = 1800.0, name: str = "s") -> Watched:
    return Watched(name, list(raised), seconds, windows=10, unread=1)


ONE = watched(
    Raised("A", first=12, last=20, at=16, score=0.9),  # detects the first event, 6 s late
    Raised("B", first=12, last=14, at=18, score=0.6),  # of another rule: about nothing
    Raised("A", first=105, last=108, at=112, score=0.8),  # detects the second, 12 s late
)
TWO = watched(Raised("B", first=50, last=55, at=60, score=0.7), name="t")  # detects, 10 s late; the rest is missed
EVENTS = (
    [Event(("A",), 10, 20), Event(("A",), 100, 110)],
    [Event(("A", "B"), 50, 60), Event(("B",), 200, 210)],
)


def value(found: LiveFigures, name: str) -> float:
    return found.figures[name].value


def test_by_hand() -> None:
    found = measure_alarms([ONE, TWO], EVENTS)
    assert (found.streams, found.hours, found.events, found.alarms, found.unread) == (2, 1.0, 4, 4, 0.1)
    assert value(found, "events_detected") == 3 / 4
    assert value(found, "time_to_detection") == 10.0  # of 6, 10, 12 and never: at least half come within 10 s
    assert value(found, "time_to_detection_90") == inf
    assert value(found, "false_alarms_per_hour") == 1.0
    # Seconds 12-20, 105-108 and 50-55 of 10 + 10 + 10 + 10.
    assert value(found, "seconds_seen") == pytest.approx(16 / 40)
    # From .7 on, all three alarms are right; the one at .6 would make it 3 of 4, less than 80 %.
    assert value(found, "event_recall_at_precision_80") == 3 / 4


def test_precision_counts_alarms_of_one_score_together() -> None:
    tied = watched(Raised("A", 12, 20, 16, 0.6), Raised("B", 12, 14, 18, 0.6))
    assert value(measure_alarms([tied], [[Event(("A",), 10, 20)]]), "event_recall_at_precision_80") == 0.0


def test_an_alarm_before_its_event_detects_nothing_and_one_after_another_counts_once() -> None:
    early = watched(Raised("A", 2, 9, 4, 0.9))
    found = measure_alarms([early], [[Event(("A",), 10, 20)]])
    assert (value(found, "events_detected"), value(found, "false_alarms_per_hour")) == (0.0, 2.0)
    twice = watched(Raised("A", 10, 14, 16, 0.9), Raised("A", 12, 20, 24, 0.9))
    found = measure_alarms([twice], [[Event(("A",), 10, 20)]])
    names = ("time_to_detection", "seconds_seen", "false_alarms_per_hour")
    assert tuple(value(found, name) for name in names) == (6.0, 1.0, 0.0)


def test_where_nothing_happens_there_is_nothing_to_detect() -> None:
    found = measure_alarms([watched()], [[]])
    assert set(found.figures) == {"false_alarms_per_hour"} and value(found, "false_alarms_per_hour") == 0.0


def test_intervals_hold_the_figure_and_one_stream_leaves_all_possible() -> None:
    many = [replace(one, stream=f"{one.stream}{n}") for n in range(8) for one in (ONE, TWO)]
    for estimate in measure_alarms(many, EVENTS * 8).figures.values():
        assert estimate.low <= estimate.value <= estimate.high and estimate.low < estimate.high
    alone = measure_alarms([ONE], EVENTS[:1]).figures
    assert (alone["events_detected"].low, alone["events_detected"].high) == (0.0, 1.0)
    assert (alone["time_to_detection"].low, alone["false_alarms_per_hour"].high) == (0.0, inf)


def test_streams_of_one_cluster_count_as_one() -> None:
    many = [replace(one, stream=f"{one.stream}{n}") for n in range(8) for one in (ONE, TWO)]
    loose = measure_alarms(many, EVENTS * 8).figures
    tied = measure_alarms(many, EVENTS * 8, [f"group {n // 4}" for n in range(16)]).figures
    for name, estimate in loose.items():
        assert tied[name].value == estimate.value
        assert tied[name].high - tied[name].low >= estimate.high - estimate.low
    assert tied["events_detected"].low < loose["events_detected"].low


def gold(*spans: tuple[str, float, float]) -> Case:
    violations = [GoldViolation(rule=rule, evidence=[Interval(interval=(s, e))]) for rule, s, e in spans]
    frames = [Frame(path="0.png", time=0.0), Frame(path="1.png", time=20.0)]
    return Case(id="s", frames=frames, gold=Gold(verdict="reject" if spans else "approve", violations=violations))


def test_stretches_that_touch_are_one_event() -> None:
    case = gold(("A", 5, 9), ("A", 8, 12), ("B", 8, 12), ("A", 20, 21))
    assert events_of(Brief.of(case, BOOK)) == [
        Event(("A",), 5, 12), Event(("B",), 8, 12), Event(("A",), 20, 21)
    ]  # fmt: skip


def journal(path: Path) -> Path:
    """Windows of 4 s: A in the second and third, raised by the third, cleared by the fifth."""
    now, found = datetime.now(UTC), {1: (5.0, 8.0), 2: (8.0, 10.0)}
    change = {2: ("raised", 5.0, 10.0, 12.0), 4: ("cleared", 5.0, 10.0, 20.0)}
    with Journal(path) as kept:
        kept.write(Began(stream="s", time=now, source="case", identity={}))
        for n in range(5):
            seen = [Found(rule="A", start=found[n][0], end=found[n][1])] if n in found else []
            alarms = [
                Alarm(number=1, rule="A", change=change[n][0], first=change[n][1], last=change[n][2], at=change[n][3])
            ] if n in change else []  # fmt: skip
            window = {"number": n, "start": 4 * n, "end": 4 * n + 4, "frames": 4, "lines": 0, "seconds": 0.5}
            ruled = {"verdict": "approve", "confidence": 0.5 + n / 10, "found": seen, "state": "approve"}
            kept.write(Looked(stream="s", time=now, alarms=alarms, **window, **ruled))
        kept.write(Ended(stream="s", at=20.0))
    return path


def test_a_journal_is_read(tmp_path: Path) -> None:
    (one,) = read_watched(journal(tmp_path / "j.jsonl")).values()
    assert one.raised == [Raised("A", 5.0, 10.0, 12.0, 0.7)]
    assert (one.seconds, one.windows, one.cost, one.unread) == (20.0, 5, 2.5, 0)


def test_the_command(tmp_path: Path) -> None:
    save_cases([gold(("A", 5, 10))], tmp_path / "cases.jsonl")
    BOOK.dump(tmp_path / "rules.yaml")
    call = [str(journal(tmp_path / "j.jsonl")), "--data", str(tmp_path / "cases.jsonl")]
    call += ["--rulebook", str(tmp_path / "rules.yaml"), "--out", str(tmp_path / "figures.json")]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    assert "7.0" in done.output and "100 %" in done.output
    (figures,) = json.loads((tmp_path / "figures.json").read_text()).values()
    assert figures["figures"]["time_to_detection"]["value"] == 7.0
    assert figures["figures"]["time_to_detection"]["high"] is None  # infinite


def test_streams_that_nobody_watched_to_their_end_are_told_and_counted(tmp_path: Path) -> None:
    path, now = journal(tmp_path / "j.jsonl"), datetime.now(UTC)
    with Journal(path) as kept:
        kept.write(Began(stream="t", time=now, source="case", identity={}))
    unwatched = gold(("A", 5, 10)).model_copy(update={"id": "u"})
    cases = [gold(("A", 5, 10)), gold(("A", 5, 10)).model_copy(update={"id": "t"}), unwatched]
    save_cases(cases, tmp_path / "cases.jsonl")
    BOOK.dump(tmp_path / "rules.yaml")
    call = [str(path), "--data", str(tmp_path / "cases.jsonl"), "--rulebook", str(tmp_path / "rules.yaml")]
    done = CliRunner().invoke(app, [*call, "--out", str(tmp_path / "figures.json")])
    assert done.exit_code == 0, done.output
    assert "1 of 3 cases were not watched" in done.output and "1 of 2 streams are not over" in done.output
    (figures,) = json.loads((tmp_path / "figures.json").read_text()).values()
    assert (figures["streams"], figures["events"], figures["figures"]["events_detected"]["value"]) == (2, 2, 0.5)
