"""What is said to and of a server on the command line."""

from collections.abc import Iterator
from math import isfinite, nan
from typing import Any

from data import DataError
from data.strict_json import parse_json


def served_lines(served: dict[str, Any] | None, rates: tuple[float, float] | None) -> Iterator[str]:
    """What is to be said of a server's part, line by line.

    Args:
        served: of the evaluation's provenance, see `rl.generation.episodes.served_facts`.
        rates: prices of a million tokens, read and written.
    """
    if served is None:
        return
    for name, count in served["left_out"].items():
        yield f"asked without {name}, which the server does not take: {count:,} completions"
    read, written = served["tokens"]["read"], served["tokens"]["written"]
    if read is None or written is None:
        return
    line = f"tokens: {read:,} read, {written:,} written"
    if rates is not None:
        line += f"; cost {(read * rates[0] + written * rates[1]) / 1e6:,.2f}"
    yield line


def read_token_prices(given: str) -> tuple[float, float] | None:
    """Prices of a million tokens read and written, from ``2.5,10``; None where none are given.

    Raises:
        DataError: those are not two prices.
    """
    if not given:
        return None
    try:
        read, written = (float(part) for part in given.split(","))
    except ValueError:
        read = written = nan
    if not (isfinite(read) and isfinite(written) and read >= 0 and written >= 0):
        raise DataError(
            f"'{given}' are not the prices of a million tokens read and written: 2.5,10", field="--token-prices"
        )
    return read, written


def read_object(given: str, option: str) -> dict[str, Any]:
    """A JSON object; empty where nothing is given.

    Raises:
        DataError: it is none; names the option.
    """
    try:
        found = parse_json((given or "{}").encode("utf-8", "surrogatepass"))
    except DataError as error:
        raise DataError(error.message, field=option) from error
    if not isinstance(found, dict):
        raise DataError('want a JSON object, such as {"top_k": 5}', field=option)
    return found
