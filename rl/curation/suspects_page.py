"""The page of suspects: the likeliest first, for its queue, which exports what somebody corrected as cases."""

from collections.abc import Sequence
from pathlib import Path

from data import Briefs
from rl.curation.suspects import Suspect
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.page.report import write_report
from rl.runs.past_run import PastRun

SPLIT = "suspects"


def write_suspects_page(found: Sequence[Suspect], runs: Sequence[PastRun], path: str | Path) -> Path:
    """Writes the page: of each case, the last of the rulings that speak against its gold.

    Args:
        found: at least one.
        runs: that they were found in.
    """
    known = {brief.id: brief for run in runs for brief in run.briefs}
    briefs = Briefs([known[suspect.case] for suspect in found], runs[0].briefs.book)
    policy = Evaluation("most completions", SPLIT, [suspect.prediction for suspect in found])
    why = {suspect.case: suspect.reason for suspect in found}
    return write_report(path, [policy], {SPLIT: briefs}, suspects=why, progress=True)
