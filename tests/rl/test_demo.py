"""The demo's folder is for one demo. The loop itself is run by CI: it takes minutes."""

from pathlib import Path

import pytest

from data import DataError
from rl.demo import DemoConfig, _remember


def test_stages_of_different_demos_are_never_mixed(tmp_path: Path):
    _remember(tmp_path / "demo", DemoConfig(seed=1))
    _remember(tmp_path / "demo", DemoConfig(seed=1))
    with pytest.raises(DataError, match="seed 1 → 2"):
        _remember(tmp_path / "demo", DemoConfig(seed=2))
