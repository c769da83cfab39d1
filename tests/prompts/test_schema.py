"""The schema accepts what parses, and nothing of what does not."""

from typing import get_args

from data import Ruling, Verdict
from prompts import answer_schema


def test_schema_follows_the_ruling_type():
    schema = answer_schema()
    assert list(schema["properties"]) == [name for name in Ruling.model_fields if name != "reasoning"]
    assert schema["required"] == ["violations", "verdict", "confidence"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["verdict"]["enum"] == list(get_args(Verdict))
    assert schema["properties"]["confidence"]["maximum"] == 1.0
    assert {"Quote", "Interval", "Region", "Violation"} <= set(schema["$defs"])


def test_each_call_gives_a_schema_of_its_own():
    answer_schema()["properties"].clear()
    assert answer_schema()["properties"]
