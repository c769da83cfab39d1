"""Streams in evaluation: what their windows are told of, the figures of alarms, and models compared by them."""

import json
from collections.abc import Callable
from math import isinf
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import Brief, Briefs, Case, DataError, Frame, Gold, GoldViolation, Interval, Ruling, save_cases
from data.windows import WindowSettings
from prompts import reason, write
from rl.cli import app
from rl.evaluation import Evaluation, Gate, Settings, compare, evaluate_model, load_evaluation
from rl.evaluation.live.events import events_of
from rl.evaluation.live.figures import measure_alarms
from rl.evaluation.live.watched import read_watched
from rl.evaluation.metrics import OF_STREAMS
from rl.serving.live.progress import WatchSettings
from rl.serving.live.streams import watch_cases
from tests.rl.serving.live.scripted import BOOK, SeesDarkness, is_dark

WINDOWS = WindowSettings(seconds=4, every=4, frames=4)
DARK = ((), (3, 4, 5, 6, 7), (9, 10, 11), (1, 2, 13, 14, 15, 16), (6, 7, 8, 9), (18, 19))
STREAMS = DARK * 3


class Dozes(SeesDarkness):
    """Overlooks what is dark for one second only; having seen darkness before, it hears of cures in the light."""

    name = "dozes"

    def completion(self, brief: Brief) -> str:
        dark = sum(is_dark(brief.case.path(frame.path)) for frame in brief.case.frames)
        if dark != 1 and (dark or not brief.case.window.earlier):
            return super().completion(brief)
        said = [] if dark else [("CURE-1", Interval(interval=(0, 1)))]
        broken = [{"rule": rule, "evidence": [evidence]} for rule, evidence in said]
        plain = Ruling(reasoning="", violations=broken, verdict="reject" if broken else "approve", confidence=0.6)
        return write(plain.model_copy(update={"reasoning": reason(plain.violations, brief.excerpt)}))


class Dies(SeesDarkness):
    """Is killed after some windows."""

    left = 21

    def completion(self, brief: Brief) -> str:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        return super().completion(brief)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``streams.jsonl`` and ``rules.yaml``."""
    from PIL import Image

    folder, cases = tmp_path_factory.mktemp("streams"), []
    for name, shade in (("light", 255), ("dark", 0)):
        Image.new("L", (16, 16), shade).save(folder / f"{name}.png")
    for number, dark in enumerate(STREAMS):
        shown = [Frame(path=f"{'dark' if s in dark else 'light'}.png", time=float(s)) for s in range(20)]
        stretches = [(s, next(e for e in range(s, 21) if e + 1 not in dark)) for s in dark if s - 1 not in dark]
        evidence = [Interval(interval=stretch) for stretch in stretches]
        violations = [GoldViolation(rule="DARK-1", evidence=evidence)] if dark else []
        gold = Gold(verdict="reject" if dark else "approve", violations=violations)
        cases.append(Case(id=f"s{number}", frames=shown, gold=gold))
    save_cases(cases, folder / "streams.jsonl")
    BOOK.dump(folder / "rules.yaml")
    return folder


@pytest.fixture(scope="module")
def streams(folder: Path) -> Briefs:
    from data import load_cases

    return Briefs.bind(load_cases(folder / "streams.jsonl"), BOOK)


@pytest.fixture(scope="module")
def evaluated(folder: Path, streams: Briefs, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The folder of an engine's evaluation."""

    def made(engine: SeesDarkness, **settings: object) -> Path:
        out = tmp_path_factory.mktemp("evaluation") / engine.name.replace(" ", "-")
        read = {"data": [str(folder / "streams.jsonl")], "rulebook": str(folder / "rules.yaml"),
                "windows": WINDOWS.model_dump()}  # fmt: skip
        evaluate_model(engine, streams, out, windows=WINDOWS, settings=Settings(**settings), read=read, progress=False)
        return out

    return made


@pytest.mark.parametrize(("engine", "agree"), [(SeesDarkness, 1), (Dozes, 1), (Dozes, 2)])
def test_the_figures_are_those_of_watching(engine, agree, streams: Briefs, evaluated, tmp_path: Path) -> None:
    watch_cases(engine(), streams, tmp_path / "j.jsonl", WatchSettings(windows=WINDOWS, agree=agree))
    watched = read_watched(tmp_path / "j.jsonl")
    wanted = measure_alarms(list(watched.values()), [events_of(streams[name]) for name in watched]).figures
    found = load_evaluation(evaluated(engine(), agree=agree)).metrics
    assert {name: found[name] for name in OF_STREAMS} == dict(wanted)
    assert (found["false_alarms_per_hour"].value > 0) == (engine is Dozes)
    assert found["time_to_detection"].support == 18 and found["false_alarms_per_hour"].support == 18


def test_each_window_is_told_of_what_the_model_found(streams: Briefs, tmp_path: Path) -> None:
    engine = SeesDarkness()
    evaluate_model(engine, streams, tmp_path / "out", windows=WINDOWS, progress=False)
    told = {b.id: [(e.rule, e.start, e.end) for e in b.case.window.earlier] for b in engine.asked}
    assert told["s1@4"] == [] and told["s1@8"] == [("DARK-1", -1, -1)] and told["s1@12"] == [("DARK-1", -5, -1)]


def test_a_killed_evaluation_goes_on_and_ends_as_if_it_had_not_been(streams: Briefs, tmp_path: Path) -> None:
    dying, after, whole = Dies(), SeesDarkness(), SeesDarkness()
    with pytest.raises(KeyboardInterrupt):
        evaluate_model(dying, streams, tmp_path / "out", windows=WINDOWS, progress=False)
    found = evaluate_model(after, streams, tmp_path / "out", windows=WINDOWS, progress=False)
    wanted = evaluate_model(whole, streams, tmp_path / "other", windows=WINDOWS, progress=False)
    assert [(p.case, p.seen) for p in found.predictions] == [(p.case, p.seen) for p in wanted.predictions]
    told = {b.id: b.case.window.earlier for b in whole.asked}
    assert all(told[b.id] == b.case.window.earlier for b in after.asked)
    assert {b.id for b in after.asked} == {f"s{n}@{e}" for n in range(18) for e in range(8, 24, 4)}  # @4 was kept
    with pytest.raises(DataError, match="other settings"):
        other = WINDOWS.model_copy(update={"remember": 2})
        evaluate_model(after, streams, tmp_path / "out", windows=other, progress=False)


def test_an_event_that_no_window_shows_is_missed(tmp_path: Path, folder: Path) -> None:
    few = [Frame(path="light.png", time=float(second)) for second in range(0, 20, 2)]
    hidden = GoldViolation(rule="DARK-1", evidence=[Interval(interval=(2.5, 3.5))])
    case = Case(id="s", frames=few, gold=Gold(verdict="reject", violations=[hidden])).with_root(folder)
    found = evaluate_model(SeesDarkness(), Briefs.bind([case], BOOK), tmp_path, windows=WINDOWS, progress=False)
    assert found.metrics["events_detected"].value == 0.0 and isinf(found.metrics["time_to_detection"].value)
    assert all(p.gold is not None and p.gold.verdict == "approve" for p in found.predictions)
    figures = json.loads((tmp_path / "metrics.json").read_text())["metrics"]
    assert figures["time_to_detection"]["value"] is None and figures["time_to_detection"]["support"] == 1


def test_parts_of_streams_have_no_figures_of_streams(evaluated) -> None:
    whole = load_evaluation(evaluated(SeesDarkness()))
    first = [p for p in whole.predictions if p.case.endswith(("@4", "@12"))]
    assert set(OF_STREAMS) <= whole.metrics.keys()
    assert not set(OF_STREAMS) & Evaluation("m", "test", first).metrics.keys()


def test_models_are_compared_and_gated_by_their_alarms(evaluated, folder: Path, tmp_path: Path) -> None:
    dozes, sees = evaluated(Dozes(), agree=1), evaluated(SeesDarkness(), agree=1)
    gate = tmp_path / "gate.yaml"
    gate.write_text("criteria:\n- {metric: false_alarms_per_hour, at_most: 1500, min_support: 10}\n"
                    "- {metric: time_to_detection, margin: 60, min_support: 10}\n")  # fmt: skip
    call = ["compare", str(dozes), str(sees), "--out", str(tmp_path / "page.html"), "--gate", str(gate)]
    done = CliRunner().invoke(app, [*call, "--resamples", "500"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, (done.output, done.exception)
    assert "seconds to detection, median" in done.output and "false alarms per hour" in done.output
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "violating seconds seen" in page and "s1@8" not in page  # cases are packed
    rows = {row["name"]: row for row in json.loads((tmp_path / "comparison.json").read_text())["metrics"]}
    assert rows["false_alarms_per_hour"]["differences"][0]["value"] < 0
    assert rows["seconds_seen"]["differences"][0]["value"] > 0
    assert rows["events_detected"]["differences"][0]["method"] == "score"


def test_a_difference_from_never_is_infinite(evaluated) -> None:
    class Blind(SeesDarkness):
        name = "blind"

        def completion(self, brief: Brief) -> str:
            return write(Ruling(reasoning=reason([], brief.excerpt), violations=[], verdict="approve", confidence=0.9))

    blind, sees = (load_evaluation(evaluated(engine, agree=1)) for engine in (Blind(), SeesDarkness()))
    found = sees.difference(blind)
    assert isinf(found["time_to_detection"].high) and found["time_to_detection"].value == -float("inf")
    assert found["time_to_detection"].high == -float("inf") and found["time_to_detection"].excludes_zero
    same = blind.difference(blind)
    assert "time_to_detection" not in same and same["events_detected"].value == 0.0
    assert compare(blind, sees, resamples=500).metrics


def test_what_cannot_be_compared_or_asked_is_refused(evaluated, streams: Briefs, tmp_path: Path) -> None:
    once, twice = (load_evaluation(evaluated(engine, agree=n)) for engine, n in ((SeesDarkness(), 1), (Dozes(), 2)))
    with pytest.raises(DataError, match="alarms were raised differently"):
        compare(once, twice)
    with pytest.raises(ValueError, match="about whole streams: leave out severity"):
        Gate.model_validate({"criteria": [{"metric": "seconds_seen", "margin": 0.1, "severity": "low"}]})
    with pytest.raises(DataError, match="robustness, faithfulness, fixes and tools go with whole cases"):
        evaluate_model(SeesDarkness(), streams, tmp_path, windows=WINDOWS, robustness=["rule-order"])


def test_the_command_measures_predictions_made_elsewhere(folder: Path, tmp_path: Path) -> None:
    rows = []
    for number, dark in enumerate(STREAMS):
        for end in range(4, 24, 4):
            broken = any(end - 4 <= second < end for second in dark)
            verdict = "reject" if broken else "approve"
            rows.append({"id": f"s{number}@{end}", "verdict": verdict, "violations": ["DARK-1"] * broken})
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    call = ["evaluate", "--predictions", str(tmp_path / "p.jsonl"), "--data", str(folder / "streams.jsonl")]
    call += ["--rulebook", str(folder / "rules.yaml"), "--out", str(tmp_path / "out"), "--agree", "1"]
    alone = CliRunner().invoke(app, call)
    assert isinstance(alone.exception, DataError) and "give --windows, too" in str(alone.exception)
    done = CliRunner().invoke(app, [*call, "--windows", "{seconds: 4, every: 4}"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, (done.output, done.exception)
    assert load_evaluation(tmp_path / "out").metrics["events_detected"].value == 1.0
    assert "events detected" in done.output and (tmp_path / "out" / "report.html").is_file()
