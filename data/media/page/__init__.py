"""Pages that ads lead to: saved files and captures of the web, reduced to titled sections of text."""

from data.media.page.budget import PageBudget
from data.media.page.saved import read_page
from data.media.page.sections import sections_of

__all__ = ["PageBudget", "read_page", "sections_of"]
