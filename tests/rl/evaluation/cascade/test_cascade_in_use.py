"""A cascade as it is used: only what the cheap pass does not approve is put to the model that reasons."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from data import Briefs, DataError, Gold, Ruling
from prompts import Episode, target, write
from rl.cli import app
from rl.config.decoding import Decoding
from rl.evaluation import Evaluation, evaluate_file, evaluate_model, load_evaluation, write_report
from rl.evaluation.cascade import Applied, Cascade, Point
from rl.evaluation.cascade.evaluate import cheap_pass, evaluate_cascade, screened, without_reasoning
from rl.generation.engine import Key
from rl.generation.local import LocalEngine
from tests.rl.conftest import toy_briefs

CURVE = (
    Point(approve_below=None, reviewed=1.0, missed=0.1, tokens=51.0),
    Point(approve_below=0.2, reviewed=0.4, missed=0.2, tokens=21.0),
)


class Reviewer:
    """An engine that writes gold, and notes what it was asked."""

    name, template = "reviewer", "compact"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        return {"model": "reviewer", "decoding": {}}

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        return {}

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        for case, sample in missing:
            self.asked.append(case)
            brief = briefs[case]
            yield [Episode.plain(case, write(target(brief.case, brief.excerpt)), sample)]


def cascade(**more: Any) -> Cascade:
    fixed = {"approve_below": 0.2, "miss_rate": 0.3, "confidence": 0.9, "violating": 9, "clusters": 9, "missed": 0.2}
    return Cascade(**{**fixed, "reviewed": 0.4, "source": "valid", "points": CURVE, **more})


def cheap(briefs: Briefs, folder: Path) -> Path:
    """Predictions of which every other is sure that nothing is wrong."""
    rows = [
        {"id": brief.id, "verdict": "reject" if place % 2 else "approve", "risk": 0.9 if place % 2 else 0.1}
        for place, brief in enumerate(briefs)
    ]
    file = folder / "cheap.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.fixture
def briefs(toy: Path) -> Briefs:
    return toy_briefs(toy / "text.jsonl", 20)


def test_only_what_is_doubtful_is_reviewed(briefs: Briefs, tmp_path: Path) -> None:
    engine = Reviewer()
    passed = cheap_pass(str(cheap(briefs, tmp_path)), cascade(), engine, briefs, tmp_path / "out")
    found = evaluate_cascade(cascade(), passed, engine, briefs, tmp_path / "out", progress=False)
    assert sorted(engine.asked) == sorted(brief.id for brief in briefs[1::2])
    for place, (brief, prediction) in enumerate(zip(briefs, found.predictions, strict=True)):
        assert prediction.reviewed is bool(place % 2) is bool(prediction.completion)
        assert brief.gold is not None
        assert prediction.verdict == (brief.gold.verdict if place % 2 else "approve")
    done = Applied.read(load_evaluation(tmp_path / "out").provenance)
    assert done is not None and (done.reviewed, done.approved_alone, done.curve_of) == (10, 10, "valid")
    assert "10 of 20 cases were reviewed with reasoning" in str(done)
    # The same again asks nothing; what was reviewed is kept as an evaluation of its own.
    again = evaluate_cascade(cascade(), passed, engine, briefs, tmp_path / "out", progress=False)
    assert len(engine.asked) == 10 and again.predictions == found.predictions
    assert len(load_evaluation(tmp_path / "out" / "reviewed").predictions) == 10


def test_the_page_shows_the_curve(briefs: Briefs, tmp_path: Path) -> None:
    passed = evaluate_file(cheap(briefs, tmp_path), briefs, tmp_path / "cheap")
    found = evaluate_cascade(cascade(), passed, Reviewer(), briefs, tmp_path / "out", progress=False)
    page = write_report(tmp_path / "report.html", [found], {"test": briefs}).read_text()
    assert "Cascade: misses" in page and "Cascade: cost" in page
    assert "50.0 % reviewed, at most 30 % missed; curve of valid" in page
    unknown = cascade(points=[point.model_copy(update={"tokens": None}) for point in CURVE])
    found = evaluate_cascade(unknown, passed, Reviewer(), briefs, tmp_path / "other", progress=False)
    page = write_report(tmp_path / "report.html", [found], {"test": briefs}).read_text()
    assert "Cascade: misses" in page and "Cascade: cost" not in page


def test_where_all_is_approved_nothing_is_asked(briefs: Briefs, tmp_path: Path) -> None:
    passed, engine = evaluate_file(cheap(briefs, tmp_path), briefs, tmp_path / "cheap"), Reviewer()
    found = evaluate_cascade(cascade(approve_below=1.0), passed, engine, briefs, tmp_path / "out", progress=False)
    assert not engine.asked and {prediction.verdict for prediction in found.predictions} == {"approve"}
    assert found.name == "cheap → reviewer"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cases": ["toy-3"]}, "has 1 of these cases: toy-3"),
        ({"cheap": {"name": "x", "model": {"model": "other"}, "rulebook": "r"}}, "another model in the cheap pass"),
        ({"full": {"name": "x", "model": {"model": "other"}, "rulebook": "r"}}, "another model in the reasoning pass"),
    ],
)
def test_a_cascade_is_for_its_models_and_for_other_cases(
    change: dict[str, Any], said: str, briefs: Briefs, tmp_path: Path
) -> None:
    passed, engine = evaluate_file(cheap(briefs, tmp_path), briefs, tmp_path / "cheap"), Reviewer()
    with pytest.raises(DataError, match=said):
        evaluate_cascade(cascade(**change), passed, engine, briefs, tmp_path / "out", progress=False)
    assert not engine.asked and not (tmp_path / "out").exists()


def test_the_cheap_pass_has_seen_every_case_once(briefs: Briefs, tmp_path: Path) -> None:
    few = evaluate_file(cheap(briefs[:5], tmp_path), briefs[:5], tmp_path / "cheap")
    with pytest.raises(DataError, match="has not seen 15 of these cases: toy-5"):
        evaluate_cascade(cascade(), few, Reviewer(), briefs, tmp_path / "out", progress=False)
    samples = [p.model_copy(update={"sample": sample}) for p in few.predictions for sample in (0, 1)]
    twice = Evaluation("cheap", "test", samples, few.provenance)
    with pytest.raises(DataError, match="several samples"):
        evaluate_cascade(cascade(), twice, Reviewer(), briefs[:5], tmp_path / "out", progress=False)
    sampled = Decoding(samples=2, temperature=1.0)
    with pytest.raises(DataError, match="take one sample"):
        evaluate_cascade(cascade(), few, Reviewer(), briefs[:5], tmp_path, decoding=sampled, progress=False)


def test_a_cheap_pass_over_other_cases_of_the_same_ids_is_refused(briefs: Briefs, tmp_path: Path) -> None:
    """A risk under other rules says nothing of these; one under the same is measured by the gold of today."""
    passed, engine = evaluate_file(cheap(briefs, tmp_path), briefs, tmp_path / "cheap"), Reviewer()
    first = briefs[0].case
    other = Briefs.bind([first.model_copy(update={"rules": ["CURE-1"]}), *briefs.cases[1:]], briefs.book)
    with pytest.raises(DataError, match="judged 1 of these cases by other rules: toy-0"):
        evaluate_cascade(cascade(), passed, engine, other, tmp_path / "out", progress=False)
    with pytest.raises(DataError, match="by other rules"):
        screened(str(tmp_path / "cheap"), cascade(), engine, other[:1])
    rewritten = first.model_copy(update={"text": {**first.text, "title": "It cures everything"}})
    with pytest.raises(DataError, match="read other texts of 1 of these cases: toy-0"):
        screened(str(tmp_path / "cheap"), cascade(), engine, Briefs.bind([rewritten], briefs.book))
    assert not engine.asked and not (tmp_path / "out").exists()
    mended = first.model_copy(update={"gold": Gold(verdict="escalate"), "group": "g"})
    today = Briefs.bind([mended, *briefs.cases[1:]], briefs.book)
    found = evaluate_cascade(cascade(), passed, engine, today, tmp_path / "out", progress=False).predictions[0]
    assert found.reviewed is False and found.gold == mended.gold and found.cluster == "g"


def test_a_review_takes_its_case_from_a_file_of_many_predictions(briefs: Briefs, tmp_path: Path) -> None:
    file = str(cheap(briefs, tmp_path))
    (found,) = screened(file, cascade(), Reviewer(), briefs[1:2])
    assert (found.case, found.risk) == ("toy-1", 0.9)
    rows = [row for row in Path(file).read_text().splitlines(keepends=True) if 'toy-1"' not in row]
    Path(file).write_text("".join(rows))
    with pytest.raises(DataError, match="have no prediction: toy-1"):
        screened(file, cascade(), Reviewer(), briefs[1:2])


def test_a_model_answers_at_once(briefs: Briefs, tiny_text: Path, tmp_path: Path) -> None:
    engine, decoding = LocalEngine(str(tiny_text)), Decoding(template="compact", max_new_tokens=8)
    asked = without_reasoning(engine)
    found = evaluate_model(asked, briefs[:4], tmp_path / "cheap", decoding=decoding, progress=False)
    assert all((p.completion or "").startswith("<think></think>") for p in found.predictions)
    assert asked.identity(decoding) != engine.identity(decoding), "its risks mean something else"
    with pytest.raises(DataError, match="name another cheap pass with --cheap"):
        without_reasoning(Reviewer())
    with pytest.raises(DataError, match="has 1 of these cases: toy-3"):  # before the model is asked about any
        cheap_pass(None, cascade(cases=["toy-3"]), engine, briefs, tmp_path / "none", decoding=decoding)
    assert not (tmp_path / "none").exists()


def test_from_the_command_line(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    """One case, approved by the cheap pass alone or handed to the model; then both as a set."""

    def ruling(*words: Any) -> Any:
        return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})

    briefs = toy_briefs(toy / "text.jsonl", 2)
    evaluate_file(cheap(briefs, tmp_path), briefs, tmp_path / "cheap")
    cascade().save(tmp_path / "c.json")
    common = ["--rulebook", toy / "rules.yaml", "--cascade", tmp_path / "c.json", "--cheap", tmp_path / "cheap"]
    common += ["--max-new-tokens", 4, "--template", "compact"]
    alone, handed = (ruling("review", tiny_text, f"{toy}/text.jsonl#{b.id}", *common, "--json") for b in briefs)
    assert alone.exit_code == 0, alone.exception
    review = json.loads(alone.stdout)
    assert review["ruling"]["verdict"] == "approve" and "by the cheap pass alone" in review["unreviewed"]
    assert Ruling.model_validate(review["ruling"]).risk == pytest.approx(0.1)
    assert handed.exit_code == 1 and json.loads(handed.stdout)["unreviewed"] is None, "an untrained model wrote it"

    lines = (toy / "text.jsonl").read_text().splitlines(keepends=True)[:2]
    (tmp_path / "two.jsonl").write_text("".join(lines))
    asked = ["evaluate", tiny_text, "--data", tmp_path / "two.jsonl", *common]
    whole = ruling(*asked, "--out", tmp_path / "out")
    assert whole.exit_code == 0, whole.exception
    assert "1 of 2 cases were reviewed with reasoning" in whole.output
    assert (tmp_path / "out" / "report.html").is_file()
    for option, said in (("--without-reasoning", "give one of them"), ("--faithfulness", "does not go with it")):
        refused = ruling(*asked, "--out", tmp_path / "other", option)
        assert isinstance(refused.exception, DataError) and said in str(refused.exception)
    bare = ruling("evaluate", tiny_text, "--data", "x", "--rulebook", "toy", "--cheap", "z", "--out", tmp_path)
    assert isinstance(bare.exception, DataError) and "give --cascade, too" in str(bare.exception)
