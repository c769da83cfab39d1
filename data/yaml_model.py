"""Typed YAML files: rulebooks, mappings, rubrics and recipes are all read the same way.

An unknown key, a wrong value or a key given twice is a `DataError` that names the file and the field.
"""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from data.errors import DataError, explain, suggest

Model = TypeVar("Model", bound=BaseModel)


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
    try:
        return cls.model_validate(content)
    except ValidationError as error:
        field, message = explain(error, cls)
        raise DataError(message, file=path, field=field) from error


def read_yaml(path: str | Path) -> Any:
    """The content of a YAML file.

    Raises:
        DataError: the file is missing, not UTF-8, not YAML, or gives a key twice.
    """
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=path) from error
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


def _put(content: dict[str, Any], key: str, value: Any, path: str | Path) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        inner = content.get(parent)
        inner = content[parent] = {} if inner is None else inner
        if not isinstance(inner, dict):
            raise DataError(f"'{parent}' has no keys inside that could be overridden", file=path, field=key)
        content = inner
    try:
        content[last] = yaml.load(value, Loader=_Loader) if isinstance(value, str) else value
    except yaml.YAMLError as error:
        raise DataError(f"the value {value!r} is not YAML", file=path, field=key) from error


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # ten times as fast, where it is there
    """YAML as usual, but a key that is given twice is an error: the first value would be lost silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # refused by YAML itself
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key}' is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)
