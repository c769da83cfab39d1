"""Typed YAML files: rulebooks, mappings, rubrics and recipes are all read the same way.

An unknown key, a wrong value or a key given twice is a `DataError` that names the file and the field.

Where a class wants text, a number or a date is the text that was written: ``version: 1.10`` is "1.10", never 1.1.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from data.errors import DataError, explain, suggest
from data.files import at_file
from data.strict_json import MOST_NESTED

Model = TypeVar("Model", bound=BaseModel)
_LARGEST = 2**1024
"""From here on an integer fits into no float; far beyond, Python does not even write it."""
_WANT_TEXT = ("string_type", "path_type")
"""Pydantic's complaints about what is no text."""


def load_yaml(cls: type[Model], path: str | Path, overrides: Mapping[str, Any] | None = None) -> Model:
    """Reads a YAML file into a pydantic class.

    Args:
        overrides: dotted keys and the values to put in their place. Strings are read as YAML, as they come from a
            command line: ``{"model.dtype": "bfloat16", "max_steps": "100"}``.

    Raises:
        DataError: the file is missing, not UTF-8, not YAML, or does not fit the class.
    """
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise DataError(f"want keys and values, not {type(content).__name__}", file=path)
    for key, value in (overrides or {}).items():
        _put(content, key, value, path)
    while True:
        try:
            model = cls.model_validate(_plain(content))
            _check_numbers(content, model, path)
            return model
        except ValidationError as error:
            # Only the class knows what is to be text, a member of a union for one: so it is asked.
            places = [complaint["loc"] for complaint in error.errors() if complaint["type"] in _WANT_TEXT]
            if not any([_take_as_text(content, place) for place in places]):
                field, message = explain(error, cls)
                raise DataError(message, file=path, field=field) from error


def read_yaml(path: str | Path) -> Any:
    """The content of a YAML file. Numbers know the text that they were read from.

    Raises:
        DataError: the file is missing, not UTF-8, not YAML, or gives a key twice.
    """
    try:
        with at_file(path, "read"):
            text = Path(path).read_text(encoding="utf-8")
        return _load(text)
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 text (byte {error.start})", file=path) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise DataError(f"not YAML: {error.problem}", file=path, line=line) from error
    except yaml.YAMLError as error:
        raise DataError(f"not YAML: {error}", file=path) from error


def find_yaml(source: str | Path, folder: Path, kind: str) -> Path:
    """The path of a YAML file that is given by path, or by name where it is shipped in ``folder``.

    Args:
        kind: what it is called in the message ("rulebook").

    Raises:
        DataError: there is no such file and no such name.
    """
    path = Path(source)
    if path.is_file():
        return path
    names = sorted(shipped.stem for shipped in folder.glob("*.yaml"))
    if str(source) in names:
        return folder / f"{source}.yaml"
    message = f"no such {kind}{suggest(str(source), names)}: give a YAML file or a shipped name ({', '.join(names)})"
    raise DataError(message, file=source)


def _check_numbers(content: Any, read: Any, path: str | Path, place: str = "", seen: set[int] | None = None) -> None:
    """Refuses a truth value where a number was wanted: pydantic takes YAML's yes and no for 1 and 0.

    Args:
        content: as it stands in the file.
        read: what became of it.
        seen: what aliases share and has been looked at.
    """
    seen = set() if seen is None else seen
    if isinstance(content, bool) and type(read) in (int, float):
        raise DataError(f"want a number, not {str(content).lower()}", file=path, field=place)
    if id(content) in seen:
        return
    pairs: Iterable[tuple[Any, Any, Any]] = ()
    if isinstance(content, dict):
        seen.add(id(content))
        inside = _inside(read)
        pairs = ((key, value, inside[key]) for key, value in content.items() if key in inside)
    elif isinstance(content, list) and isinstance(read, list | tuple):
        seen.add(id(content))
        pairs = zip(range(len(content)), content, read, strict=False)
    for key, value, became in pairs:
        _check_numbers(value, became, path, f"{place}.{key}" if place else str(key), seen)


def _inside(read: Any) -> Mapping[Any, Any]:
    """What became of a mapping's values, by the keys in the file."""
    if isinstance(read, BaseModel):
        return {field.alias or name: getattr(read, name) for name, field in type(read).model_fields.items()}
    if is_dataclass(read):
        return vars(read)
    return read if isinstance(read, dict) else {}


def _load(text: str) -> Any:
    """Raises `yaml.YAMLError`, and nothing else, on what cannot be read."""
    depth = 0
    # Looked at event by event first: the loader calls itself for each level, in C, where nothing ends it but a crash.
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_NESTED:
            raise yaml.YAMLError("nested too deeply")
    return yaml.load(text, Loader=_Loader)


def _put(content: dict[str, Any], key: str, value: Any, path: str | Path) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        inner = content.get(parent)
        inner = content[parent] = {} if inner is None else inner
        if not isinstance(inner, dict):
            raise DataError(f"'{parent}' has no keys inside that could be overridden", file=path, field=key)
        content = inner
    try:
        content[last] = _load(value) if isinstance(value, str) else value
    except yaml.YAMLError as error:
        raise DataError(f"the value {value!r} is not YAML", file=path, field=key) from error


class _Written:
    """A number, with the text that it was read from."""

    text: str


class _Int(_Written, int):
    pass


class _Float(_Written, float):
    pass


def _plain(content: Any, made: dict[int, Any] | None = None) -> Any:
    """The content with plain numbers; what aliases share stays shared, so that a small file cannot grow large."""
    made = {} if made is None else made
    if id(content) in made:
        return made[id(content)]
    if isinstance(content, dict):
        keys = made[id(content)] = {}
        keys.update((_plain(key), _plain(value, made)) for key, value in content.items())
        return keys
    if isinstance(content, list):
        values = made[id(content)] = []
        values.extend(_plain(value, made) for value in content)
        return values
    return int(content) if isinstance(content, _Int) else float(content) if isinstance(content, _Float) else content


def _take_as_text(content: Any, place: Sequence[int | str]) -> bool:
    """Puts a number's text in the place of the number.

    Args:
        content: is changed.
        place: keys and indices as pydantic gives them, ``[key]`` last where it is the last key that should be text.

    Returns:
        Whether there was a number.
    """
    outer: Any = None
    key: Any = None
    for part in place:
        keys = content if isinstance(content, dict) else range(len(content)) if isinstance(content, list) else ()
        for known in keys:
            if part in (known, repr(known)):  # a key that is no integer goes by its representation
                outer, key, content = content, known, content[known]
                break  # no key: the name of a union's member
    is_key = place[-1] == "[key]"
    number = key if is_key else content
    if not isinstance(number, _Written):
        return False
    if is_key:
        items = [(number.text if known is key else known, value) for known, value in outer.items()]
        outer.clear()
        outer.update(items)
    else:
        outer[key] = number.text
    return True


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # ten times as fast, where it is there
    """YAML as usual, but a key that is given twice is an error: the first value would be lost silently. Numbers know
    how they were written; dates, which no class of ours wants, are text.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError) as error:  # a tag such as !!int on what is none, or too many digits
            tag = node.tag.rpartition(":")[2]
            problem = f"{str(node.value)[:80]!r} cannot be read as {tag}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # refused by YAML itself
            names = {key, key.text} if isinstance(key, _Written) else {key}
            if names & seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key}' is given twice", key_node.start_mark)
            seen |= names
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> _Int | _Float:
        is_int = node.tag == "tag:yaml.org,2002:int"
        number = _Int(self.construct_yaml_int(node)) if is_int else _Float(self.construct_yaml_float(node))
        if is_int and abs(number) >= _LARGEST:
            raise ValueError("too large")
        number.text = node.value
        return number


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_number)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_str)
