"""Strict JSON: what would become something else when it is read is refused."""

import pytest

from data import DataError
from data.strict_json import MOST_NESTED, parse_json


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"a": 1e999}', "1e999 is too large a number"),
        (b'{"a": -1e999}', "-1e999 is too large a number"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": Infinity}', "Infinity is not JSON"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "an integer of 5,000 digits"),
        (b'{"a": 1, "a": 2}', "key 'a' is given twice"),
        (b'{"a": "\\ud800"}', "half of a surrogate pair"),
        (b"[" * (MOST_NESTED + 1) + b"]" * (MOST_NESTED + 1), "nested too deeply"),
        (b'{"a": ' * 900 + b"1" + b"}" * 900, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_json(raw)


def test_what_is_read() -> None:
    assert parse_json(b"\xef\xbb\xbf[1e308, -0.0, 12345678901234567890]") == [1e308, 0.0, 12345678901234567890]
    assert parse_json(b"[" * MOST_NESTED + b"]" * MOST_NESTED)
    assert parse_json(b"[" + b"[]," * 500 + b"[]]") == [[]] * 501  # many, but not deep
