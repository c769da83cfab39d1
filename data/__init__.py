"""What is reviewed: cases, rulebooks, rulings and gold, and the tools that prepare them."""

from data.case import TRANSCRIPT, Case, Frame, Line
from data.errors import DataError
from data.evidence import Evidence, Interval, Quote, Region
from data.gold import Gold, GoldViolation
from data.rulebook import SEVERITIES, Category, Rule, Rulebook
from data.ruling import VERDICTS, Ruling, Verdict, Violation

__all__ = [
    "SEVERITIES",
    "TRANSCRIPT",
    "VERDICTS",
    "Case",
    "Category",
    "DataError",
    "Evidence",
    "Frame",
    "Gold",
    "GoldViolation",
    "Interval",
    "Line",
    "Quote",
    "Region",
    "Rule",
    "Rulebook",
    "Ruling",
    "Verdict",
    "Violation",
]
