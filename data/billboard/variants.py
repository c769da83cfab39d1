"""Variants: a rule as one case's excerpt words it: its threshold, its exceptions, its id and its wording."""

import re
from dataclasses import dataclass

from data.billboard.catalogue import catalogue, rulebook
from data.rulebook import Rule, RuleRef

DEFAULT_THRESHOLD = 50
"""The threshold that the shipped rulebook gives every numeric rule, in per cent."""
_PER_CENT = re.compile(r"(\d+) %")


@dataclass(frozen=True)
class Variant:
    """A rule of the rulebook as an excerpt gives it."""

    key: str
    """The id in the shipped rulebook."""
    threshold: int = DEFAULT_THRESHOLD
    excepted: bool = True
    """Whether the rule's exceptions are in force; of no account for a rule that has none."""
    id: str | None = None
    """The id shown instead of the key."""
    reworded: bool = False

    @classmethod
    def of(cls, rule: Rule) -> "Variant | None":
        """The variant that a reviewer reads, whatever it is called; None where it is no rule of Billboard's."""
        key = rule.id if rule.id in catalogue().rules and _is(rule.id, rule) else None
        key = key or next((key for key in catalogue().rules if _is(key, rule)), None)
        if key is None:
            return None
        number = _PER_CENT.search(rule.text)
        threshold = int(number.group(1)) if number and catalogue().rules[key].number else DEFAULT_THRESHOLD
        id_ = None if rule.id == key else rule.id
        reworded = rule.text != rulebook()[key].text and _plain(rule.text) == _plain(catalogue().rules[key].reworded)
        return cls(key, threshold, bool(rule.exceptions) or not rulebook()[key].exceptions, id_, reworded)

    @property
    def has_threshold(self) -> bool:
        return catalogue().rules[self.key].number is not None

    @property
    def has_exceptions(self) -> bool:
        return bool(rulebook()[self.key].exceptions)

    @property
    def shown_id(self) -> str:
        return self.id or self.key

    @property
    def rule(self) -> Rule:
        """The rule as the reviewer reads it."""
        rule = rulebook()[self.key]
        changed: dict[str, object] = {}
        if self.reworded:
            wording = catalogue().rules[self.key].reworded
            changed |= {"title": wording, "text": wording}
        if self.has_threshold and self.threshold != DEFAULT_THRESHOLD:
            old, new = f"{DEFAULT_THRESHOLD} %", f"{self.threshold} %"
            changed |= {k: str(changed.get(k, getattr(rule, k))).replace(old, new) for k in ("title", "text")}
        if not self.excepted:
            changed["exceptions"] = ()
        if self.id:
            changed["id"] = self.id
        return rule.model_copy(update=changed) if changed else rule

    @property
    def ref(self) -> RuleRef:
        """How a case names the variant: by id where it is the rulebook's own wording, else whole."""
        rule = self.rule
        return rule.id if rule == rulebook()[self.key] else rule


def _is(key: str, rule: Rule) -> bool:
    """Whether a rule says what the rulebook's does, in either wording, with any threshold."""
    wordings = (rulebook()[key].text, catalogue().rules[key].reworded)
    return _plain(rule.text) in map(_plain, wordings)


def _plain(text: str) -> str:
    return _PER_CENT.sub("%", text)
