"""Fixtures that every package's tests share."""

import gc
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models gain nothing by more, and processes fight over the cores

import pytest

pytest_plugins = ["rewards.testing", "pytester"]

ROOT = Path(__file__).parent.parent


def pytest_collection_finish() -> None:
    """What has been imported by now stays: the collector need not look through it again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real review data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("RULING_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}: set RULING_REAL_DATA")
    return folder
