"""What each process of a launched run executes: ``worker.py KIND CONFIG OVERRIDES RESUME`` (the last two are JSON)."""

import json
import sys
from pathlib import Path

# Python searches a script's own folder first (from 3.11 on, PYTHONSAFEPATH forbids it), where `models` or `launch`
# are found in place of others' modules. Ruling's packages come first, whatever the current folder holds.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [str(_HERE.parents[2]), *(entry for entry in sys.path if Path(entry or ".").resolve() != _HERE)]


def main() -> None:
    """Trains, and says mistakes in the user's input as `rl.cli.main` does."""
    from data import DataError
    from rl.cli import complain, quiet
    from rl.training.registry import load_recipe, train

    quiet()
    kind, config, overrides, resume = sys.argv[1:]
    try:
        train(load_recipe(kind, config, json.loads(overrides)), json.loads(resume))
    except DataError as error:
        complain(error)
        sys.exit(2)


if __name__ == "__main__":
    main()
