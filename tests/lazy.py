"""Modules that take seconds to import, imported when a test first uses them.

Tests that run models are slow ones, and to collect them must cost those nothing who leave them out.

Example:
    >>> torch = Lazy("torch")
    >>> torch.tensor(1) + 1
    tensor(2)
"""

import importlib
from typing import Any


class Lazy:
    """Stands for a module."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # pytest looks whether it is a fixture
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)
