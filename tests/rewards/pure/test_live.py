"""Delay and false alarms, by hand; and the rubric of live streams under every known cheat."""

import random
from collections.abc import Iterator

import pytest

from data import Brief, Briefs, Case, Frame, Gold, GoldViolation, Interval, Line, Rule, Rulebook, Ruling, Violation
from data.window import Earlier, Window
from data.windows import WindowSettings, cut
from rewards import NotApplicable, Rubric, delay, false_alarm
from rewards.audit import audit

BOOK = Rulebook(
    name="b", rules=[Rule(id=f"R-{n}", title=f"thing {n}", text=f"No thing {n}.", severity="high") for n in range(6)]
)


def window(gold: dict[str, tuple[float, float]], earlier: dict[str, tuple[float, float]] | None = None,
           length: float = 6.0, fresh: float = 4.0, **more: object) -> Case:  # fmt: skip
    violations = [GoldViolation(rule=rule, evidence=[Interval(interval=when)]) for rule, when in gold.items()]
    told = [Earlier(rule=rule, start=start, end=end) for rule, (start, end) in (earlier or {}).items()]
    content = Gold(verdict="reject" if gold else "approve", violations=violations, **more)
    return Case(id="s", gold=content, window=Window(stream="s", start=0, length=length, fresh=fresh, earlier=told))


def cites(*rules: str) -> Ruling:
    return Ruling(
        verdict="reject" if rules else "approve", confidence=1, violations=[Violation(rule=r) for r in rules]
    )


def test_a_violation_costs_by_the_second_until_it_is_raised() -> None:
    case = window({"R-1": (3.0, 6.0)})
    assert delay(cites(), case, BOOK).value == pytest.approx(3 / 10)
    assert delay(cites("R-2"), case, BOOK).value == pytest.approx(3 / 10)  # another rule raises nothing
    assert delay(cites("R-1"), case, BOOK).value == 0
    assert delay.with_params({"most": 2.0})(cites(), case, BOOK).value == 1  # bounded


def test_seconds_that_an_earlier_window_had_are_not_charged_twice() -> None:
    assert delay(cites(), window({"R-1": (0.0, 6.0)}), BOOK).value == pytest.approx(4 / 10)
    assert delay(cites(), window({"R-1": (0.0, 2.0)}), BOOK).value == 0


def test_what_was_raised_before_costs_nothing_while_it_goes_on() -> None:
    assert delay(cites(), window({"R-1": (0, 6)}, {"R-1": (-8.0, 1.5)}), BOOK).value == 0
    assert delay(cites(), window({"R-1": (0, 6)}, {"R-1": (-30.0, -20.0)}), BOOK).value == pytest.approx(0.4)
    assert delay(cites(), window({"R-1": (0, 6)}, {"R-2": (-8.0, 1.5)}), BOOK).value == pytest.approx(0.4)


def test_over_a_stream_delays_add_up_to_the_time_to_detection() -> None:
    frames = [Frame(path=f"{n}.png", time=n / 2) for n in range(48)]
    gold = Gold(verdict="reject", violations=[GoldViolation(rule="R-1", evidence=[Interval(interval=(3.5, 20.0))])])
    windows = list(cut(Brief.of(Case(id="s", frames=frames, gold=gold), BOOK), WindowSettings(seconds=4, every=2),
                       remembering=False))  # fmt: skip
    raised_in = 5  # the sixth window, which ends at 12 s
    seconds = [10 * delay(cites(*["R-1"] * (n >= raised_in)), w.case, BOOK).value for n, w in enumerate(windows)]
    assert sum(seconds) == pytest.approx(10.0 - 3.5)  # up to the end of the last window that said nothing


def test_a_false_alarm_is_one_that_begins() -> None:
    case = window({"R-1": (0, 6)}, {"R-2": (-4.0, 1.0), "R-3": (-30.0, -20.0)})
    cited = ((), ("R-1",), ("R-2",), ("R-3",), ("R-1", "R-4"))
    assert [false_alarm(cites(*rules), case, BOOK) for rules in cited] == [0, 0, 0, 1, 1]
    assert false_alarm(cites("R-4"), window({"R-1": (0, 6)}, exhaustive=False), BOOK) == 0.5
    assert false_alarm(cites("MADE-UP"), case, BOOK) == 1


def test_neither_speaks_of_what_is_no_window_or_has_no_gold() -> None:
    whole = window({"R-1": (0, 6)}).model_copy(update={"window": None})
    unknown = window({}).model_copy(update={"gold": Gold(verdict="reject")})
    for case in (whole, unknown):
        assert delay(cites(), case, BOOK) is NotApplicable and false_alarm(cites(), case, BOOK) is NotApplicable


def streams(count: int) -> Iterator[Brief]:
    draw = random.Random(0)
    for number in range(count):
        violations = []
        for start in range(2, 56, 18):
            if draw.random() < 0.6:
                begun = start + draw.uniform(0, 6)
                interval = Interval(interval=(round(begun, 2), round(begun + draw.uniform(2, 9), 2)))
                violations.append(GoldViolation(rule=draw.choice(BOOK.ids), evidence=[interval]))
        lines = [Line(start=s, end=s + 3, text=f"offer {draw.random():.5f} of the evening") for s in range(0, 60, 4)]
        frames = [Frame(path=f"{n}.png", time=float(n)) for n in range(60)]
        gold = Gold(verdict="reject" if violations else "approve", violations=violations)
        yield Brief.of(Case(id=f"s{number}", frames=frames, transcript=lines, gold=gold), BOOK)


def test_the_rubric_of_streams_stands_against_every_cheat() -> None:
    windows = [window for stream in streams(8) for window in cut(stream, WindowSettings())]
    found = audit(Rubric.load("live"), Briefs(windows, BOOK))
    assert found.ok and not found.flaws, found.flaws
