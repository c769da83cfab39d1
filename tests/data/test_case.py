from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from data import Case


def test_a_case_under_another_root_is_another_case(tmp_path: Path):
    case = Case(id="1", images=["a.png"])
    moved = case.with_root(tmp_path)
    assert moved.path("a.png") == tmp_path / "a.png" and moved == case.with_root(tmp_path)
    assert case.path("a.png") == Path("a.png"), "the one it comes from stays where it is"


@pytest.mark.parametrize(("name", "given"), [("transcript", [{"text": "Hello.", "start": 0, "end": 1}]),
                                             ("page", {"sections": [{"text": "Hello."}]})])  # fmt: skip
def test_a_text_field_may_not_hide_what_a_case_has_by_that_name(name: str, given: Any) -> None:
    with pytest.raises(ValidationError, match=f"a text field may not be called {name}"):
        Case.model_validate({"id": "1", "text": {name: "Buy."}, name: given})
    assert Case.model_validate({"id": "1", "text": {name: "Buy."}}).fields[name] == "Buy."
