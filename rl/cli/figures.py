"""What figures depend on beside predictions and gold, as it is given on the command line."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data import DataError
from data.errors import explain


def read_prices(given: str) -> Any:
    """Prices from ``miss=4,severity.critical=2``; what is not given is as usual.

    Raises:
        DataError: that is not what prices look like.
    """
    from rewards import Prices

    content: dict[str, Any] = {}
    for part in filter(None, given.split(",")):
        key, _, value = part.partition("=")
        section, _, name = key.strip().partition(".")
        if name:
            content.setdefault(section, {})[name] = value
        else:
            content[section] = value
    try:
        return Prices.model_validate(content)
    except ValidationError as error:
        field, message = explain(error, Prices)
        raise DataError(message, field=f"--prices {field}") from error


def chosen_on(folder: Path | None) -> Any:
    """The thresholds that an evaluation on a validation set gives; None without one.

    Raises:
        DataError: the folder holds no evaluation, or one that does not say which model it is of.
    """
    from rl.evaluation import choose_thresholds, load_evaluation

    if folder is None:
        return None
    valid = load_evaluation(folder)
    if valid.origin is None:
        said = "does not say which model it is of, as it was made by an earlier version"
        raise DataError(f"{said}: evaluate again into the same folder, which writes nothing anew", file=folder)
    return choose_thresholds(valid.predictions, valid.split, valid.origin)
