"""Now in `rewards.testing.small`."""

from rewards.testing.small import *  # noqa: F403
