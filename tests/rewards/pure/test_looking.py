"""What looking is worth: by what an episode looked at, and by nothing that it says."""

import pytest

from data import Brief, Briefs, Case, DataError, Region, Rule, Rulebook, Ruling, Violation, load_cases
from data.billboard.desk import build_desk
from prompts import Episode, Look, Turn, write
from rewards import Item, Rubric
from rewards.audit import audit
from rewards.pure.looking import Economy, Looked, ToolBonus

BOOK = Rulebook(name="desk", rules=[Rule(id="FEE-1", text="No fee."), Rule(id="SAY-1", text="No claim.")])
BOX = Region(image=0, region=(0.5, 0.5, 1, 1))
CASE = Case.model_validate(
    {
        "id": "a",
        "text": {"title": "Lamp"},
        "images": ["lamp.png"],
        "page": {
            "sections": [{"title": "news", "text": "We moved."}, {"title": "terms", "text": "x", "shown": False}]
        },
        "gold": {"verdict": "reject", "violations": [{"rule": "FEE-1", "evidence": [BOX.model_dump()]}]},
    }
)
SEARCH = Look(tool="search_rules", rules=("FEE-1",))
ZOOM = Look(tool="zoom", regions=(BOX,))
ELSEWHERE = Look(tool="zoom", regions=(Region(image=0, region=(0, 0, 0.5, 0.5)),))
READ = Look(tool="read", field="page", section=1)
FAILED = Look(tool="zoom", error="there is no image 9")


def ruling(*evidence: dict | Region, rule: str = "FEE-1") -> Ruling:
    cited = Violation.model_validate(
        {"rule": rule, "evidence": [e if isinstance(e, dict) else e.model_dump() for e in evidence]}
    )
    return Ruling(reasoning=f"{rule}: seen -> broken", verdict="reject", confidence=0.9, violations=[cited])


def item(said: Ruling, *looks: Look, case: Case = CASE, retrieved: bool = True) -> Item:
    turns = [turn for look in looks for turn in (Turn("<think>?</think>"), Turn("…", "tool", looks=(look,)))]
    return Item.of(
        Episode(case.id, (*turns, Turn(write(said)))), Brief(case, BOOK.excerpt(BOOK.ids, retrieved=retrieved))
    )


def value(reward, *items: Item) -> list[float]:
    return [outcome.value for outcome in reward.score_batch(list(items))]


@pytest.mark.parametrize(
    ("said", "looks", "expected"),
    [
        (ruling(BOX), (ZOOM,), 1.0),
        (ruling(BOX), (), 0.5),
        (ruling(BOX), (ELSEWHERE,), 0.5),
        (ruling(BOX), (FAILED,), 0.5),
        (ruling({"quote": "Lamp", "field": "title"}), (), 1.0),
        (ruling({"quote": "x", "field": "page", "section": 1}), (), 0.0),
        (ruling({"quote": "x", "field": "page", "section": 1}), (READ,), 1.0),
        (ruling({"quote": "We moved.", "field": "page", "section": 0}), (), 1.0),
        (ruling({"interval": [1, 2]}), (), 0.5),
        (ruling({"interval": [1, 2]}), (Look(tool="frames", interval=(0, 3)),), 1.0),
        (ruling(BOX, rule="MADE-UP"), (ZOOM,), 0.0),
        (ruling(BOX, {"quote": "x", "field": "page", "section": 1}), (ZOOM,), 0.5),
        (Ruling(reasoning="", verdict="approve", confidence=0.9), (), 1.0),
    ],
)
def test_looked(said: Ruling, looks: tuple[Look, ...], expected: float):
    assert value(Looked(), item(said, *looks)) == [expected]


def test_asking_for_a_day_shows_no_more_of_it_than_was_shown():
    recording = CASE.model_validate(
        CASE.model_dump(exclude={"gold"})
        | {
            "frames": [{"path": f"{n}.png", "time": n} for n in range(60)],
            "transcript": [{"start": 50, "end": 52, "text": "Nothing beats it."}],
        }
    )
    said = ruling({"interval": [30, 32]})
    few = tuple(Region(frame=place, region=(0, 0, 1, 1)) for place in (0, 20, 40, 59))
    day = Look(tool="frames", interval=(0, 86_400), regions=few)
    then = Look(tool="frames", interval=(30, 32), regions=(Region(frame=31, region=(0, 0, 1, 1)),))
    heard = Look(tool="transcript", interval=(0, 86_400), field="transcript")
    for looks, expected in (((day,), 0.5), ((heard,), 0.5), ((day, then), 1.0)):
        assert value(Looked(), item(said, *looks, case=recording)) == [expected]
    assert value(Looked(), item(ruling({"interval": [51, 53]}), heard, case=recording)) == [1.0]


def test_a_ruling_of_which_no_episode_is_known_has_looked():
    assert value(Looked(), Item.of(ruling(BOX), Brief(CASE, BOOK))) == [1.0]
    assert value(Looked(), Item.of(write(ruling(BOX)), Brief(CASE, BOOK))) == [0.5], "its text alone has not"


def test_economy_counts_every_call():
    calls = [item(ruling(BOX), *[FAILED] * n) for n in (0, 1, 2, 9)]
    assert value(Economy(), *calls) == pytest.approx([1.0, 0.8, 0.6, 0.0])
    assert value(Economy(cost=0.5, free=1), *calls) == [1.0, 1.0, 0.5, 0.0]


def test_the_bonus_is_paid_while_few_look_and_for_what_was_of_use():
    bonus = ToolBonus(bound=0.3)
    idle = [item(ruling(BOX)) for _ in range(3)]
    assert value(bonus, item(ruling(BOX), ZOOM), *idle) == [1.0, 0, 0, 0], "one of four"
    assert value(bonus, item(ruling(BOX), ZOOM), item(ruling(BOX), SEARCH), *idle[:2]) == [0.0] * 4, "two of four"
    for useless in (FAILED, ELSEWHERE, READ):
        assert value(bonus, item(ruling(BOX), useless), *idle) == [0.0] * 4
    other = CASE.model_copy(update={"id": "b"})
    both = [item(ruling(BOX), ZOOM), *idle, item(ruling(BOX), ZOOM, case=other)]
    assert value(bonus, *both) == [1.0, 0, 0, 0, 0.0], "each case by itself: there it is all of them"
    fine = Ruling(reasoning="", verdict="approve", confidence=0.9)
    assert value(bonus, item(fine, SEARCH), item(fine, FAILED), item(fine), item(fine)) == [1.0, 0, 0, 0]
    for look, paid in (
        (READ, 1.0),
        (Look(tool="read", field="title"), 0.0),
        (READ.model_copy(update={"section": 0}), 0),
    ):
        assert value(bonus, item(fine, look), *[item(fine)] * 3) == [paid, 0, 0, 0], "the prompt holds the title"


def test_what_the_prompt_shows_anyway_is_of_no_use():
    """Rules that a case names stand in its prompt, and so does all that is said."""
    bonus, fine = ToolBonus(bound=0.6), Ruling(reasoning="", verdict="approve", confidence=0.9)
    said = ruling({"quote": "Lamp", "field": "title"})
    for one in (said, fine):
        for retrieved, paid in ((True, 1.0), (False, 0.0)):
            assert value(bonus, item(one, SEARCH, retrieved=retrieved), item(one)) == [paid, 0]
    heard = Look(tool="transcript", field="transcript", interval=(0, 9))
    for look, paid in ((heard, 0.0), (Look(tool="frames", interval=(0, 9)), 1.0)):
        assert value(bonus, item(fine, look), item(fine)) == [paid, 0]


@pytest.mark.parametrize(
    ("quote", "looks", "expected"),
    [
        ("79 dollars", (), 0.0),
        ("79 dollars", (READ.model_copy(update={"section": 0}),), 0.0),
        ("79 dollars", (READ,), 1.0),
        ("We moved", (), 1.0),
        ("We moved. terms", (), 0.0),
        ("made up", (), 0.0),
    ],
)
def test_leaving_out_the_section_of_a_quote_has_not_read_it(quote: str, looks: tuple[Look, ...], expected: float):
    sections = [{"title": "news", "text": "We moved."}, {"title": "terms", "text": "79 dollars", "shown": False}]
    case = Case.model_validate({"id": "a", "page": {"sections": sections}})
    assert value(Looked(), item(ruling({"quote": quote, "field": "page"}), *looks, case=case)) == [expected]


@pytest.fixture(scope="module")
def briefs(tmp_path_factory: pytest.TempPathFactory) -> Briefs:
    folder = build_desk(tmp_path_factory.mktemp("desk"), 36, 2)
    book = Rulebook.load(folder / "rulebook.yaml")
    families = {case.id: {rule.partition("-")[2] for v in case.gold.violations for rule in v.accepted} for case in
                load_cases(folder / "train.jsonl")}  # fmt: skip
    cases = [
        case.model_copy(
            update={
                "rules": [rule for rule in book.ids if rule.partition("-")[2] in families[case.id]] or book.ids[:3]
            }
        )
        for case in load_cases(folder / "train.jsonl")
    ]
    return Briefs.bind(cases, book)


def test_the_rubric_stands_and_each_cheat_is_tried(briefs: Briefs):
    found = audit(Rubric.load("billboard_desk"), briefs)
    tried = {trial.cheat.name: trial for trial in found.trials}
    assert tried["citing without looking"].tried > 5 and tried["citing without looking"].share == 1
    assert tried["calling tools for nothing"].tried > 30 and tried["calling tools for nothing"].share == 1
    assert not {"citing without looking", "calling tools for nothing"} & {flaw.name for flaw in found.flaws}


def test_a_rubric_that_pays_for_calls_is_found_out(briefs: Briefs):
    """As a rubric of one's own may do."""
    paid = Rubric.load("billboard_desk", {"craft": {f"{__file__}:Paid": 0.3}})
    tried = {trial.cheat.name: trial for trial in audit(paid, briefs).trials}
    assert not tried["calling tools for nothing"].ok
    assert "citing without looking" not in tried, "nothing in it asks what was looked at"


class Paid(Economy):
    """The more calls, the better."""

    name = "paid"

    def score_batch(self, items):
        for one in items:
            yield min(1.0, len(one.episode.looks) / 3) if one.source is not None else 0.0


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [("economy", "cost", -0.2), ("economy", "cost", 2), ("economy", "free", -1), ("tool_bonus", "bound", 1.5)],
)
def test_no_setting_pays_for_calls_that_are_of_no_use(name: str, setting: str, value: float):
    with pytest.raises(DataError, match=f"'{name}': {setting}: "):
        Rubric.load("billboard_desk", {"craft": {name: {"weight": 0.1, setting: value}}})
