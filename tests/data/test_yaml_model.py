from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from data import DataError, Rulebook, find_yaml, load_yaml


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dtype: str = "float32"


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: Inner = Inner()
    max_steps: int = 1
    learning_rate: float = 1e-4


@pytest.fixture
def outer(tmp_path: Path) -> Path:
    path = tmp_path / "outer.yaml"
    path.write_text("model:\n  dtype: bfloat16\nmax_steps: 5\n", encoding="utf-8")
    return path


def test_overrides_replace_dotted_keys_and_read_strings_as_yaml(outer: Path) -> None:
    loaded = load_yaml(Outer, outer, {"model.dtype": "float16", "max_steps": "7", "learning_rate": "1e-5"})
    assert (loaded.model.dtype, loaded.max_steps, loaded.learning_rate) == ("float16", 7, 1e-5)


def test_an_override_may_open_a_section_that_the_file_lacks(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("model:\n", encoding="utf-8")
    assert load_yaml(Outer, path, {"model.dtype": "float16"}).model.dtype == "float16"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"max_step": "7"}, "max_step: unknown key (did you mean 'max_steps'?)"),
        ({"model.dtyp": "x"}, "model.dtyp: unknown key (did you mean 'dtype'?)"),
        ({"max_steps.x": "7"}, "max_steps.x: 'max_steps' has no keys inside"),
        ({"max_steps": "[1"}, "max_steps: the value '[1' is not YAML"),
        ({"max_steps": "many"}, "max_steps: Input should be a valid integer"),
    ],
)
def test_a_wrong_override_names_the_key(outer: Path, overrides: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=r"outer\.yaml") as caught:
        load_yaml(Outer, outer, overrides)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"max_steps: 1\nmax_steps: 2\n", "bad.yaml:2: not YAML: key 'max_steps' is given twice"),
        (b"max_steps: [1\n", "not YAML"),
        (b"- 1\n", "want keys and values, not list"),
        (b"max_steps: \xff\n", "not UTF-8 text (byte 11)"),
        (b"", "want keys and values, not NoneType"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_yaml(Outer, path)
    assert message in str(caught.value)


def test_find_yaml_takes_paths_and_shipped_names(outer: Path) -> None:
    assert find_yaml(outer, outer.parent, "recipe") == outer
    assert find_yaml("outer", outer.parent, "recipe") == outer
    with pytest.raises(DataError, match=r"no such recipe \(did you mean 'outer'\?\)"):
        find_yaml("uter", outer.parent, "recipe")


def test_rulebook_with_a_duplicate_id(tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_text("name: b\nrules:\n- {id: A-1, text: x}\n- {id: A-1, text: y}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"book\.yaml: duplicate rule id 'A-1'"):
        Rulebook.load(path)


def test_rulebook_with_a_misspelt_key(tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_text("name: b\nrules:\n- {id: A-1, text: x, severty: low}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"rules\.0\.severty: unknown key \(did you mean 'severity'\?\)"):
        Rulebook.load(path)
