"""What each process of a launched run executes: ``worker.py KIND CONFIG OVERRIDES RESUME`` (the last two are JSON)."""

import json
import signal
import sys
import time
from pathlib import Path

# Accelerate puts the current folder into PYTHONPATH for DeepSpeed. Whatever lies there, Ruling's packages come first.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))


PATIENCE = 20.0
"""Seconds that a process which has lost another gives whoever launched both to end it."""
_LOST = ("closed by peer", "reset by peer", "Broken pipe", "NCCL communicator was aborted")
"""How torch says that another process is gone."""


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
            try:
                train(load_recipe(kind, config, json.loads(overrides)), json.loads(resume))
            except RuntimeError as error:
                if any(words in str(error) for words in _LOST):
                    # The other says why the run ends, and its exit code is the run's: this one only waits for its own
                    # end, and complains if none comes.
                    time.sleep(PATIENCE)
                raise
    except KeyboardInterrupt as stop:  # whoever launched this process says how to go on
        sys.exit(exit_code(stop))


if __name__ == "__main__":
    main()
