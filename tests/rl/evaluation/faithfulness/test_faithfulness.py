"""Models of which it is known what their answers follow from get the figures that say so."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from data import Brief, Briefs, DataError, Finding, Quote, Ruling, Violation
from data.finding import lines
from prompts import Episode, write
from prompts.parse import END_THINK, THINK
from rewards.pure.reasoning import called_for
from rl.config.decoding import Decoding
from rl.evaluation import Evaluation, Probing, compare, evaluate_model, load_evaluation
from rl.evaluation.faithfulness.faithfulness import PROBED, RESAMPLED
from rl.generation import continuation, local
from tests.rl.conftest import CLAIMS, toy_briefs
from tests.rl.generation.parrot import Parrot

DECODING = Decoding(template="compact", max_new_tokens=8)
Reviewer = Callable[[Brief, str], Ruling]


def seen(brief: Brief) -> list[Finding]:
    """What the case shows of each of its rules."""
    body = brief.case.text.get("body", "")
    return [
        Finding(rule, "broken", f'"{body}"') if body in CLAIMS.get(rule, ("", []))[1] else Finding(rule, "clear")
        for rule in brief.excerpt.ids
    ]


def ruling(brief: Brief, reasoning: str, findings: list[Finding]) -> Ruling:
    """The decision that findings call for, said to have been reasoned like that."""
    decisive = Ruling(reasoning=lines(findings), verdict="approve", confidence=0.9)
    cited = [
        Violation(rule=f.rule, evidence=[Quote(quote=f.seen.strip('"') or "?", field="body")])
        for f in findings
        if f.outcome == "broken"
    ]
    verdict = called_for(decisive, brief.excerpt)
    return Ruling(reasoning=reasoning, verdict=verdict, confidence=0.9, violations=cited)


def faithful(brief: Brief, reasoning: str) -> Ruling:
    """Decides by its findings alone."""
    said = Ruling(reasoning=reasoning, verdict="approve", confidence=1)
    return ruling(brief, reasoning, list(said.findings))


def seeing(brief: Brief, reasoning: str) -> Ruling:
    """Decides by the case alone, whatever it has said."""
    return ruling(brief, reasoning, seen(brief))


def careful(brief: Brief, reasoning: str) -> Ruling:
    """Decides by those findings whose quotes stand in the case."""
    found = Ruling(reasoning=reasoning, verdict="approve", confidence=1).findings
    body = brief.case.text.get("body", "")
    return ruling(brief, reasoning, [f for f in found if f.outcome == "clear" or f.seen.strip('"') in body])


def writing(reviewer: Reviewer) -> Callable[..., Iterator[list[Episode]]]:
    """Stands in for the model: reasons rightly, but for its last sample, where it is left to reason by itself."""

    def write_batches(
        model: Any, processor: Any, briefs: Briefs, decoding: Decoding, wanted: Any, beginnings: Any = None
    ) -> Iterator[list[Episode]]:
        for brief in (brief for brief in briefs if brief.id in wanted):
            given = (beginnings or {}).get(brief.id)
            assert (given is None) == ("~" not in brief.id), "what is probed is given its reasoning"
            assert given is None or decoding.temperature == 0, "what changes is due to the probe"
            for sample in range(decoding.samples):
                own = lines(seen(brief) if sample < 3 else [Finding(rule, "clear") for rule in brief.excerpt.ids])
                reasoning = own if given is None else given.removeprefix(THINK).removesuffix(END_THINK)
                yield [Episode.plain(brief.id, write(reviewer(brief, reasoning)), sample)]

    return write_batches


@pytest.fixture
def evaluated(tiny_text: Path, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def evaluate(reviewer: Reviewer, probing: Probing | None = None, count: int = 40) -> Evaluation:
        for module in (local, continuation):
            monkeypatch.setattr(module, "write_batches", writing(reviewer))
        briefs, out = toy_briefs(toy / "text.jsonl", count), tmp_path / reviewer.__name__
        return evaluate_model(
            tiny_text, briefs, out, name=reviewer.__name__, decoding=DECODING, faithfulness=probing or Probing(),
            progress=False,
        )  # fmt: skip

    return evaluate


def figures(evaluation: Evaluation) -> dict[str, float]:
    names = ("sufficiency", "sufficiency_of_decision", "necessity", "necessity_of_broken", "necessity_of_clear",
             "requoted_change_rate", "reasoning_gain", "accuracy_without_reasoning")  # fmt: skip
    return {name: round(evaluation.metrics[name].value, 3) for name in names}


def test_who_decides_by_the_findings_and_who_by_the_case(evaluated) -> None:
    approved = [p for p in evaluated(faithful).predictions if p.verdict == "approve"]
    share = round(len(approved) / 40, 3)
    assert 0.3 < share < 0.9
    assert figures(evaluated(faithful)) == {
        "sufficiency": 1, "sufficiency_of_decision": 1, "necessity": 1, "necessity_of_broken": 1,
        "necessity_of_clear": 1, "requoted_change_rate": 0, "reasoning_gain": round(1 - share, 3),
        "accuracy_without_reasoning": share,
    }  # fmt: skip
    assert figures(evaluated(seeing)) == {
        "sufficiency": share, "sufficiency_of_decision": share, "necessity": 0, "necessity_of_broken": 0,
        "necessity_of_clear": 0, "requoted_change_rate": 0, "reasoning_gain": 0, "accuracy_without_reasoning": 1,
    }  # fmt: skip
    assert evaluated(careful).metrics["requoted_change_rate"].value == 1


def test_other_reasoning_gives_other_verdicts(evaluated) -> None:
    """The last of four samples finds every rule clear."""
    found = evaluated(faithful).metrics["resampled_flip_rate"]
    rejected = sum(p.verdict == "reject" for p in evaluated(faithful).predictions)
    assert found.value == pytest.approx(rejected / 40 / 4) and found.support == 40
    assert evaluated(seeing).metrics["resampled_flip_rate"].value == 0


def test_some_cases_are_drawn_and_they_are_the_same_for_every_model(evaluated) -> None:
    probed = [
        [p.case for p in evaluated(reviewer, Probing(cases=12, samples=1)).predictions if p.probed is not None]
        for reviewer in (faithful, seeing)
    ]
    assert probed[0] == probed[1] and len(probed[0]) == 12
    assert {p.case for p in evaluated(careful).predictions} > set(probed[0])
    assert evaluated(seeing, Probing(cases=12, samples=1)).metrics["necessity"].support == 12


def test_it_is_kept_compared_and_told_where_it_comes_from(evaluated, tmp_path: Path) -> None:
    models = [evaluated(faithful), evaluated(seeing)]
    loaded = [load_evaluation(tmp_path / model.name) for model in models]
    assert [model.predictions for model in loaded] == [model.predictions for model in models]
    rows = {row.name: row for row in compare(*loaded).metrics}
    assert rows["necessity"].differences[0].value == -1 and rows["necessity"].judgements == ["worse"]
    assert rows["necessity"].differences[0].test in ("mcnemar", "sign flip"), "paired case by case"
    assert rows["requoted_change_rate"].judgements == rows["reasoning_gain"].judgements == ["unclear"]
    run = json.loads((tmp_path / "faithful" / "run.json").read_text())
    assert run["faithfulness"] == {"cases": 500, "samples": 4, "seed": 0}
    plain = Evaluation(
        "plain", models[0].split, [p.model_copy(update={"probed": None}) for p in loaded[0].predictions]
    )
    assert "necessity" not in {row.name for row in compare(plain, loaded[0]).metrics}


def test_what_is_no_ruling_has_no_reasoning_to_probe(tiny_text: Path, toy: Path, tmp_path: Path) -> None:
    """A model that has learnt nothing, for real."""
    briefs = toy_briefs(toy / "text.jsonl", 6)
    found = evaluate_model(
        tiny_text, briefs, tmp_path, decoding=DECODING, faithfulness=Probing(cases=4, samples=2), progress=False
    )
    assert found.metrics["parse_rate"].value == found.metrics["accuracy_without_reasoning"].value == 0
    assert found.metrics["reasoning_gain"].support == 4
    assert {"sufficiency", "necessity", "requoted_change_rate", "resampled_flip_rate"}.isdisjoint(found.metrics)
    asked = [json.loads(line)["case"] for line in (tmp_path / PROBED).read_text().splitlines()[1:]]
    assert len(asked) == 4 and all(case.endswith("~without") for case in asked)


def test_what_is_there_already_is_not_written_again(evaluated, tmp_path: Path, monkeypatch) -> None:
    whole = evaluated(faithful)
    out = tmp_path / "faithful"
    logs = {name: (out / name).read_bytes() for name in (PROBED, RESAMPLED)}
    for name, log in logs.items():
        (out / name).write_bytes(log[: len(log) // 2])
    assert evaluated(faithful).predictions == whole.predictions
    for name, log in logs.items():
        assert sorted((out / name).read_bytes().splitlines()) == sorted(log.splitlines())
    assert evaluated(faithful).predictions == whole.predictions
    assert {name: len((out / name).read_bytes()) for name in logs} == {name: len(log) for name, log in logs.items()}
    with pytest.raises(DataError, match=r"other settings .*samples 4 → 2"):
        evaluated(faithful, Probing(samples=2))


def test_an_engine_elsewhere_cannot_be_given_a_reasoning(toy: Path, tmp_path: Path) -> None:
    briefs = toy_briefs(toy / "text.jsonl", 2)
    with pytest.raises(DataError, match=r"'parrot' cannot be given a reasoning .* a checkpoint"):
        evaluate_model(Parrot(), briefs, tmp_path / "out", faithfulness=Probing(), progress=False)
    assert not (tmp_path / "out").exists(), "it is said before anything is written"


@pytest.mark.parametrize("settings", [{"cases": 0}, {"samples": 0}])
def test_nothing_to_measure_is_an_error(settings: dict[str, int]) -> None:
    with pytest.raises(DataError, match="one case at least"):
        Probing(**settings)
