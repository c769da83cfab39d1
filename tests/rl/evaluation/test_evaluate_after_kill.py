"""An evaluation that is interrupted anywhere ends like one that was left alone: no case twice, and none missing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from data import Rulebook, load_cases
from rl.config.decoding import Decoding
from rl.evaluation import evaluate_model, load_predictions

CASES, SAMPLES = 24, 2
DECODING = Decoding(template="compact", max_new_tokens=10, temperature=1.0, samples=SAMPLES, batch_size=8, seed=5)


def keys(log: Path) -> list[tuple[str, int]]:
    rows = [json.loads(line) for line in log.read_bytes().splitlines()[1:]]
    return [(row["case"], row["sample"]) for row in rows]


def test_wherever_the_log_ends_the_rest_is_made_as_it_would_have_been(
    tiny_text: Path, toy: Path, book: Rulebook, tmp_path: Path
) -> None:
    cases = load_cases(toy / "text.jsonl")[:8]
    whole = evaluate_model(tiny_text, cases, book, tmp_path / "whole", decoding=DECODING, progress=False)
    log = (tmp_path / "whole" / "completions.jsonl").read_bytes()
    assert len({p.completion for p in whole.predictions}) > 8, "there must be something to draw"
    # In the header; between batches; within a batch, between lines and inside of one.
    lines = log.splitlines(keepends=True)
    for place, end in enumerate([20, sum(map(len, lines[:9])), sum(map(len, lines[:12])), len(log) - 3]):
        out = tmp_path / str(place)
        out.mkdir()
        (out / "completions.jsonl").write_bytes(log[:end])
        again = evaluate_model(tiny_text, cases, book, out, decoding=DECODING, progress=False)
        assert again.predictions == whole.predictions
        assert sorted(keys(out / "completions.jsonl")) == sorted(keys(tmp_path / "whole" / "completions.jsonl"))


def command(model: Path, toy: Path, out: Path) -> list[str]:
    options = {
        "--data": toy / "cases.jsonl", "--rulebook": toy / "rules.yaml", "--out": out, "--template": "compact",
        "--max-new-tokens": 10, "--temperature": 1.0, "--samples": SAMPLES, "--batch-size": 8, "--seed": 5,
    }  # fmt: skip
    words = [str(word) for option in options.items() for word in option]
    return [sys.executable, "-c", "from rl.cli import main; main()", "evaluate", str(model), *words]


@pytest.mark.slow
def test_sigkill(tiny_vl: Path, toy: Path, tmp_path: Path) -> None:
    settings = {"env": os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}, "stderr": subprocess.PIPE}
    settings |= {"stdout": subprocess.PIPE, "cwd": Path(__file__).parents[3], "text": True}
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    log = killed / "completions.jsonl"
    for enough in (9, 50):  # lines after which it is killed: in the middle of the first third, and of the second
        running = subprocess.Popen(command(tiny_vl, toy, killed), **settings)  # type: ignore[call-overload]
        while running.poll() is None and not (log.is_file() and log.read_bytes().count(b"\n") >= enough):
            time.sleep(0.002)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL, running.stderr.read()
        assert enough - 1 <= len(keys(log)) < 64 * SAMPLES
    for out in (killed, whole):
        done = subprocess.run(command(tiny_vl, toy, out), **settings)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr[-3000:]
    assert max(Counter(keys(log)).values()) == 1 and len(keys(log)) == 64 * SAMPLES
    found, expected = (load_predictions(out / "predictions.parquet") for out in (killed, whole))
    assert found == expected
    assert (killed / "metrics.json").read_bytes() == (whole / "metrics.json").read_bytes()
