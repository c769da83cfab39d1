"""Tool: something that a reviewer can do at the desk: a function with types and a docstring, which the model reads.

Example:
    >>> @tool(safe=True)
    ... def count_words(material: Material, field: str, least: int = 1) -> str:
    ...     '''Count the words of a text field.
    ...
    ...     Args:
    ...         field: the field's name.
    ...         least: letters that a word has.
    ...     '''
    ...     return str(sum(len(word) >= least for word in material.case.fields[field].split()))
    >>> count_words.name, count_words.signature
    ('count_words', 'count_words(field, least=1)')
    >>> count_words.schema["function"]["parameters"]["properties"]["field"]
    {'type': 'string', 'description': "the field's name."}
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

from pydantic import BaseModel, ConfigDict, PydanticUserError, ValidationError, create_model
from pydantic.errors import PydanticSchemaGenerationError

from data import DataError
from data.errors import explain
from rl.desk.material import Material
from rl.desk.shown import ToolError

_NAME = re.compile(r"\w{1,64}", re.ASCII)
"""What the APIs of servers take as a name."""
_ARGUMENT = re.compile(r"(\w+)(?: \([^)]*\))?: (.*)")


@dataclass(frozen=True)
class Tool:
    """A function as a tool.

    Args:
        function: its first parameter is the `Material` if it says so; the others are what the model gives. It returns
            a text, a picture (`PIL.Image.Image`), several of them, or `Shown`, which says what of the case they are.
        safe: whether it leaves everything as it was, so that episodes may be written side by side.
        own: whether it is somebody's own, and may hang.
    """

    function: Callable[..., Any]
    safe: bool = False
    own: bool = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself, for tests of it."""
        return self.function(*args, **kwargs)

    @property
    def name(self) -> str:
        return self.function.__name__

    @cached_property
    def schema(self) -> dict[str, Any]:
        """As the OpenAI API and chat templates have it: ``{"type": "function", "function": …}``.

        Raises:
            DataError: the function has no docstring, or a parameter without a type.
        """
        return {"type": "function", "function": {"name": self.name, "description": self.description,
                "parameters": self._parameters}}  # fmt: skip

    @property
    def description(self) -> str:
        """What its docstring says before its arguments, on one line."""
        return " ".join(self._documentation.partition("Args:")[0].split())

    @property
    def signature(self) -> str:
        """``zoom(image, box)``."""
        shown = []
        for name, field in self._model.model_fields.items():
            shown.append(name if field.is_required() else f"{name}={field.default!r}")
        return f"{self.name}({', '.join(shown)})"

    def ask(self, material: Material, arguments: Mapping[str, Any]) -> Any:
        """What the function gives.

        Raises:
            ToolError: the arguments are not those that it takes.
        """
        try:
            given = self._model.model_validate(dict(arguments))
        except ValidationError as error:
            field, message = explain(error, self._model)
            raise ToolError(f"{field + ': ' if field else ''}{message}; call it as {self.signature}") from error
        values = {name: getattr(given, name) for name in self._model.model_fields}
        return self.function(material, **values) if self._takes_material else self.function(**values)

    def check(self) -> None:
        """Makes sure that a model can be told of it.

        Raises:
            DataError: it is no function of Python's, has no docstring, or a parameter without a type.
        """
        if not inspect.isfunction(self.function) and not inspect.ismethod(self.function):
            what = getattr(self.function, "__name__", type(self.function).__name__)
            raise DataError(f"'{what}' is not a tool: write a function with types and a docstring")
        if inspect.iscoroutinefunction(self.function) or inspect.isgeneratorfunction(self.function):
            raise DataError(f"tool '{self.name}' is no plain function: return what it gives, without async or yield")
        if not _NAME.fullmatch(self.name):
            raise DataError(f"'{self.name}' is no name for a tool: want 1 to 64 of the letters a to z, digits and _")
        _ = self.schema

    @property
    def _documentation(self) -> str:
        text = inspect.getdoc(self.function)
        if not text:
            raise DataError(f"tool '{self.name}' has no docstring: it is what the model reads of it")
        return text

    @cached_property
    def _signature(self) -> inspect.Signature:
        try:
            return inspect.signature(self.function, eval_str=True)
        except NameError as error:
            raise DataError(f"tool '{self.name}' has a type that cannot be found: {error}") from error
        except (TypeError, SyntaxError, AttributeError) as error:  # of types that are written in quotes
            raise DataError(f"tool '{self.name}' has a type that cannot be read: {error}") from error

    @cached_property
    def _takes_material(self) -> bool:
        first = next(iter(self._signature.parameters.values()), None)
        return first is not None and first.annotation is Material

    @cached_property
    def _model(self) -> type[BaseModel]:
        """Its arguments."""
        fields: dict[str, Any] = {}
        for parameter in list(self._signature.parameters.values())[int(self._takes_material) :]:
            if parameter.annotation is parameter.empty or parameter.kind in _VARIADIC:
                raise DataError(
                    f"tool '{self.name}': parameter '{parameter.name}' has no type that a model could give"
                )
            if parameter.name.startswith("model_") and hasattr(BaseModel, parameter.name):
                raise DataError(f"tool '{self.name}': a parameter cannot be called '{parameter.name}': rename it")
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (parameter.annotation, default)
        try:
            return create_model(self.name, __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields)
        except (PydanticSchemaGenerationError, PydanticUserError, NameError) as error:
            raise DataError(f"tool '{self.name}' takes what no model can give: {error}") from error

    @property
    def _parameters(self) -> dict[str, Any]:
        try:
            schema = _untitled(self._model.model_json_schema())
        except PydanticUserError as error:
            raise DataError(f"tool '{self.name}' takes what no model can give: {error.message}") from error
        said = dict(_ARGUMENT.findall(self._documentation.partition("Args:")[2]))
        for name, about in schema.get("properties", {}).items():
            if name in said:
                about["description"] = said[name]
        types = {"$defs": schema["$defs"]} if "$defs" in schema else {}
        wanted = {"properties": schema.get("properties", {}), "required": schema.get("required", [])}
        return {"type": "object", **wanted, **types}


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)


def _untitled(schema: Any) -> Any:
    """A schema without pydantic's titles, which tell a model nothing."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _untitled(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)}


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...


@overload
def tool(*, safe: bool = False) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(function: Callable[..., Any] | None = None, /, *, safe: bool = False) -> Any:
    """Makes a function a tool.

    Args:
        safe: whether it leaves everything as it was: it writes nothing, asks nobody and remembers nothing. Tools that
            do not say so are refused where episodes are written side by side.
    """
    if function is not None:
        return Tool(function)
    return lambda given: Tool(given, safe=safe)
