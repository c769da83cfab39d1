"""Wording: how a rule is shown as a tool's answer.

>>> from data import Rule
>>> print(worded(Rule(id="A-1", title="guns", text="No guns.", exceptions=("toys",), severity="high")))
A-1 guns (high): No guns.
Exception: toys
>>> worded(Rule(id="A-1", title="guns", text="guns"))
'A-1 (medium): guns'
"""

from data import Rule

MOST = 400
"""Characters of a rule that a search shows; `read_rule` shows all."""


def worded(rule: Rule) -> str:
    """The whole rule; its exceptions on lines of their own."""
    title = f" {rule.title}" if rule.title and rule.title != rule.text else ""
    calls_for = ", calls for escalate" if rule.verdict == "escalate" else ""
    first = f"{rule.id}{title} ({rule.severity}{calls_for}): {rule.text}"
    return "\n".join([first, *(f"Exception: {exception}" for exception in rule.exceptions)])


def shortened(wording: str) -> str:
    """As much of it as a search shows."""
    return wording if len(wording) <= MOST else f"{wording[:MOST]}… (read_rule shows all of it)"
