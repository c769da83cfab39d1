"""Whatever writes episodes is an engine: a model here, one behind a server, or one of your own."""

import json
from pathlib import Path

import pytest

from data import DataError
from rl.config.decoding import Decoding
from rl.evaluation import evaluate_model, load_evaluation
from rl.generation.endpoint import Endpoint
from rl.generation.engine import Engine
from rl.generation.episodes import engine_of
from rl.generation.local import LocalEngine
from rl.serving.review import review
from tests.rl.conftest import toy_briefs
from tests.rl.generation.parrot import Parrot

SAMPLED = Decoding(temperature=1.0, samples=2)


def test_a_model_here_and_one_behind_a_server_are_engines(tiny_text: Path) -> None:
    for engine in (LocalEngine(str(tiny_text)), Endpoint("http://127.0.0.1:9/v1", "org/m"), Parrot()):
        assert isinstance(engine, Engine)
        assert engine_of(engine) is engine
        identity = engine.identity(SAMPLED)
        assert json.loads(json.dumps(identity)) == identity and identity != engine.identity(Decoding())
        assert engine.provenance(Decoding(template="compact"))["template"]["name"] == "compact"


def test_a_path_or_a_name_stands_for_a_model_here(tiny_text: Path) -> None:
    for named in (tiny_text, str(tiny_text)):
        engine = engine_of(named)
        assert isinstance(engine, LocalEngine) and engine.name == tiny_text.name
    assert engine_of("org/model").name == "model" and not isinstance("org/model", Engine)
    assert not isinstance(tiny_text, Engine)


def test_an_engine_of_ones_own_is_evaluated_like_any_other(toy: Path, tmp_path: Path) -> None:
    parrot, briefs = Parrot(), toy_briefs(toy / "text.jsonl", 6)
    found = evaluate_model(parrot, briefs, tmp_path, decoding=SAMPLED, progress=False)
    assert found.name == "parrot" and found.metrics["parse_rate"].value == 1.0
    assert [p.key for p in found.predictions] == [(brief.id, sample) for brief in briefs for sample in (0, 1)]
    for prediction, brief in zip(found.predictions[1::2], briefs, strict=True):
        assert (prediction.verdict, prediction.cited) == ("reject", brief.excerpt.ids[:1])
        assert (prediction.tokens, prediction.verdict_logprob) == (9 + 51, -0.25), "what a tool said is not its own"
        assert prediction.risk == pytest.approx(0.6) and prediction.gold == brief.gold

    run = json.loads((tmp_path / "run.json").read_text())
    assert run["parrot"] == {"name": "parrot"} and run["cases"] == 6
    assert run["template"]["name"] == "compact", "the one that it says that it was trained with"
    assert run["rulebook"]["fingerprint"] == briefs.book.fingerprint
    assert load_evaluation(tmp_path).predictions == found.predictions

    header, *lines = map(json.loads, (tmp_path / "completions.jsonl").read_text().splitlines())
    assert header["settings"]["parrot"] == "parrot" and header["settings"]["decoding"]["samples"] == 2
    assert [(line["case"], line["sample"]) for line in lines] == parrot.asked and len(lines) == 12
    assert [turn["author"] for turn in lines[0]["turns"]] == ["policy", "tool", "policy"]


def test_an_engine_that_fails_is_asked_for_the_rest_alone(toy: Path, tmp_path: Path) -> None:
    briefs, tired, fresh = toy_briefs(toy / "text.jsonl", 6), Parrot(enough=5), Parrot()
    with pytest.raises(DataError, match="case 'toy-2': the parrot has had enough"):
        evaluate_model(tired, briefs, tmp_path / "a", decoding=SAMPLED, progress=False)
    found = evaluate_model(fresh, briefs, tmp_path / "a", decoding=SAMPLED, progress=False)
    assert tired.asked + fresh.asked == [(brief.id, sample) for brief in briefs for sample in (0, 1)]
    whole = evaluate_model(Parrot(), briefs, tmp_path / "b", decoding=SAMPLED, progress=False)
    assert found.predictions == whole.predictions
    assert (tmp_path / "a" / "completions.jsonl").read_bytes().count(b"\n") == 13
    with pytest.raises(DataError, match=r"holds the evaluation of 'parrot' .*, not of 'cockatoo'"):
        evaluate_model(Parrot("cockatoo"), briefs, tmp_path / "a", decoding=SAMPLED, progress=False)
    (tmp_path / "a" / "run.json").unlink()  # as if it had been interrupted: the log is the parrot's still
    with pytest.raises(DataError, match=r"other settings .parrot parrot → cockatoo"):
        evaluate_model(Parrot("cockatoo"), briefs, tmp_path / "a", decoding=SAMPLED, progress=False)


def test_an_engine_of_ones_own_reviews(toy: Path) -> None:
    briefs = toy_briefs(toy / "text.jsonl", 2)
    reviews = review(Parrot(), briefs)
    assert [found.case for found in reviews] == ["toy-0", "toy-1"]
    for found, brief in zip(reviews, briefs, strict=True):
        assert found.ruling is not None and found.completion.startswith("<think>")
        assert found.citations[0].rule == brief.excerpt.rules[0]
        assert found.provenance["parrot"] == {"name": "parrot"}
