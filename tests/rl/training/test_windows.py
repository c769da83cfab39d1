"""Streams in training: cases are cut into windows, and what a window is told of is gold's or the model's own."""

import json
import random
from pathlib import Path

import pytest

from data import Case, DataError, Gold, GoldViolation, Interval, Line, Ruling, Violation, save_cases
from prompts import reason, write
from prompts.excerpts import Excerpts
from rl.config.policy import GRPORecipe, PPORecipe
from rl.config.retriever import RetrieverRecipe
from rl.config.train import SFTRecipe
from rl.curation.own_memory import with_own_memory
from rl.runs.past_run import cases_of
from rl.training.preflight import preflight
from rl.training.registry import stage_of, train
from tests.rl.conftest import CLAIMS, PLAIN, toy_book


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``streams.jsonl``: a line every two seconds, of which some break a rule."""
    folder, draw, cases = tmp_path_factory.mktemp("streams"), random.Random(0), []
    for number in range(8):
        lines, violations = [], []
        for start in range(0, 12, 2):
            claim = draw.choice([*CLAIMS, None, None, None])
            lines.append(Line(start=start, end=start + 2, text=draw.choice(CLAIMS[claim][1] if claim else PLAIN)))
            if claim:
                evidence = [Interval(interval=(start, start + 2))]
                violations.append(GoldViolation(rule=claim, evidence=evidence))
        gold = Gold(verdict="reject" if violations else "approve", violations=violations)
        cases.append(Case(id=f"s{number}", transcript=lines, gold=gold))
    save_cases(cases, folder / "streams.jsonl")
    toy_book().dump(folder / "rules.yaml")
    return folder


def recipe(kind, streams: Path, model: Path, output: Path, memory: str = "gold", excerpt="named", **more):
    windows = {"seconds": 4, "every": 4, "memory": memory}
    data = {"train": str(streams / "streams.jsonl"), "rulebook": str(streams / "rules.yaml"), "template": "compact",
            "windows": windows, "excerpt": excerpt}  # fmt: skip
    trainer = {"max_steps": 1, "per_device_train_batch_size": 4, "save_strategy": "no", "report_to": "none", **more}
    own = {} if kind is SFTRecipe else {"rubric": "live"}
    return kind(name="streams", output=output, model={"path": str(model)}, data=data, trainer=trainer, **own)


POLICY = {"num_generations": 4, "max_completion_length": 8}


def test_every_window_is_a_case_to_train_on(streams: Path, tiny_text: Path, tmp_path: Path) -> None:
    start = stage_of(recipe(SFTRecipe, streams, tiny_text, tmp_path)).prepare()
    assert [brief.id for brief in start.briefs][:4] == ["s0@4", "s0@8", "s0@12", "s1@4"] and len(start.briefs) == 24
    assert any(brief.case.window.earlier for brief in start.briefs)
    assert {brief.gold.verdict for brief in start.briefs} == {"approve", "reject"}


def test_windows_are_shown_what_is_retrieved_for_the_whole_stream(
    streams: Path, tiny_text: Path, tmp_path: Path
) -> None:
    retrieved = {"retrieve": "bm25", "k": 1}

    def briefs_of(kind, excerpt, **more):
        return stage_of(recipe(kind, streams, tiny_text, tmp_path, excerpt=excerpt, **more)).prepare().briefs

    policy = POLICY | {"scale_rewards": "none"}
    briefs, named = briefs_of(GRPORecipe, retrieved, **policy), briefs_of(GRPORecipe, "named", **policy)
    assert briefs.retrieval is not None and all(len(brief.excerpt) == 1 for brief in briefs)
    shown = {(brief.case.window.stream, *brief.excerpt.ids) for brief in briefs}
    assert len(shown) == 8 and [brief.id for brief in briefs] == [brief.id for brief in named]
    assert [brief.gold.verdict for brief in briefs] == [brief.gold.verdict for brief in named]
    lost = [brief.id for brief in briefs if brief.lost]
    taught = [brief.id for brief in briefs_of(SFTRecipe, retrieved)]
    assert lost and taught == [brief.id for brief in briefs if brief.id not in lost]
    facts = {"recipe": {"data": {"train": [str(streams / "streams.jsonl")], "rulebook": str(streams / "rules.yaml"),
             "windows": {"seconds": 4, "every": 4}, "excerpt": retrieved}}}  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(facts))
    assert [(b.case, b.excerpt) for b in cases_of(tmp_path)] == [(b.case, b.excerpt) for b in briefs]


def test_a_retriever_takes_whole_cases(streams: Path, tmp_path: Path) -> None:
    data = {"train": str(streams / "streams.jsonl"), "rulebook": str(streams / "rules.yaml"), "windows": {}}
    with pytest.raises(DataError, match=r"data\.windows: rules are retrieved for whole cases: leave it out"):
        RetrieverRecipe.load("billboard/retriever", {f"data.{key}": value for key, value in data.items()})


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "more"), [
    (SFTRecipe, {}), (GRPORecipe, POLICY | {"scale_rewards": "none"}), (PPORecipe, POLICY)
])  # fmt: skip
def test_streams_are_trained_on(kind, more, streams: Path, tiny_text: Path, tmp_path: Path) -> None:
    assert (train(recipe(kind, streams, tiny_text, tmp_path / "run", **more)) / "model.safetensors").is_file()
    if kind is not SFTRecipe:
        briefs = cases_of(tmp_path / "run")
        assert briefs[1].id == "s0@8" and briefs[1].case.window is not None


def test_a_dry_run_counts_windows(streams: Path, tiny_text: Path, tmp_path: Path) -> None:
    config = tmp_path / "recipe.yaml"
    made = recipe(SFTRecipe, streams, tiny_text, tmp_path / "run")
    config.write_text(json.dumps(made.model_dump(mode="json", exclude_defaults=True)))
    found = preflight("sft", str(config), {"trainer.max_steps": "-1", "trainer.num_train_epochs": "1"})
    facts = {finding.what: finding.found for finding in found.findings}
    assert facts["windows"] == "24 of the cases to train on"


class Finds:
    """An engine that finds PRIZE-1 broken in the first window of every stream."""

    name, template = "finds", "compact"

    def identity(self, decoding):
        return {}

    provenance = identity

    def write(self, briefs, decoding, missing):
        from prompts import Episode

        for brief in briefs:
            cited = [Violation(rule="PRIZE-1", evidence=[Interval(interval=(1, 2))])] * brief.id.endswith("@4")
            ruling = Ruling(reasoning=reason(cited, brief.excerpt), violations=cited, confidence=0.9,
                            verdict="reject" if cited else "approve")  # fmt: skip
            yield [Episode.plain(brief.id, write(ruling))]


def test_the_models_own_findings_are_what_it_is_told(
    streams: Path, tiny_text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = recipe(GRPORecipe, streams, tiny_text, tmp_path, "policy", scale_rewards="none", **POLICY)
    windows = stage_of(own)._bound(own.data.train, Excerpts(toy_book()))
    monkeypatch.setattr("rl.curation.own_memory.engine_of", lambda model: Finds())
    found = with_own_memory(own, str(tiny_text), windows)
    told = [[(e.rule, e.start, e.end) for e in brief.case.window.earlier] for brief in found][:3]
    assert told == [[], [("PRIZE-1", -3, -2)], [("PRIZE-1", -7, -6)]]
    assert [brief.gold for brief in found] == [brief.gold for brief in windows]
    monkeypatch.setattr("rl.curation.own_memory.engine_of", lambda model: pytest.fail("it is kept"))
    assert [b.case for b in with_own_memory(own, str(tiny_text), windows)] == [b.case for b in found]
    with pytest.raises(DataError, match="found by another model"):
        with_own_memory(own, "another", windows)


def test_what_writes_nothing_has_no_memory_of_its_own(streams: Path, tiny_text: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing is found by a model that writes nothing"):
        recipe(SFTRecipe, streams, tiny_text, tmp_path, "policy")
