"""Hypothesis strategies: texts that lean towards special tokens, and rulings made of them."""

from hypothesis import strategies as st

from rewards.testing.hostile import HOSTILE
from rewards.testing.strategies import rulings, texts
from tests.prompts.families import FAMILIES

FRAGMENTS = sorted({token for family in FAMILIES for token in family.tokens})
PIECES = ["<", "|", ">", "＜", "｜", "[", "]", "/", "◁", "im_end", "think", "INST", " ", "\n", "pad", ": ", "␛", "‹"]
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(FRAGMENTS),
        st.sampled_from(PIECES),
        st.sampled_from(HOSTILE),
        st.text(st.characters(codec="utf-8"), max_size=6),
    ),
    max_size=8,
).map("".join)
RULINGS = rulings(text=TEXTS | texts())
