"""Hypothesis strategies: texts that lean towards trouble, and rulings made of them."""

from hypothesis import strategies as st

from data import Interval, Quote, Region, Ruling, Violation
from tests.hostile import HOSTILE
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
UNIT = st.floats(0, 1)
WORDS = st.one_of(TEXTS, st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8")))
NAMES = WORDS.filter(bool)
BOXES = st.tuples(UNIT, UNIT, UNIT, UNIT).filter(lambda box: box[0] < box[2] and box[1] < box[3])
EVIDENCE = st.one_of(
    st.builds(Quote, quote=NAMES, field=NAMES),
    st.builds(Region, image=st.integers(0, 99), region=BOXES),
    st.builds(Region, frame=st.integers(0, 99), region=BOXES),
    st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)).map(lambda ends: Interval(interval=tuple(sorted(ends)))),
)
RULINGS = st.builds(
    Ruling,
    reasoning=WORDS,
    violations=st.lists(st.builds(Violation, rule=NAMES, evidence=st.lists(EVIDENCE, max_size=3)), max_size=3),
    verdict=st.sampled_from(["approve", "reject", "escalate"]),
    confidence=UNIT,
    intent=st.none() | WORDS,
    advice=WORDS,
)
