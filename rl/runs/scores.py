"""Scores: every completion's total and components under a rubric, as figures and as a Parquet file.

Columns: ``case``, ``completion``, ``total`` (null: unscored), ``closed`` (the gate that is closed), ``failure`` (why
it is no ruling), ``faults`` (JSON: rewards and what they raised), and for each reward ``reward.NAME``,
``contribution.NAME`` (what it adds to the total) and ``reason.NAME``.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import Briefs
from data.files import whole_file
from prompts import ParseFailure
from rewards import Rubric, Scorecard
from rewards.hindsight.batches import Batches
from rewards.scoring.summary import Summary
from rl.runs.rollouts import REWARD
from rl.runs.written import Written, brief_of

if TYPE_CHECKING:
    import pyarrow as pa

Write = Callable[[Sequence[Written], Sequence[Scorecard]], None]


def score_completions(
    written: Sequence[Written],
    briefs: Briefs,
    rubric: Rubric,
    out: str | Path | None = None,
    advance: Callable[[int], object] = lambda done: None,
) -> Summary:
    """Scores completions, in batches that no time limit cuts short; see `rewards.hindsight.batches`.

    Args:
        briefs: of the cases that the completions are about; there may be more.
        out: a Parquet file for every completion's total and components.
        advance: told the number of completions that have been scored since it was last told.

    Raises:
        DataError: there is no case of a completion's id, or the rubric has overrides for a category that the book has
            not.
    """
    rubric.check_categories(briefs.book)
    about = [brief_of(one, briefs) for one in written]
    summary = Summary()
    rubrics = (rubric, *rubric.by_category.values())
    names = list(dict.fromkeys(entry.name for each in rubrics for entry in each.entries))
    with _parquet(out, names) as write:
        for (cards,) in Batches.under(rubric).score([rubric], [one.completion for one in written], about):
            write(written[summary.count : summary.count + len(cards)], cards)
            summary.add(cards)
            advance(len(cards))
    return summary


@contextmanager
def _parquet(path: str | Path | None, rewards: Sequence[str]) -> Iterator[Write]:
    """What writes scores to a Parquet file, batch by batch; to nowhere without a path."""
    if path is None:
        yield lambda written, cards: None
        return
    import pyarrow.parquet as pq

    schema = _table([], [], rewards).schema
    with whole_file(path) as draft, pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        yield lambda written, cards: writer.write_table(_table(written, cards, rewards))


def _table(written: Sequence[Written], cards: Sequence[Scorecard], rewards: Sequence[str]) -> "pa.Table":
    import pyarrow as pa

    failures = [str(card.ruling) if isinstance(card.ruling, ParseFailure) else None for card in cards]
    faults = [json.dumps({f.reward: f.error for f in card.unscored}) if card.unscored else None for card in cards]
    columns: dict[str, Any] = {
        "case": pa.array([one.case for one in written], pa.string()),
        "completion": pa.array([one.completion for one in written], pa.string()),
        "total": pa.array([card.total for card in cards], pa.float64()),
        "closed": pa.array([card.closed for card in cards], pa.string()),
        "failure": pa.array(failures, pa.string()),
        "faults": pa.array(faults, pa.string()),
    }
    for name in rewards:
        parts = [card.components.get(name) for card in cards]  # a category may have rewards of its own
        columns[REWARD + name] = pa.array([part and part.value for part in parts], pa.float64())
        columns[f"contribution.{name}"] = pa.array([part and part.contribution for part in parts], pa.float64())
        columns[f"reason.{name}"] = pa.array([part and part.reason for part in parts], pa.string())
    return pa.table(columns)
