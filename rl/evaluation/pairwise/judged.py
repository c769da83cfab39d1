"""Judged: a pair of rulings, and what a reward model gives each. Kept as Parquet, one pair a row."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from data.files import whole_file


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair, scored."""

    case: str
    cluster: str
    category: str | None
    """That of the gravest broken rule, as gold has it; None where gold says of none."""
    longer_by: int
    """How many letters the better ruling is longer; below 0 where it is shorter."""
    margin: float | None
    """By how much the better one is better, as the pair says."""
    better: float | None
    """The score of the better ruling, of any size; None where the model could not be asked."""
    worse: float | None

    @property
    def apart(self) -> float | None:
        """How much higher the better one is scored: the log odds that the model gives for it. None if unscored."""
        return None if self.better is None or self.worse is None else self.better - self.worse


def save_judged(judged: Sequence[Judged], path: str | Path) -> None:
    """Writes pairs with their scores."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, number = pa.string(), pa.float64()
    types = {"case": text, "cluster": text, "category": text, "longer_by": pa.int64()}
    schema = pa.schema([(name, types.get(name, number)) for name in Judged.__dataclass_fields__])
    with whole_file(path) as draft:
        pq.write_table(pa.Table.from_pylist([asdict(one) for one in judged], schema=schema), draft)
