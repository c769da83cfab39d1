"""The fixtures in somebody else's repository, and what is said where pytest or hypothesis is missing."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
THEIRS = """
from rewards import calibration
from rewards.testing import assert_range

def test_mine(any_case, small_book):
    assert_range(calibration, any_case, book=small_book)

def test_hostile(hostile_text):
    assert hostile_text
"""


def test_the_fixtures_serve_another_repository(tmp_path):
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["rewards.testing"]\n')
    (tmp_path / "test_theirs.py").write_text(THEIRS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # only ours is asked about
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" not in done.stdout and "passed" in done.stdout


@pytest.mark.parametrize(("module", "needs"), [("strategies", "hypothesis"), ("fixtures", "pytest")])
def test_what_is_missing_is_said(monkeypatch, module, needs):
    monkeypatch.setitem(sys.modules, needs, None)
    monkeypatch.delitem(sys.modules, f"rewards.testing.{module}", raising=False)
    with pytest.raises(ModuleNotFoundError, match=f"rewards.testing.* pip install {needs}"):
        importlib.import_module(f"rewards.testing.{module}")


def test_the_assertions_need_neither():
    code = "import sys, rewards.testing; print({'pytest', 'hypothesis', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
