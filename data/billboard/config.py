"""BillboardConfig: how much of the benchmark is built, and at which level."""

from dataclasses import dataclass
from typing import Literal, get_args

from data.errors import DataError

Level = Literal["demo", "full", "motion", "motion-hard", "live"]
"""Pictures for models that learn to read as they go, or that can; clips with sound, speech and a page, without or with
prices to compare; streams of one to two minutes."""
LEVELS: tuple[Level, ...] = get_args(Level)
MOVING: tuple[Level, ...] = ("motion", "motion-hard", "live")
"""The levels whose ads are clips."""
SPLITS = ("train", "valid", "test", "changed")


@dataclass(frozen=True)
class BillboardConfig:
    """What to build.

    Args:
        cases: how many training cases.
        test_cases: how many cases ``test`` and ``changed`` have each; ``valid`` has half as many.
        seed: of all chance.
        level: see `Level`.
        teacher_noise: how often the SFT targets miss a violation, on average over the rules of an excerpt, 0..1.
        edits: whether gold says how each ad is mended; of the levels with pictures alone.

    Raises:
        DataError: edits are asked for at a level that has none.
    """

    cases: int = 16000
    test_cases: int = 400
    seed: int = 0
    level: Level = "demo"
    teacher_noise: float = 0.0
    edits: bool = False

    def __post_init__(self) -> None:
        if self.edits and self.level in MOVING:
            raise DataError(f"there are no edits of clips: leave them out, or take another level than '{self.level}'")

    @property
    def sizes(self) -> dict[str, int]:
        """How many cases each split has."""
        return {
            "train": self.cases, "valid": self.test_cases // 2,
            "test": self.test_cases, "changed": self.test_cases,
        }  # fmt: skip
