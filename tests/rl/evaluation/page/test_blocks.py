"""Blocks: what is packed comes back, and nothing in it can be markup."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from rl.evaluation.page.blocks import pack, pack_parts, unpack

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()) | st.just("</script><!-- \ud800 \u2028"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None)
@given(JSON)
def test_what_is_packed_comes_back(content: object) -> None:
    block = pack("a", content)
    assert unpack(block) == content and block == pack("a", content)
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", block.text)


def test_parts_are_numbered_and_lose_nothing() -> None:
    blocks = pack_parts("cases", list(range(7)), 3)
    assert [(block.id, unpack(block)) for block in blocks] == [
        ("cases-0", [0, 1, 2]),
        ("cases-1", [3, 4, 5]),
        ("cases-2", [6]),
    ]
    assert pack_parts("cases", [], 3) == []
