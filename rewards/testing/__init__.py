"""For the tests of rewards, here and in your own repository: assertions, a small world, strategies and fixtures.

from rewards.testing import assert_ranks, assert_range      # plain assertions, in any test runner
from rewards.testing.small import BOOK, rejecting, rule_on  # a small rulebook, cases, short ways to write rulings
from rewards.testing.strategies import cases, rulings       # for property tests; needs hypothesis
pytest_plugins = ["rewards.testing"]                        # in conftest.py: the fixtures; needs pytest
"""

from rewards.testing.assertions import (
    assert_applies_by_case,
    assert_deterministic,
    assert_order_invariant,
    assert_range,
    assert_ranks,
)
from rewards.testing.probes import probes

pytest_plugins = ["rewards.testing.fixtures"]
"""Read by pytest when this module is made a plugin."""

__all__ = [
    "assert_applies_by_case",
    "assert_deterministic",
    "assert_order_invariant",
    "assert_range",
    "assert_ranks",
    "probes",
]
