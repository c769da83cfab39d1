"""Every shipped recipe, with every Accelerate configuration, on one, two and eight devices: ready, or refused with a
reason.
"""

from pathlib import Path
from typing import Any

import pytest

from data import DataError
from data.billboard.build import build_billboard
from rl.config.recipe import shipped_recipes
from rl.terminal.preflight import Preflight
from rl.training.launch.settings import CONFIGS
from rl.training.preflight import preflight
from rl.training.registry import KINDS

RECIPES = [(kind, name) for kind in KINDS for name in shipped_recipes(kind)]
LAUNCHES = [None, *sorted(path.stem for path in CONFIGS.glob("*.yaml"))]
DEVICES = (1, 2, 8)
