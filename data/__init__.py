"""What is reviewed: cases, rulebooks, rulings and gold, and the tools that prepare them."""

from data.brief import Brief, Briefs
from data.case import Case, Frame
from data.checking.check import check_files
from data.checking.report import Report
from data.edit import Edit, PictureEdit, TextEdit
from data.errors import DataError, suggest
from data.evidence import Evidence, Interval, Quote, Region
from data.finding import OUTCOMES, Finding
from data.fix import Change, Fix, fix
from data.foreign.convert import Conversion, convert_file
from data.foreign.mapping import Mapping
from data.gold import Gold, GoldViolation
from data.media.folder import allow_media
from data.media.images import open_image
from data.page import PAGE, Page, Section
from data.quotes import find_quote
from data.reading.loading import load_cases, save_cases
from data.reading.problem import Problem
from data.rulebook import SEVERITIES, Category, Excerpt, RetrievalFacts, Rule, Rulebook
from data.ruling import VERDICTS, Ruling, Verdict, Violation
from data.splits import kfold, split
from data.transcript import TRANSCRIPT, Line, Word
from data.yaml_model import find_yaml, load_yaml

__all__ = [
    "OUTCOMES",
    "PAGE",
    "SEVERITIES",
    "TRANSCRIPT",
    "VERDICTS",
    "Brief",
    "Briefs",
    "Case",
    "Category",
    "Change",
    "Conversion",
    "DataError",
    "Edit",
    "Evidence",
    "Excerpt",
    "Finding",
    "Fix",
    "Frame",
    "Gold",
    "GoldViolation",
    "Interval",
    "Line",
    "Mapping",
    "Page",
    "PictureEdit",
    "Problem",
    "Quote",
    "Region",
    "Report",
    "RetrievalFacts",
    "Rule",
    "Rulebook",
    "Ruling",
    "Section",
    "TextEdit",
    "Verdict",
    "Violation",
    "Word",
    "allow_media",
    "check_files",
    "convert_file",
    "find_quote",
    "find_yaml",
    "fix",
    "kfold",
    "load_cases",
    "load_yaml",
    "open_image",
    "save_cases",
    "split",
    "suggest",
]
