"""Where a model lies: in a folder, in a run (its final checkpoint is meant), or on the Hub. Loads no torch.

The names stand here and not with the others of a run (`rl.runs.folder`), since rewards load the models of runs too.
"""

from pathlib import Path

from data import DataError

CHECKPOINTS = "checkpoints"
"""Folder of a run's checkpoints."""
FINAL = Path(CHECKPOINTS) / "final"
"""Where in a run's folder the trained model lies."""


def resolve(path: str | Path) -> str:
    """The folder (or name on the Hub) of a model: for a run's folder, that of its final checkpoint.

    Raises:
        DataError: what can only be a folder is not there.
    """
    final = Path(path) / FINAL
    if (Path(path).is_absolute() or str(path).startswith(".")) and not Path(path).exists():
        raise DataError("there is no such folder", file=path)
    return str(final if final.is_dir() else path)
