"""Rollouts: what the policy wrote while it trained, with every reward, kept as Parquet.

A run's ``rollouts/`` holds one part for each generation, ``00000012-0.parquet``: the steps that the policy had behind
it, and the number of the generation at that step. Parts are written whole or not at all. After a resume, parts from
beyond the checkpoint are written anew, so that the log is that of an uninterrupted run, row by row.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from data import DataError
from data.files import DRAFT, whole_file
from data.parquet import Kind, read_parquet
from prompts import Episode, Turn
from rl.runs.folder import RunFolder

REWARD = "reward."
"""Prefix of the columns that hold rewards."""
ERROR = "error."
"""Prefix of the columns that hold what kept a reward from scoring; only for those that failed in a part."""
_ROUND = "round"
"""Column of the round; only in a part that has more than the first."""
_COLUMNS: dict[str, Kind] = {
    "step": "integer", "case": "text", "sample": "integer", "completion": "text", "total?": "number",
    "advantage": "number", f"{REWARD}*": "number", f"{ERROR}*": "text", f"{_ROUND}*": "integer",
}  # fmt: skip
_TURNS = "turns"
"""Column with the turns of episodes that have several, as JSON; only in a part that has such."""
_SAVED = TypeAdapter(Annotated[list[dict[str, Any]], Field(min_length=1)])


@dataclass(frozen=True, slots=True)
class Rollout:
    """One episode and what it earned."""

    step: int
    """How many optimiser steps the policy had behind it when it wrote this."""
    episode: Episode
    """What it wrote, on which case. Read again, it is without ids and log-probabilities of tokens."""
    total: float | None
    """What the rubric gave; None where it could not be scored."""
    advantage: float
    rewards: dict[str, float | None] = field(default_factory=dict)
    """Every reward of the rubric by name; None where it does not apply, failed or was not asked."""
    errors: dict[str, str] = field(default_factory=dict)
    """What kept rewards from scoring it, by name. There is no total where that could have made a difference."""
    round: int = 0
    """How often cases had been drawn anew for this generation (`rl.training.trainers.refill`)."""


class RolloutLog:
    """Writes a run's rollouts, part by part.

    Args:
        folder: where the parts go; created.
        step: the step that the run starts from; parts from there on are left over from an interrupted run and go.
    """

    def __init__(self, folder: Path, step: int = 0):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.suffix == DRAFT or (path.suffix == ".parquet" and _step_of(path) >= step):
                path.unlink()

    def write(self, rollouts: Sequence[Rollout]) -> None:
        """Adds one generation's rollouts, all of one step."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        step = rollouts[0].step
        part = f"{step:08d}-{len(list(self.folder.glob(f'{step:08d}-*.parquet')))}"
        columns: dict[str, pa.Array] = {
            "step": pa.array([r.step for r in rollouts], pa.int64()),
            "case": pa.array([r.episode.case for r in rollouts], pa.string()),
            "sample": pa.array([r.episode.sample for r in rollouts], pa.int64()),
            "completion": pa.array([r.episode.completion for r in rollouts], pa.string()),
            "total": pa.array([r.total for r in rollouts], pa.float64()),
            "advantage": pa.array([r.advantage for r in rollouts], pa.float64()),
        }
        if any(r.round for r in rollouts):
            columns[_ROUND] = pa.array([r.round for r in rollouts], pa.int64())
        if any(len(r.episode.turns) > 1 for r in rollouts):
            columns[_TURNS] = pa.array([_turns(r.episode) for r in rollouts], pa.string())
        for name in dict.fromkeys(name for r in rollouts for name in r.rewards):
            columns[REWARD + name] = pa.array([r.rewards.get(name) for r in rollouts], pa.float64())
        for name in dict.fromkeys(name for r in rollouts for name in r.errors):
            columns[ERROR + name] = pa.array([r.errors.get(name) for r in rollouts], pa.string())
        with whole_file(self.folder / f"{part}.parquet") as draft:
            pq.write_table(pa.table(columns), draft)


def read_rollouts(folder: str | Path) -> list[Rollout]:
    """All rollouts of a run in the order in which they were drawn.

    Args:
        folder: a run, the folder ``rollouts`` in it, or one of the parts.

    Raises:
        DataError: there are none, or a part is none; names the file and the column.
    """
    folder = Path(folder)
    inner = RunFolder(folder).rollouts
    folder = inner if inner.is_dir() else folder
    parts = [folder] if folder.is_file() else sorted(folder.glob("*.parquet"), key=_place_of)
    if not parts:
        raise DataError("no rollouts here" if folder.exists() else "there is no such run", file=folder)
    return [rollout for part in parts for rollout in _read(part)]


def _read(part: Path) -> list[Rollout]:
    return [
        Rollout(
            row["step"],
            _episode(row, part),
            row["total"],
            row["advantage"],
            rewards={name.removeprefix(REWARD): value for name, value in row.items() if name.startswith(REWARD)},
            errors={name.removeprefix(ERROR): said for name, said in row.items() if name.startswith(ERROR) and said},
            round=row.get(_ROUND) or 0,
        )
        for row in read_parquet(part, _COLUMNS)
    ]


def _turns(episode: Episode) -> str:
    return json.dumps([turn.kept() for turn in episode.turns], ensure_ascii=False)


def _episode(row: dict[str, Any], part: Path) -> Episode:
    if row.get(_TURNS) is None:
        return Episode.plain(row["case"], row["completion"], row["sample"])
    try:
        turns = _SAVED.validate_json(row[_TURNS])
        return Episode(row["case"], tuple(map(Turn.read, turns)), row["sample"])
    except (ValidationError, TypeError) as error:
        raise DataError("not the turns of an episode", file=part, field=_TURNS) from error


def _step_of(path: Path) -> int:
    return _place_of(path)[0]


def _place_of(path: Path) -> tuple[int, ...]:
    """Step and generation, by which parts are in order."""
    try:
        return tuple(map(int, path.stem.split("-")))
    except ValueError:
        raise DataError(
            "not a part of a run's rollouts, which are called STEP-GENERATION.parquet", file=path
        ) from None
