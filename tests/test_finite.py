"""Numbers that come from a file are finite: no class that is read from one takes NaN or an infinity."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from rl.config.decoding import Decoding

ROOT = Path(__file__).parent.parent
FILES = [
    path
    for package in ("data", "prompts", "rewards", "rl")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "BaseModel" in path.read_text("utf-8")
]


def _fields() -> Iterator[tuple[type[BaseModel], str]]:
    """Every field of every pydantic class that can hold a float."""
    for path in FILES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for found in vars(import_module(name)).values():
            if isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == name:
                hints = get_type_hints(found)
                yield from ((found, field) for field in found.model_fields if _has_float(hints[field]))


def _has_float(hint: Any) -> bool:
    return hint is float or any(map(_has_float, get_args(hint)))


FIELDS = sorted(set(_fields()), key=lambda pair: (pair[0].__qualname__, pair[1]))


@pytest.mark.parametrize(("model", "field"), FIELDS, ids=[f"{model.__name__}.{field}" for model, field in FIELDS])
def test_a_field_takes_no_number_that_is_not_finite(model: type[BaseModel], field: str) -> None:
    hint = get_type_hints(model)[field]
    for number in (float("nan"), float("inf"), "1e999"):
        content = {number if hint is float or float in get_args(hint) else "": number}
        for value in (number, [number], [number] * 2, [number] * 4, content, {"a": number}):
            with pytest.raises(ValidationError) as refused:
                model.model_validate({(model.model_fields[field].alias or field): value})
            assert field in str(refused.value)


def test_there_are_such_fields() -> None:
    assert {"Prices.miss", "Part.weight", "Case.weight"} <= {f"{model.__name__}.{field}" for model, field in FIELDS}


@pytest.mark.parametrize("name", ["temperature", "max_new_tokens", "samples", "seed", "batch_size"])
def test_how_a_model_is_asked_is_finite_and_in_range(name: str) -> None:
    for number in (float("nan"), float("inf"), -1, 10**30):
        with pytest.raises(ValueError, match=f"{name}: want a number"):
            Decoding(**{name: number})
        with pytest.raises(ValidationError):
            TypeAdapter(Decoding).validate_python({name: number})
