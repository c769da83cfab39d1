"""Session: all that people see of one training run, and the file that keeps what they do not see."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from rl.terminal.console import console, is_first_process
from rl.terminal.messages import kept
from rl.terminal.outcome import outcome
from rl.terminal.snapshot import Snapshot, Watch
from rl.terminal.training import TrainingLine


@contextmanager
def session(name: str, messages: Path, model: Path, watch: Watch | None = None) -> Iterator[Watch]:
    """Shows a line while a run goes on, and what it came to in the end. Of several processes, the first one shows.

    Args:
        name: what the run is called.
        messages: the file for what libraries say meanwhile.
        model: where the trained model is going to be.
        watch: is told of each step as well.

    Yields:
        What is to be told of each step.
    """
    shown = is_first_process()
    with kept(messages) as said:
        line = TrainingLine(name, shown)
        try:
            with line:

                def show(snapshot: Snapshot) -> None:
                    line.show(snapshot)
                    if watch is not None:
                        watch(snapshot)

                yield show
            if shown:
                Console(highlight=False, emoji=False).print(outcome(name, line.snapshots, model), soft_wrap=True)
        except KeyboardInterrupt:
            if line.snapshots:
                console().print(f"stopped after step {line.snapshots[-1].step:,} of {line.snapshots[-1].steps:,}")
            raise
        finally:
            if shown and (told := said.told()) is not None:
                console().print(told, soft_wrap=True)
