"""Now in `rewards.testing.hostile`."""

from rewards.testing.hostile import *  # noqa: F403
