"""What is wrong with a rulebook, and what cases make of it."""

from data import Case, Rule, Rulebook
from data.checking.rulebook import check_rulebook


def book(*rules: Rule) -> Rulebook:
    return Rulebook(name="b", rules=rules)


LONG = "An ad for tea must not advertise a discount above {n} % of the usual price in any shop."


def test_a_sound_book() -> None:
    report = check_rulebook(book(Rule(id="A-1", text="No guns."), Rule(id="B-1", text="No cures.")))
    assert report.ok and report.use is None
    assert not (report.duplicates or report.contradictions or report.confusable or report.near)


def test_same_words_twice_and_same_words_with_other_consequences() -> None:
    report = check_rulebook(
        book(
            Rule(id="A-1", title="one", text="No guns."),
            Rule(id="A-2", title="other", text="no  GUNS."),
            Rule(id="B-1", text="No cures."),
            Rule(id="B-2", text="No cures.", severity="critical"),
            Rule(id="C-1", text="No cures.", exceptions=("medicine",)),
        )
    )
    assert report.duplicates == [("A-1", "A-2")] and report.contradictions == [("B-1", "B-2")] and not report.ok


def test_ids_that_are_mixed_up_are_wrong_and_near_wordings_are_not() -> None:
    near = check_rulebook(book(*(Rule(id=f"T-{n}", text=LONG.format(n=n)) for n in (30, 70))))
    assert near.near == [("T-30", "T-70")] and near.ok
    mixed = check_rulebook(book(Rule(id="A-1", text="No guns."), Rule(id="a_1", text="No cures.")))
    assert mixed.confusable == [("A-1", "a_1")] and not mixed.ok


def test_ids_that_look_the_same_are_wrong_and_signs_are_told_apart() -> None:
    def confusable(*ids: str) -> list[tuple[str, ...]]:
        rules = [Rule(id=id_, text=f"No things of the kind {n}.") for n, id_ in enumerate(ids)]
        return check_rulebook(book(*rules)).confusable

    for pair in (
        ("A-1", "\u0410-1"), ("A-1", "\uff21-1"), ("A-1", "A-l"), ("A-1", "A-I"), ("SO-1", "S0-1"),
        ("A-1", "A\u20131"), ("A-1", "A-1\u200b"), ("A-1", "A\u202e-1"), ("COPE-1", "\u0421\u041e\u0420\u0415-1"),
    ):  # fmt: skip
        assert confusable(*pair) == [pair]
    assert not confusable("\U0001f52b", "\U0001f48a", "!!", "??")
    assert not confusable("AI-1", "AL-1", "B-1", "B-2", "B-11", "\u0645-1")


def test_rules_that_say_nothing_are_wrong() -> None:
    report = check_rulebook(book(Rule(id="A-1", text=" \n"), Rule(id="B-1", text="No cures.")))
    assert report.blank == ("A-1",) and not report.ok


def test_what_cases_use() -> None:
    rules = book(Rule(id="A-1", text="No guns."), Rule(id="B-1", text="No cures."), Rule(id="C-1", text="No gifts."))
    own = Rule(id="A-1", text="No guns but toys.")
    cases = [
        Case(id="1", rules=[own, "B-1"], gold={"violations": [{"rule": "A-1", "or": ["B-1"]}]}),
        Case(id="2", gold={"violations": [{"rule": "X-9"}], "not": ["Y-9"]}),
        Case(id="3", gold={"violations": [{"rule": "X-9"}]}),
        Case(id="4"),
    ]
    use = check_rulebook(rules, cases).use
    assert use is not None
    assert (use.unknown, use.reworded, use.unused) == ({"X-9": 2, "Y-9": 1}, {"A-1": 1}, ("C-1",))
    assert not check_rulebook(rules, cases).ok and check_rulebook(rules, cases[:1]).ok
