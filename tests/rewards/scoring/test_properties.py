"""What holds of any completion under any shipped rubric, however hostile: it cannot unscore itself, and gates look at
nothing but the ruling, the case and its excerpt. Nor does the total, but for the rewards that ask what was looked at.
"""

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from data import Brief
from prompts import Episode, Look, Turn, write
from rewards import Item, Rubric
from rewards.scoring.rubric import SHIPPED
from rewards.scoring.scorer import score_items
from rewards.testing.small import BOOK, CASES, ideal, make_case
from rewards.testing.strategies import cases, completions, rulings, texts

RUBRICS = [Rubric.load(path.stem) for path in sorted(SHIPPED.glob("*.yaml"))]
SMALL = [make() for make in CASES.values()]
OF_THE_EPISODE = {"looked", "economy", "tool_bonus"}
"""Rewards that ask what was looked at, which the ruling does not say."""
LOOKS = (
    Look(tool="zoom", regions=[{"image": 0, "region": [0, 0, 1, 1]}]),
    Look(tool="search_rules", rules=("CURE-1", "WIN-1")),
    Look(tool="", error="no such tool"),
)
every_rubric = pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.name)


@st.composite
def answers(draw, case):
    """Completions and rulings on a case: its gold as it should be said too, where that can be said."""
    said = completions(BOOK, case) | rulings(BOOK, case)
    return draw(said | st.sampled_from([ideal(case), write(ideal(case))]) if case in SMALL else said)


def gates_of(rubric, card):
    return {name: card[name].value for name in rubric.gates}


def of_the_ruling(rubric, card):
    """The total without what is paid for how the ruling came about."""
    return card.total - sum(card[name].contribution for name in OF_THE_EPISODE.intersection(rubric.craft))


@every_rubric
@settings(deadline=None, max_examples=40)
@given(st.data())
def test_no_completion_unscores_itself_and_a_closed_gate_is_the_floor(rubric, data):
    case = data.draw(st.sampled_from([*SMALL, make_case()]) | cases(BOOK))
    card = rubric.score(data.draw(answers(case)), case, BOOK)
    event(f"closed: {card.closed}")
    assert card.total is not None and card.unscored == ()
    if card.closed is not None:
        assert card.total == rubric.plan.for_brief(Brief(case, BOOK)).floor
    if card.parsed:
        shut = [name for name, value in gates_of(rubric, card).items() if value < 1]
        assert card.closed == next(iter(shut), None)
    else:
        assert card.closed == "format"


@every_rubric
@settings(deadline=None, max_examples=40)
@given(st.data())
def test_gates_depend_on_the_ruling_the_case_and_the_excerpt_alone(rubric, data):
    case = data.draw(st.sampled_from(SMALL) | cases(BOOK))
    ruling = data.draw(rulings(BOOK, case) | (st.just(ideal(case)) if case in SMALL else st.nothing()))
    brief = Brief(case, BOOK)
    alone = rubric.score(ruling, case, BOOK)
    event(f"closed: {alone.closed}")
    looks = tuple(data.draw(st.lists(st.sampled_from(LOOKS), max_size=4)))
    spoken = (
        Turn(data.draw(texts()), data.draw(st.sampled_from(["policy", "tool"])), looks=looks),
        Turn("never mind"),
    )
    written = Item(ruling, brief, data.draw(texts()))
    looked = Item(ruling.model_copy(deep=True), brief, Episode(case.id, spoken, sample=3))
    others = [Item.of(answer, Brief(one, BOOK)) for one in SMALL for answer in ("", ideal(one))]
    batch = [*others, written, looked] if data.draw(st.booleans()) else [looked, *others, written]
    cards = score_items(rubric.plan, batch)
    for item, card in zip(batch, cards, strict=True):
        if item is written or item is looked:
            assert gates_of(rubric, card) == gates_of(rubric, alone) and card.closed == alone.closed
            assert of_the_ruling(rubric, card) == pytest.approx(of_the_ruling(rubric, alone))
            if not OF_THE_EPISODE.intersection(rubric.craft):
                assert card.total == alone.total


@pytest.mark.parametrize("case", SMALL, ids=CASES)
@every_rubric
def test_gold_passes_every_gate_and_a_gate_can_be_closed(rubric, case):
    right = ideal(case)
    assert set(gates_of(rubric, rubric.score(right, case, BOOK)).values()) == {1.0}
    for gate in rubric.gates:
        wrong = {
            "rulebook_consistency": {"violations": [], "verdict": "reject"},
            "reasoning_agreement": {"reasoning": "."},
        }
        assert rubric.score(right.model_copy(update=wrong[gate]), case, BOOK)[gate].value == 0.0
