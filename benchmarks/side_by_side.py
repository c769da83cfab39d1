"""Two commits' scoring, timed side by side: each in a process of its own, in turns, under the same conditions.

Each scores completions that it wrote itself, in its own form, by the `default` rubric that it ships: of the same cases
and of the same kinds. No run sees what another has seen, so that nothing that is remembered helps the next.
"""

import io
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Sides:
    """CPU seconds for the same number of completions, run by run."""

    completions: int
    former: tuple[float, ...]
    present: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many completions the present side scores while the former scores one: the median over the runs."""
        return statistics.median(a / b for a, b in zip(self.former, self.present, strict=True))

    def rates(self) -> tuple[float, float]:
        """Completions per second of CPU time, former and present: the medians."""
        former, present = (self.completions / statistics.median(times) for times in (self.former, self.present))
        return former, present


def compare(commit: str, completions: int, runs: int, claims: int) -> Sides:
    """Times a former commit and the working tree in turns.

    Args:
        commit: any name that git knows; it must have a `benchmarks/scoring.py`.
        completions: how many are scored in a run.
        runs: how often each side is timed.
        claims: how many different ones the cases of a run make; of cases with one claim, completions say the same.

    Raises:
        subprocess.CalledProcessError: git knows no such commit.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=HERE, check=True, stdout=subprocess.PIPE).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        former, present = (_start(Path(tree), completions, claims) for tree in (folder, HERE))
        try:
            times = [(_timed(former), _timed(present)) for _ in range(runs + 1)][1:]  # the first warms up
        finally:
            for side in (former, present):
                side.kill()
                side.wait()
    return Sides(completions, tuple(a for a, _ in times), tuple(b for _, b in times))


def _start(tree: Path, completions: int, claims: int) -> "subprocess.Popen[str]":
    command = [sys.executable, __file__, str(tree), str(completions), str(claims)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tree)


def _timed(side: "subprocess.Popen[str]") -> float:
    assert side.stdin and side.stdout
    print(file=side.stdin, flush=True)
    answer = side.stdout.readline()
    if not answer:
        raise RuntimeError(f"one side ended: {' '.join(map(str, side.args))}")  # type: ignore[arg-type]
    return float(answer)


def _serve(tree: str, completions: int, claims: int) -> None:
    """One side: for each line that comes in, scores anew and says how long it took."""
    sys.path[:0] = [tree, f"{tree}/benchmarks"]
    import scoring

    sys.path.insert(0, str(HERE / "benchmarks"))
    from scored_cases import FOLD, make_book, make_case

    from data import Briefs
    from rewards import Rubric

    assert scoring.__file__ == f"{tree}/benchmarks/scoring.py"
    book, rubric = make_book(100), Rubric.load("default")
    count = completions // FOLD
    for run, _ in enumerate(sys.stdin):
        cases = [make_case(run * count + i, run * claims + i % claims) for i in range(count)]
        texts = [text for case in cases for text in scoring.make_completions(case, book)]
        start = time.process_time()
        briefs = Briefs.bind(cases, book)
        rubric.score_many(texts, [brief for brief in briefs for _ in range(FOLD)])
        print(time.process_time() - start, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
