"""What a judge is asked about a ruling, and what its answers are worth.

Three things, each worth as much as the others: are the cited rules really broken by the evidence quoted for them, does
the verdict follow from the reasoning, and does the ruling keep to what the case contains. A question says what it is
about by number and never quotes the ruling, so that no completion can word its own questions.

What can be settled without a judge is: a made-up rule, a citation whose evidence is not in the case, more citations
than a judge can be asked about, a reasoning that says nothing. The last are the "master keys" that talk judges into a
yes (arXiv 2507.08794); they earn 0 unasked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from data import Case, Evidence, Rulebook, Ruling
from rewards.pure.evidence import grounded
from rewards.pure.reasoning import names
from rewards.score import Score

FEWEST_LETTERS, FEWEST_CJK = 40, 16
"""A reasoning that names no rule of the excerpt and has fewer letters and digits than this says nothing."""
MOST_CITED = 16
"""Rules that a ruling may cite, made-up ones included, before it is too long to be judged: each costs a question."""
LONGEST_REASON = 300
"""Characters of a judge's explanation that a card shows."""


@dataclass(frozen=True, slots=True)
class Question:
    """A yes/no question about a ruling."""

    name: str
    """The key of its answer: ``broken_1``, ``follows``, ``invents``."""
    text: str
    wanted: Literal["yes", "no"]
    """The answer that speaks for the ruling."""


FOLLOWS = Question("follows", "Does the ruling's verdict follow from its reasoning and its citations?", "yes")
INVENTS = Question(
    "invents",
    "Does the ruling's reasoning, or one of its citations, assert anything that the case does not contain?",
    "no",
)


@dataclass(frozen=True)
class Inquiry:
    """What is to be asked about one ruling, and what needs no asking."""

    questions: tuple[Question, ...]
    """Empty where nothing is left to ask."""
    citations: Mapping[str, tuple[Evidence, ...]]
    """The cited rules of the excerpt, each once, with all evidence given for it; question ``broken_n`` is about the
    n-th.
    """
    settled: Mapping[str, str] = field(default_factory=dict)
    """What is wrong without asking: cited rules, or ``reasoning``, with what is wrong with them."""

    def score(self, yes: Mapping[str, float], because: Mapping[str, str] | None = None) -> Score:
        """What the answers are worth, 0..1: the mean over citations, conclusion and invention, each a mean itself,
        so that a long list of citations does not outweigh the rest.

        Args:
            yes: for each question's name, how surely the answer is yes, 0..1.
            because: for each question's name, the judge's explanation.
        """
        said = because or {}
        parts = dict.fromkeys(self.settled, 0.0)
        reasons = [f"{what}: {why}" for what, why in self.settled.items()]
        subjects = dict(enumerate(self.citations, start=1))
        for question in self.questions:
            value = yes[question.name] if question.wanted == "yes" else 1.0 - yes[question.name]
            subject = _subject(question, subjects)
            parts[subject] = value
            why = said.get(question.name, "")[:LONGEST_REASON]
            reasons.append(f"{subject} {'holds' if value >= 0.5 else 'fails'}{': ' if why else ''}{why}")
        if not self.questions:
            return Score(0.0, "; ".join(reasons), parts)
        aspects = [parts[question.name] for question in (FOLLOWS, INVENTS)]
        cited = [value for subject, value in parts.items() if subject not in (FOLLOWS.name, INVENTS.name)]
        if cited:
            aspects.append(sum(cited) / len(cited))
        return Score(sum(aspects) / len(aspects), "; ".join(reasons), parts)


def inquire(ruling: Ruling, case: Case, excerpt: Rulebook, most_cited: int = MOST_CITED) -> Inquiry:
    """The questions that a ruling raises.

    Args:
        most_cited: the most rules that it may cite.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No cures.")])
        >>> case = Case(id="1", text={"title": "Cures all"})
        >>> cited = [{"rule": "A-1", "evidence": [{"quote": "cures all", "field": "title"}]}, {"rule": "B-9"}]
        >>> ruling = Ruling(reasoning="A-1: cures all.", verdict="reject", confidence=0.9, violations=cited)
        >>> inquiry = inquire(ruling, case, book)
        >>> [question.name for question in inquiry.questions], dict(inquiry.settled)
        (['broken_1', 'follows', 'invents'], {'B-9': 'not one of the rules'})
        >>> round(inquiry.score({"broken_1": 1, "follows": 1, "invents": 0}).value, 3)
        0.833
        >>> inquire(Ruling(reasoning=":", verdict="approve", confidence=1), case, book).score({})
        Score(value=0.0, reason='reasoning: says nothing', parts={'reasoning': 0.0})
    """
    if says_nothing(ruling.reasoning, excerpt):
        return Inquiry((), {}, {"reasoning": "says nothing"})
    if (cited := len({violation.rule for violation in ruling.violations})) > most_cited:
        return Inquiry((), {}, {"citations": f"too many to be judged: {cited} rules, and {most_cited} at most are"})
    citations: dict[str, tuple[Evidence, ...]] = {}
    settled: dict[str, str] = {}
    for violation in ruling.violations:
        if violation.rule in excerpt:
            citations[violation.rule] = (*citations.get(violation.rule, ()), *violation.evidence)
        else:
            settled[violation.rule] = "not one of the rules"
    questions = []
    for number, (rule, evidence) in enumerate(citations.items(), start=1):
        if any(grounded(item, case) for item in evidence):
            text = f"Is the rule of citation {number} really broken, as its evidence shows, with no exception holding?"
            questions.append(Question(f"broken_{number}", text, "yes"))
        else:
            settled[rule] = "none of its evidence is in the case" if evidence else "no evidence is given"
    return Inquiry((*questions, FOLLOWS, INVENTS), citations, settled)


def says_nothing(reasoning: str, excerpt: Rulebook) -> bool:
    """Whether a reasoning neither names a rule nor is long enough to weigh anything: ``:`` or ``Thought process:``."""
    if any(names(reasoning, rule) for rule in excerpt.ids):
        return False
    letters = [character for character in reasoning if character.isalnum()]
    wide = sum("\u3040" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7af" for character in letters)
    return len(letters) < FEWEST_LETTERS and wide < FEWEST_CJK


def _subject(question: Question, citations: Mapping[int, str]) -> str:
    """What a card calls the question: the cited rule, or the question's own name."""
    kind, _, number = question.name.partition("_")
    return citations[int(number)] if kind == "broken" else question.name
