"""The findings that an answer follows from: what reasoning must end in for the answer to be read from it alone."""

from collections.abc import Iterable, Sequence

from data import Evidence, Finding, Interval, Quote, Rulebook, Violation
from data.finding import lines

UNTOLD = "the deciding fact cannot be told"
UNSHOWN = "it is seen in the case"


def reason(violations: Sequence[Violation], excerpt: Rulebook, unclear: Iterable[str] = ()) -> str:
    """One finding a rule of the excerpt, in its order; then those that are cited beside it.

    Args:
        violations: what the answer cites, each with the evidence that its finding is to hold.
        excerpt: the rules that are judged by.
        unclear: rules whose deciding fact cannot be told.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="two", rules=[Rule(id="A-1", text="No guns."), Rule(id="A-2", text="No cures.")])
        >>> print(reason([Violation(rule="A-2", evidence=[Quote(quote="cures all", field="title")])], book), end="")
        A-1: clear
        A-2: "cures all" -> broken
    """
    shown: dict[str, list[Evidence]] = {}
    for violation in violations:
        shown.setdefault(violation.rule, []).extend(violation.evidence)
    untold = set(unclear) - shown.keys()
    found = []
    for rule in dict.fromkeys([*excerpt.ids, *shown]):
        if rule in shown:
            found.append(Finding(rule, "broken", ", ".join(map(_said, shown[rule])) or _about(rule, excerpt)))
        else:
            found.append(Finding(rule, "unclear", UNTOLD) if rule in untold else Finding(rule, "clear"))
    return lines(found)


def _about(rule: str, excerpt: Rulebook) -> str:
    """What must do where nothing is shown: what the rule is about."""
    return (excerpt[rule].title or excerpt[rule].text) if rule in excerpt else UNSHOWN


def _second(time: float) -> str:
    """A time as prompts show it, to the hundredth."""
    return f"{time:.2f}".rstrip("0").rstrip(".")


def _said(item: Evidence) -> str:
    if isinstance(item, Quote):
        return f'"{item.quote}"'
    if isinstance(item, Interval):
        return f"from {_second(item.interval[0])} to {_second(item.interval[1])} s"
    return f"in image {item.image}" if item.image is not None else f"in frame {item.frame}"
