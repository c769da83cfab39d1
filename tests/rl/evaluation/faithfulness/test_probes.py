"""Probes change what they say, and nothing else; no model is needed for that."""

from data import Brief, Briefs, Case, Finding, Frame, Rule, Rulebook, Ruling
from prompts import render
from rl.evaluation.faithfulness.probes import alone, flipped, quotes_in, requoted, without
from rl.evaluation.faithfulness.results import Decision

BOOK = Rulebook(
    name="b",
    rules=[
        Rule(id="A-1", text="No guns."),
        Rule(id="A-2", text="No cures."),
        Rule(id="A-3", text="?", verdict="escalate"),
    ],
)
CASE = Case(
    id="x",
    group="g",
    text={"title": "Cures all", "body": "Fresh bread"},
    images=["a.png"],
    frames=[Frame(path="b.png", time=1.0)],
    transcript=[{"start": 0, "end": 1, "text": "Hello"}],
    rules=["A-3", "A-1", "A-2"],
)
BRIEF = Brief.of(CASE, BOOK)
SAID = 'A bottle.\nA-3: clear\nA-1: clear\nA-2: "cures all" and “fresh bread” -> broken\n'
RULING = Ruling(reasoning=SAID, verdict="reject", confidence=0.9, violations=[{"rule": "A-2"}])


def shown(brief: Brief) -> tuple[str, str]:
    """What the system and the user say."""
    system, user = render(brief.case, brief.excerpt)
    assert all(not message.media for message in (system, user)) or brief.case.images
    return tuple("".join(part.text for part in message.texts) for message in (system, user))  # type: ignore[return-value]


def test_alone_nothing_of_the_case_is_shown_but_every_rule() -> None:
    probe = alone(BRIEF, RULING)
    assert (probe.brief.id, probe.reasoning) == ("x~alone", SAID)
    system, user = shown(probe.brief)
    assert (system, user) == (shown(BRIEF)[0], "case: not shown")
    assert probe.brief.excerpt == BRIEF.excerpt and CASE.text["title"] == "Cures all"
    assert not render(probe.brief.case, probe.brief.excerpt)[1].media


def test_without_the_case_is_shown_as_it_was() -> None:
    probe = without(BRIEF)
    assert (probe.brief.id, probe.reasoning) == ("x~without", "")
    assert shown(probe.brief) == shown(BRIEF)


def test_a_flip_says_what_its_findings_call_for() -> None:
    probe = flipped(BRIEF, RULING)
    assert probe is not None and probe.brief.id == "x~flipped" and shown(probe.brief) == shown(BRIEF)
    assert probe.reasoning == SAID.replace("broken", "clear")
    assert probe.called_for == Decision(verdict="approve")

    both = RULING.model_copy(update={"reasoning": "A-3: blurred -> broken\nA-1: a gun -> broken\nA-2: clear"})
    found = [flipped(Brief(CASE.model_copy(update={"id": str(n)}), BRIEF.excerpt), both) for n in range(20)]
    calls = {probe.finding.rule: probe.called_for for probe in found if probe is not None}
    assert calls == {"A-3": Decision.citing("reject", ["A-1"]), "A-1": Decision.citing("escalate", ["A-3"])}

    none = RULING.model_copy(update={"reasoning": "A-3: unseen -> unclear\nA-1: clear"})
    turned = flipped(BRIEF, none)
    assert turned is not None and turned.reasoning == 'A-3: unseen -> unclear\nA-1: "Cures all" -> broken'
    assert turned.called_for == Decision.citing("reject", ["A-1"])
    assert flipped(BRIEF, RULING.model_copy(update={"reasoning": "Fine."})) is None


def test_other_words_are_quoted_that_do_not_stand_in_the_case() -> None:
    others = {"g": ["of its own cluster"], "h": ["CURES  all", "you won"], "i": ["90 % off"]}
    probe = requoted(BRIEF, RULING, others)
    assert probe is not None and probe.brief.id == "x~requoted" and shown(probe.brief) == shown(BRIEF)
    changed = probe.reasoning.splitlines()
    assert changed[:3] == SAID.splitlines()[:3]
    first, second = quotes_in(RULING.model_copy(update={"reasoning": probe.reasoning}).findings)
    assert {first, second} <= {"you won", "90 % off"}
    assert changed[3] == f'A-2: "{first}" and “{second}” -> broken'
    assert requoted(BRIEF, RULING, others) == probe


def test_where_nothing_is_quoted_or_there_is_nothing_to_quote_there_is_no_probe() -> None:
    others = {"h": ["you won"]}
    assert requoted(BRIEF, RULING.model_copy(update={"reasoning": "A-1: a gun -> broken"}), others) is None
    assert requoted(BRIEF, RULING, {"g": ["you won"], "h": ["fresh bread"]}) is None


def test_quotes_of_any_form_are_found() -> None:
    seen = Finding("A-1", "broken", '"one" “two” 「three」 «four» ""')
    assert quotes_in([seen]) == ["one", "two", "three", "four"]


def test_decisions_are_the_same_whatever_the_order_and_how_often_a_rule_is_cited() -> None:
    cited = [{"rule": rule} for rule in ("B", "A", "B")]
    assert Decision.of(Ruling(verdict="reject", confidence=1, violations=cited)) == Decision.citing("reject", "AB")
    assert Decision.of(None) == Decision(verdict="unparsed") != Decision(verdict="approve")


def test_a_retrieved_excerpt_stays_the_case_s_own() -> None:
    found = BOOK.excerpt(["A-2"], retrieved=True)
    probe = alone(Briefs([Brief(CASE.model_copy(update={"rules": None}), found)], BOOK)[0], RULING)
    assert probe.brief.excerpt.retrieved and probe.brief.excerpt.ids == ["A-2"]
