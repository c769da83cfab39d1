"""Every number that a command line takes is finite and in range, in all verbs."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from rl.cli import app


def _numbers(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every verb's options that take a number, with the words of the verb."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from _numbers(inner, (*path, name))
    for option in command.params:
        if option.type_descriptor.annotation in (int, float, list[float]):
            yield path, option


OPTIONS = [(path, option) for path, option in _numbers(typer.main.get_command(app))]


@pytest.mark.parametrize(
    ("verb", "option"), OPTIONS, ids=[" ".join((*path, option.opts[0])) for path, option in OPTIONS]
)
def test_a_number_is_finite_and_in_range(verb: tuple[str, ...], option: Any) -> None:
    name = option.opts[0]
    whole = option.type_descriptor.annotation is int
    wrong = ["0.5", "-1", "nan"] if whole else ["nan", "inf", "1e999"]
    for given in wrong:
        # The options of a verb are read before anything that is missing is complained of.
        found = CliRunner().invoke(app, [*verb, name, given], env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert found.exit_code == 2 and name in found.output, found.output


def test_all_are_looked_at() -> None:
    names = {option.opts[0] for _, option in OPTIONS}
    assert {"--at", "--prior", "--prevalence", "--temperature", "--teacher-noise", "--seed", "--resamples"} <= names
