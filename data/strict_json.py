"""Strict JSON: what is ambiguous, or would become something else when it is read, is refused."""

import json
from math import isfinite
from typing import Any

from data.errors import DataError

MOST_NESTED = 64
"""How deep lists and mappings may stand in each other. What is deeper is read by some libraries and not by others, and
can be written again by none."""
_TOO_DEEP = f"nested too deeply: want at most {MOST_NESTED} levels"
MOST_DIGITS = 300
"""Of an integer: all of them fit into a float."""


def parse_json(raw: bytes) -> Any:
    """JSON, strictly: UTF-8, no key twice, no NaN, no number that is none once read, no half of a surrogate pair.

    Raises:
        DataError: it is not; says where in the line.
    """
    try:
        text = raw.decode("utf-8-sig")
        content = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_finite
        )
        if "\\u" in text:
            json.dumps(content, ensure_ascii=False).encode()
        if text.count("[") + text.count("{") > MOST_NESTED:
            _check_depth(content)
        return content
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 text (byte {error.start + 1} of the line): save the file as UTF-8") from error
    except UnicodeEncodeError as error:
        raise DataError("has half of a surrogate pair, which is no character") from error
    except json.JSONDecodeError as error:
        cut = ": the line is cut off" if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg else ""
        raise DataError(f"not JSON: {error.msg.removesuffix(' at')} at column {error.pos + 1}{cut}") from error
    except RecursionError as error:
        raise DataError(_TOO_DEEP) from error


def _check_depth(content: Any) -> None:
    level = [content] if isinstance(content, dict | list) else []
    for _ in range(MOST_NESTED):
        insides = (v.values() if isinstance(v, dict) else v for v in level)
        level = [inner for inside in insides for inner in inside if isinstance(inner, dict | list)]
    if level:
        raise DataError(_TOO_DEEP)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DataError(f"key '{twice}' is given twice")
    return content


def _no_constant(name: str) -> None:
    raise DataError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if (count := len(digits.lstrip("-"))) > MOST_DIGITS:
        raise DataError(f"an integer of {count:,} digits: put it in quotes if text is meant")
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise DataError(f"{text[:20]} is too large a number")
    return number
