from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from data import DataError, Rule, Rulebook, find_yaml, load_yaml


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


class Free(BaseModel):
    """Fields that want text, or not, in every place where a number can stand."""

    version: str = ""
    names: tuple[str, ...] = ()
    labels: dict[str, str | Inner] = {}
    either: int | str = 0
    folder: Path = Path()
    points: dict[float, float] = {}
    anything: Any = None


def load_free(tmp_path: Path, content: str, overrides: dict[str, Any] | None = None) -> Free:
    path = tmp_path / "free.yaml"
    path.write_text(content, encoding="utf-8")
    return load_yaml(Free, path, overrides)


@pytest.mark.parametrize(
    "written", ["1", "1.0", "1.10", "007", "1_000", "-0.50", "0x1F", "12:30", ".inf", "1e3", "2024-01-05", "2024"]
)
def test_where_text_is_wanted_a_number_or_date_is_what_was_written(tmp_path: Path, written: str) -> None:
    assert load_free(tmp_path, f"version: {written}").version == written
    assert load_free(tmp_path, "either: 0", {"version": written, "names": f"[{written}]"}).names == (written,)
    assert load_free(tmp_path, f"names: [a, {written}, {written}]").names == ("a", written, written)
    labels = load_free(tmp_path, f"labels: {{first: a, {written}: {written}, last: {{dtype: {written}}}}}").labels
    assert list(labels.items()) == [("first", "a"), (written, written), ("last", Inner(dtype=written))]
    assert load_free(tmp_path, f"folder: {written}").folder == Path(written)


def test_where_no_text_is_wanted_a_number_stays_a_plain_number(tmp_path: Path) -> None:
    content = (
        "version: 1.10\neither: 5\npoints: {0: 1, 0.50: 2.0}\nanything: {0: 1.10, list: [1, 2.0], date: 2024-01-05}"
    )
    loaded = load_free(tmp_path, content)
    assert (loaded.version, loaded.either, loaded.points) == ("1.10", 5, {0.0: 1.0, 0.5: 2.0})
    assert loaded.anything == {0: 1.1, "list": [1, 2.0], "date": "2024-01-05"}
    numbers = [*loaded.anything, loaded.anything[0], *loaded.anything["list"]]
    assert [type(number) for number in numbers] == [int, str, str, float, int, float]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("version: true", "version: Input should be a valid string (got True): put it in quotes"),
        ("version: no", "version: Input should be a valid string (got False): put it in quotes"),
        ("version: [1, 2.50]", "version: Input should be a valid string (got [1, 2.5])"),
        ("version: {a: 1}", "version: Input should be a valid string (got {'a': 1})"),
        ("version:", "version: Input should be a valid string (got None)"),
        ("labels: {yes: a}", "Input should be a valid string (got True): put it in quotes"),
        ("labels: {1: a, '1': b}", "free.yaml:1: not YAML: key '1' is given twice"),
        ("points: {0.5: 1, 0.50: 2}", "free.yaml:1: not YAML: key '0.5' is given twice"),
    ],
)
def test_what_is_no_text_and_no_number_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        load_free(tmp_path, content)
    assert message in str(caught.value)


def test_aliases_stay_shared(tmp_path: Path) -> None:
    levels = [f"  x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 9)}]" for i in range(1, 40)]  # 9 ** 39 numbers, written out
    loaded = load_free(tmp_path, "\n".join(["version: 1.0", "anything:", "  x0: &x0 [1.5]", *levels]))
    assert loaded.version == "1.0" and loaded.anything["x39"][0] is loaded.anything["x39"][8]
    assert load_free(tmp_path, "anything: &all [1, *all]").anything[1][0] == 1


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


@pytest.mark.parametrize("version", ["1", "1.0", "1.10", "2024-01-05", "12:30", "1e3", "yes", "~", "a: b"])
def test_a_rulebook_is_read_back_as_it_was_dumped(tmp_path: Path, version: str) -> None:
    book = Rulebook(name="2024", version=version, rules=(Rule(id="1.10", text="7", exceptions=("0",)),))
    book.dump(tmp_path / "book.yaml")
    read = Rulebook.load(tmp_path / "book.yaml")
    assert read == book and read.fingerprint == book.fingerprint


def test_a_rulebook_of_numbers_is_one_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_text(
        "name: 2024\nversion: 1.10\nintents: [18]\nrules:\n- {id: 4.20, text: 5, exceptions: [0]}\n", "utf-8"
    )
    book = Rulebook.load(path)
    assert (book.name, book.version, book.intents, book.ids) == ("2024", "1.10", ("18",), ["4.20"])
    book.dump(path)
    assert Rulebook.load(path) == book


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("9" * 6000, "outer.yaml:2: not YAML: '9{80}' cannot be read as int"),
        ("0x" + "f" * 6000, "outer.yaml:2: not YAML: '0xf{78}' cannot be read as int"),
        ("!!int abc", "outer.yaml:2: not YAML: 'abc' cannot be read as int"),
        ("!!int ''", "outer.yaml:2: not YAML: '' cannot be read as int"),
        ("!!float abc", "outer.yaml:2: not YAML: 'abc' cannot be read as float"),
        ("!!bool abc", "outer.yaml:2: not YAML: 'abc' cannot be read as bool"),
        ("[" * 5000 + "]" * 5000, "outer.yaml: not YAML: nested too deeply"),
        ("[" * 450 + "]" * 450, "outer.yaml"),
    ],
    ids=["many digits", "many hexadecimal digits", "int", "empty int", "float", "bool", "deep", "less deep"],
)
def test_values_that_cannot_be_read_are_errors(tmp_path: Path, outer: Path, value: str, message: str) -> None:
    with pytest.raises(DataError, match=r"is not YAML|max_steps"):
        load_yaml(Outer, outer, {"max_steps": value})
    outer.write_text(f"model: {{}}\nmax_steps: {value}\n")
    with pytest.raises(DataError, match=message):
        load_yaml(Outer, outer)
