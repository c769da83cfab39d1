"""What becomes of advice: by Billboard's judge, by a second review, and as figures with intervals."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
import pytest

from data import Brief, Briefs, Case, Gold, PictureEdit, Rule, Rulebook, Ruling, TextEdit
from data.billboard.catalogue import rulebook
from prompts import Episode, render, write
from rl.config.decoding import Decoding
from rl.evaluation import (
    Fixing,
    Prediction,
    evaluate_model,
    figures_of,
    load_predictions,
    metric_path,
    save_predictions,
)
from rl.evaluation.advised import Advised

BODY = "Now in Bo. cures every illness. Ask Nel."
CURE, NEUTRAL = (TextEdit(field="body", old=old) for old in ("cures every illness.", "Ask Nel."))
GUN = PictureEdit(image=0, element="gun")


def ad(id_: str, verdict: str, *edits: TextEdit | PictureEdit, shown: str = "cup", rules: Any = ("CURE-1",)) -> Brief:
    case = Case(
        id=id_,
        text={"title": "Bo tea", "body": BODY},
        images=["a.png"],
        rules=list(rules),
        meta={"picture": {"shown": shown, "badge": None}},
        gold={"verdict": verdict, "edits": edits},
    )
    return Brief.of(case, rulebook())


_CITED = [{"rule": "CURE-1", "evidence": [{"quote": "cures every illness", "field": "body"}]}]
_QUOTING = Case(id="q", text={"body": BODY}, gold=Gold.model_validate({"verdict": "reject", "violations": _CITED}))
QUOTED = Brief.of(_QUOTING, Rulebook(name="own", rules=[Rule(id="CURE-1", text="No cures.")]))
"""An ad that no judge knows."""
MENDABLE, FINE = ad("m", "reject", CURE), ad("f", "approve", rules=["SALE-1"])
PICTURE = ad("p", "reject", GUN, shown="gun", rules=["GUN-1"])
"""Gold says what has to change; below, it says only where the gun is."""
_PLACED = [{"rule": "GUN-1", "evidence": [{"image": 0, "region": [0, 0, 1, 1]}]}]
_PLACED_GOLD = Gold.model_validate({"verdict": "reject", "violations": _PLACED})
SHOWN = Brief.of(PICTURE.case.model_copy(update={"gold": _PLACED_GOLD}), rulebook())


def advised(brief: Brief, *edits: TextEdit | PictureEdit) -> Advised | None:
    return Advised.of(Ruling(verdict="reject", confidence=1, edits=list(edits)), brief)


@pytest.mark.parametrize(
    ("brief", "edits", "found"),
    [
        (MENDABLE, [CURE], Advised(edits=1, needless=0, fixed=True)),
        (MENDABLE, [], Advised(fixed=False)),
        (QUOTED, [TextEdit(field="body", old="illness", new="ilness")], Advised(edits=1, fixed=False)),
        (QUOTED, [TextEdit(field="body", old="cures every illness", new="is good")], Advised(edits=1)),
        (MENDABLE, [GUN], Advised(edits=1, needless=1, fixed=False)),
        (MENDABLE, [CURE, NEUTRAL], Advised(edits=2, needless=1, fixed=True)),
        (MENDABLE, [TextEdit(field="body", old=BODY)], Advised(edits=1, needless=1, fixed=False)),
        (MENDABLE, [TextEdit(field="body", old="gone")], Advised(edits=1, needless=1, fixed=False)),
        (FINE, [], Advised()),
        (FINE, [CURE], Advised(edits=1, needless=1)),
        (PICTURE, [], Advised(refused=False)),
        (PICTURE, [CURE], Advised(edits=1, needless=1, refused=False)),
        (PICTURE, [GUN], Advised(edits=1, refused=True)),
        (SHOWN, [GUN], Advised(edits=1, needless=1, refused=True)),
        (SHOWN, [PictureEdit(image=9, element="gun")], Advised(edits=1, needless=1, refused=False)),
    ],
)
def test_what_becomes_of_edits(brief: Brief, edits: list[Any], found: Advised) -> None:
    assert advised(brief, *edits) == found


def test_no_ruling_mends_nothing_and_refuses_nothing() -> None:
    assert [Advised.of(None, brief) for brief in (MENDABLE, FINE, PICTURE)] == [
        Advised(fixed=False),
        Advised(),
        Advised(refused=False),
    ]


def rows() -> list[Prediction]:
    said = [(MENDABLE, [CURE]), (MENDABLE, []), (MENDABLE, [CURE, NEUTRAL]), (FINE, [CURE]), (PICTURE, [GUN])]
    return [
        Prediction.of(Ruling(verdict="reject", confidence=1, edits=edits), brief).model_copy(
            update={"case": f"{n}", "cluster": f"{n}"}
        )
        for n, (brief, edits) in enumerate(said)
    ]


def test_figures_have_intervals_and_apply_where_gold_has_edits() -> None:
    found = figures_of(rows(), ["fixed_at_first_try", "needless_change", "refused_to_fix"])
    assert {name: round(figure.value, 3) for name, figure in found.items()} == {
        "fixed_at_first_try": 0.667,
        "needless_change": 0.4,
        "refused_to_fix": 1.0,
    }
    fixed = found["fixed_at_first_try"]
    assert fixed.low < fixed.value < fixed.high and fixed.support == 3
    plain = [row.model_copy(update={"advised": None}) for row in rows()]
    assert not figures_of(plain, ["fixed_at_first_try", "needless_change", "refused_to_fix"])


def test_each_figure_can_be_had_alone() -> None:
    load = lambda name: evaluate.load(metric_path(name))  # noqa: E731
    assert load("fixed_at_first_try").compute(predictions=[True, False])["fixed_at_first_try"] == 0.5
    assert load("refused_to_fix").compute(predictions=[True])["refused_to_fix"] == 1.0
    assert load("needless_change").compute(predictions=[1, 0], edits=[3, 1])["needless_change"] == 0.25
    assert np.isnan(load("needless_change").compute(predictions=[0], edits=[0])["needless_change"])


def test_it_is_kept_with_the_predictions(tmp_path: Path) -> None:
    save_predictions(rows(), tmp_path / "p.parquet")
    assert load_predictions(tmp_path / "p.parquet") == rows()


class Reviewer:
    """Rejects what says ``cures`` and advises to take that out; approves the rest, but ``tea`` where it is strict."""

    template = None

    def __init__(self, strict: bool = False):
        self.name, self.strict = "strict" if strict else "reviewer", strict

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        return {"model": self.name}

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        return {}

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Any]) -> Iterator[list[Episode]]:
        for brief in briefs:
            text = render(brief.case, brief.excerpt)[1].parts[-1].text
            bad = "cures" in text or (self.strict and "tea" in text)
            edits = [TextEdit(field="body", old="It cures.")] if "cures" in text else []
            ruling = Ruling(verdict="reject" if bad else "approve", confidence=0.9, edits=edits)
            yield [Episode.plain(brief.id, write(ruling), sample) for _, sample in missing if _ == brief.id]


BOOK = Rulebook(name="b", rules=[Rule(id="CURE-1", text="No cures."), Rule(id="GUN-1", text="No guns.")])


def real_briefs() -> Briefs:
    quote = {"rule": "CURE-1", "evidence": [{"quote": "It cures.", "field": "body"}]}
    bad = {"verdict": "reject", "violations": [quote]}
    cases = [
        Case(id="a", text={"body": "Our tea. It cures."}, gold=bad),
        Case(id="b", text={"body": "A fund."}, gold={"verdict": "approve", "violations": []}),
        Case(id="c", text={"body": "Old soup. It cures."}, gold=bad),
    ]
    return Briefs.bind(cases, BOOK)


@pytest.mark.parametrize(("by", "rate"), [(None, 1.0), (Reviewer(strict=True), 0.5)])
def test_edited_ads_are_reviewed_again(tmp_path: Path, by: Any, rate: float) -> None:
    asked = {"fixing": Fixing(by), "robustness": ["rule-ids"], "progress": False}
    found = evaluate_model(Reviewer(), real_briefs(), tmp_path, **asked)
    assert found.variants and not any(row.advised for row in found.variants)
    assert figures_of(found.predictions, ["fixed_at_first_try"])["fixed_at_first_try"].value == rate
    assert found.provenance["fixed_by"] == ("strict" if by else "reviewer") and (tmp_path / "fixed.jsonl").exists()
    again = evaluate_model(Reviewer(), real_briefs(), tmp_path, **asked)
    assert again.predictions == found.predictions


def test_nothing_is_reviewed_again_unless_that_is_asked_for(tmp_path: Path) -> None:
    found = evaluate_model(Reviewer(), real_briefs(), tmp_path, progress=False)
    assert all(row.advised is None for row in found.predictions) and not (tmp_path / "fixed.jsonl").exists()
