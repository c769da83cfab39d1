"""The fixtures in somebody else's repository, and what is said where pytest or hypothesis is missing."""

import importlib
import sys

import pytest

from rewards.testing.hostile import HOSTILE

THEIRS = """
from rewards import calibration
from rewards.testing import assert_range

def test_mine(any_case, small_book):
    assert_range(calibration, any_case, book=small_book)

def test_hostile(hostile_text):
    assert hostile_text
"""


def test_the_fixtures_serve_another_repository(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # only ours is asked about
    pytester.makeconftest('pytest_plugins = ["rewards.testing"]')
    pytester.makepyfile(THEIRS)
    pytester.runpytest().assert_outcomes(passed=3 + len(HOSTILE))


@pytest.mark.parametrize(("module", "needs"), [("strategies", "hypothesis"), ("fixtures", "pytest")])
def test_what_is_missing_is_said(monkeypatch, module, needs):
    monkeypatch.setitem(sys.modules, needs, None)
    monkeypatch.delitem(sys.modules, f"rewards.testing.{module}", raising=False)
    with pytest.raises(ModuleNotFoundError, match=f"rewards.testing.* pip install {needs}"):
        importlib.import_module(f"rewards.testing.{module}")
