"""Scores: every completion's total and components under a rubric, as figures and as a Parquet file.

Columns: ``case``, ``completion``, ``total`` (null: unscored), ``closed`` (the gate that is closed), ``failure`` (why
it is no ruling), ``faults`` (JSON: rewards and what they raised), and for each reward ``reward.NAME``,
``contribution.NAME`` (what it adds to the total) and ``reason.NAME``.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import Case, Rulebook
from prompts import ParseFailure
from rewards import Rubric, Scorecard
from rewards.scoring.summary import Summary
from rl.runs.rollouts import REWARD
from rl.runs.written import Written, case_of

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 256
"""Completions that are scored together: about as many as in a training step, which time limits are made for."""


def score_completions(
    written: Sequence[Written],
    cases: Sequence[Case],
    book: Rulebook,
    rubric: Rubric,
    out: str | Path | None = None,
    advance: Callable[[int], object] = lambda done: None,
) -> Summary:
    """Scores completions, batch by batch.

    Args:
        cases: those that the completions are about; there may be more.
        out: a Parquet file for every completion's total and components.
        advance: told the number of completions that have been scored since it was last told.

    Raises:
        DataError: there is no case of a completion's id.
    """
    by_id = {case.id: case for case in cases}
    about = [case_of(one, by_id) for one in written]
    summary = Summary()
    rubrics = (rubric, *rubric.by_category.values())
    names = list(dict.fromkeys(entry.name for each in rubrics for entry in each.entries))
    with _Scores(Path(out) if out is not None else None, names) as scores:
        for start in range(0, len(written), BATCH):
            batch = written[start : start + BATCH]
            cards = rubric.score_many([one.completion for one in batch], about[start : start + BATCH], book)
            summary.add(cards)
            scores.write(batch, cards)
            advance(len(batch))
    return summary


class _Scores:
    """Writes scores to a Parquet file, whole or not at all; to nowhere without a path."""

    def __init__(self, path: Path | None, rewards: Sequence[str]):
        self._path, self._rewards = path, rewards
        self._writer: Any = None

    def __enter__(self) -> "_Scores":
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, written: Sequence[Written], cards: Sequence[Scorecard]) -> None:
        if self._path is None:
            return
        import pyarrow.parquet as pq

        table = _table(written, cards, self._rewards)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._draft, table.schema, compression="zstd")
        self._writer.write_table(table)

    def __exit__(self, failed: type[BaseException] | None, *_: Any) -> None:
        if self._writer is None:
            return
        assert self._path is not None
        self._writer.close()
        self._draft.unlink() if failed else self._draft.replace(self._path)

    @property
    def _draft(self) -> Path:
        assert self._path is not None
        return self._path.with_name(f".{self._path.name}.draft")


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
