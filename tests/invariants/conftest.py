"""The toy task and its tiny models, shared with the tests of `rl`."""

from tests.rl.conftest import tiny_llava, tiny_text, tiny_vl, toy

__all__ = ["tiny_llava", "tiny_text", "tiny_vl", "toy"]
