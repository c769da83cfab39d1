"""The worked examples in docstrings say what the code does."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import prompts
import rewards

MODULES = [
    module.name
    for package in (prompts, rewards)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if ">>>" in Path(module.module_finder.find_spec(module.name).origin).read_text()  # the others may load torch
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    # By import path, because packages re-export functions under the names of their modules.
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


def test_the_rule_based_rewards_have_examples():
    finder = doctest.DocTestFinder()
    for name in ("calibration", "evidence", "gates", "intent", "penalties", "rules", "utility"):
        module = importlib.import_module(f"rewards.pure.{name}")
        assert any(test.examples for test in finder.find(module)), name
