"""Sees how a model could cheat a rubric before a model does: `audit` tries every known cheat and reports."""

from rewards.audit import advising, blind, damage, gold_aware, idle, padding, unfaithful  # noqa: F401  (they enter their cheats)
from rewards.audit.audit import audit
from rewards.audit.bench import Exhibit
from rewards.audit.cheat import CHEATS, Cheat, cheat
from rewards.audit.mix import Mix
from rewards.audit.prior import Prior
from rewards.audit.rating import Rating
from rewards.audit.report import Audit, Band, Claim, Flaw
from rewards.audit.subject import Subject, View, cite, decide
from rewards.audit.trial import Trial
from rewards.batch import Answer

__all__ = [
    "CHEATS",
    "Answer",
    "Audit",
    "Band",
    "Cheat",
    "Claim",
    "Exhibit",
    "Flaw",
    "Mix",
    "Prior",
    "Rating",
    "Subject",
    "Trial",
    "View",
    "audit",
    "cheat",
    "cite",
    "decide",
]
