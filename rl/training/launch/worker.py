"""What each process of a launched run executes: ``worker.py KIND CONFIG OVERRIDES RESUME`` (the last two are JSON)."""

import json
import signal
import sys
from pathlib import Path

# Accelerate puts the current folder into PYTHONPATH for DeepSpeed. Whatever lies there, Ruling's packages come first.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))


def main() -> None:
    """Trains, and says what goes wrong as ``ruling`` does."""
    from rl.terminal.errors import explained, quiet
    from rl.terminal.stopping import exit_code
    from rl.training.registry import load_recipe, train

    # A terminal may send Ctrl-C here as well; whoever launched this process hears it, and says so by SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    quiet()
    kind, config, overrides, resume = sys.argv[1:]
    try:
        with explained():
            train(load_recipe(kind, config, json.loads(overrides)), json.loads(resume))
    except KeyboardInterrupt as stop:  # whoever launched this process says how to go on
        sys.exit(exit_code(stop))


if __name__ == "__main__":
    main()
