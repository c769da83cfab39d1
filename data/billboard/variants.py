"""Variants: a rule as one case's excerpt words it: its threshold, its exceptions, its id and its wording."""

from dataclasses import dataclass

from data.billboard.catalogue import catalogue, rulebook
from data.rulebook import Rule, RuleRef

DEFAULT_THRESHOLD = 50
"""The threshold that the shipped rulebook gives every numeric rule, in per cent."""


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
