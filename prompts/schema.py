"""The JSON schema of an answer, for constrained decoding."""

from typing import Any

from data import Ruling
from prompts.parse import REQUIRED


def answer_schema() -> dict[str, Any]:
    """The schema of what stands between ``<answer>`` and ``</answer>``: a Ruling without its reasoning."""
    schema = Ruling.model_json_schema()
    del schema["properties"]["reasoning"]
    schema["title"] = "Answer"
    schema["required"] = list(REQUIRED)
    return schema
