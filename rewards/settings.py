"""Settings: the keyword parameters that a rubric may give a reward, checked against its signature."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from data import DataError
from data.errors import explain, suggest

_ANY_TYPE = ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False)


def check_settings(function: Callable[..., Any], settings: Mapping[str, Any], reward: str) -> dict[str, Any]:
    """The settings as the function wants them: known names, and values that fit the type hints.

    Args:
        function: a reward's function, or the class of a batch reward.
        reward: the reward's name, for messages.

    Raises:
        DataError: there is no such keyword parameter, one that has no default is missing, or a value does not fit.
    """
    # A function's positional parameters are the ruling, the case and the excerpt; a class has none of those.
    every = isinstance(function, type)
    known = {p.name: p for p in _signature(function).parameters.values() if every or p.kind is p.KEYWORD_ONLY}
    values = {}
    for name, value in settings.items():
        if name not in known:
            raise DataError(f"reward '{reward}' has no parameter '{name}'{suggest(name, known)}")
        values[name] = _fitted(value, known[name].annotation, f"reward '{reward}': {name}")
    missing = [name for name, p in known.items() if p.default is p.empty and name not in settings]
    if missing:
        raise DataError(f"reward '{reward}' needs a value for {', '.join(missing)}")
    return values


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except NameError:  # a type that is imported for type checkers only
        return inspect.signature(function)


def _fitted(value: Any, hint: Any, where: str) -> Any:
    if hint is inspect.Parameter.empty or isinstance(hint, str):
        return value
    config = None if hasattr(hint, "model_config") else _ANY_TYPE  # a pydantic model brings its own
    try:
        return TypeAdapter(hint, config=config).validate_python(value)
    except ValidationError as error:
        field, message = explain(error)
        raise DataError(f"{where}{'.' if field else ''}{field}: {message}") from error
