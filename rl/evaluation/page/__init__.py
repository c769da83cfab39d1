"""The page: which model reviews better, by how much, how sure that is, and every case to look at."""

from rl.evaluation.page.report import write_report

__all__ = ["write_report"]
