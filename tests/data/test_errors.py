from typing import Union

import pytest
from pydantic import BaseModel, ValidationError

from data import Case, DataError, Violation, suggest
from data.errors import explain


def test_error_names_the_place() -> None:
    error = DataError("wrong", file="a.jsonl", line=3, field="gold.verdict")
    assert str(error) == "a.jsonl:3: gold.verdict: wrong"
    assert str(DataError("wrong")) == "wrong"


def test_suggest_finds_the_nearest_name() -> None:
    assert suggest("learning_rat", ["learning_rate", "seed"]) == " (did you mean 'learning_rate'?)"
    assert suggest("cure-1", ["CURE-1", "SALE-1"]) == " (did you mean 'CURE-1'?)"
    assert suggest("xyz", ["learning_rate", "seed"]) == ""
    assert suggest("x", []) == ""


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"id": "a", "txet": {}}, "txet", "unknown key (did you mean 'text'?)"),
        ({"text": {}}, "id", "Field required"),
        ({"id": "a", "text": {"Title": 4}}, "text.Title", "Input should be a valid string (got 4)"),
        ({"id": "a", "rules": [3]}, "rules.0", "Input should be a valid string (got 3)"),
        ({"id": "a", "rules": [{"id": "A", "tekst": "x"}]}, "rules.0.tekst", "unknown key (did you mean 'text'?)"),
        ({"id": "a", "gold": {"violation": []}}, "gold.violation", "unknown key (did you mean 'violations'?)"),
    ],
)
def test_explain_names_field_and_mistake(row: dict, field: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Case.model_validate(row)
    assert explain(caught.value, Case) == (field, message)


@pytest.mark.parametrize(
    ("evidence", "field", "message"),
    [
        ({"quot": "x", "field": "title"}, ".quot", "unknown key (did you mean 'quote'?)"),
        ({"image": 0, "region": [0, 0, 0, 1]}, "", "no area"),
        ({"interval": [5, 3]}, "", "ends (3.0) before it starts (5.0)"),
    ],
)
def test_explain_picks_the_kind_of_evidence_that_was_meant(evidence: dict, field: str, message: str) -> None:
    row = {"id": "a", "gold": {"violations": [{"rule": "R", "evidence": [evidence]}]}}
    with pytest.raises(ValidationError) as caught:
        Case.model_validate(row)
    found_field, found_message = explain(caught.value, Case)
    assert found_field == "gold.violations.0.evidence.0" + field
    assert message in found_message


@pytest.mark.parametrize(
    ("item", "field", "message"),
    [
        (
            {"rule": "A-1", "evidence": [{"interval": [5, 2]}]},
            "items.0.evidence.0",
            "ends (2.0) before it starts (5.0)",
        ),
        (
            {"rule": "A-1", "evidence": [{"quot": "x", "field": "t"}]},
            "items.0.evidence.0.quot",
            "did you mean 'quote'?",
        ),
        ({"rule": "A-1", "evidense": []}, "items.0.evidense", "did you mean 'evidence'?"),
        (3, "items.0", "Input should be a valid string (got 3)"),
    ],
)
def test_explain_finds_what_was_meant_in_a_union_inside_another(item: object, field: str, message: str) -> None:
    class Cited(BaseModel):
        items: list[Union[str, Violation]]

    with pytest.raises(ValidationError) as caught:
        Cited.model_validate({"items": [item]})
    found_field, found_message = explain(caught.value, Cited)
    assert found_field == field and message in found_message
