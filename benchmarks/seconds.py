"""How long people wait: for imports, for the audit of a reward on real data, for the page of 50,000 cases.

    python benchmarks/seconds.py
    python benchmarks/seconds.py --only imports --runs 9

Medians of some runs, each in a process of its own, one at a time: by the clock, and of the processor, whose time tells
more where a machine is busy. The processes that a run starts and waits for count.

- **Imports**, the start of Python included. *Libraries alone*: the modules of others that were loaded, loaded in the
  same order without Ruling; the rest is Ruling's own.
- **Audit**: `ruling rewards audit` of the shipped rubric on all cases of a set; `RULING_REAL_DATA` names the folder of
  the sets. Those that are not there are left out.
- **Page**: with two models. *Made* is `write_report`, of a few cases first: what counts figures is loaded meanwhile.
  The rest is headless Chromium's, by the clock alone, and left out where it or Playwright is not installed.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent.parent
SETS = {"ec_darkpattern": "dataset.tsv", "kuaimod": "benchmark.jsonl", "contextdp": "labels.csv"}
"""The file of each real set that is converted."""
OURS = ("data", "prompts", "rewards", "rl", "__main__")
HELP = "import sys; from rl.cli import main; sys.argv = ['ruling', '--help']; main()"
IMPORTS = {name: f"import {name}" for name in ("rewards", "rl")} | {"ruling --help": HELP}
SAID = "import atexit, json, sys; atexit.register(lambda: print(json.dumps(list(sys.modules)), file=sys.stderr)); "
ALONE = """
import contextlib, importlib, json, sys
for name in json.load(sys.stdin):
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
"""

Seconds = tuple[float, float | None]
"""By the clock, and of the processor where that is known."""
Times = Iterator[tuple[str, list[Seconds]]]


def main() -> None:
    kinds: dict[str, Callable[[int], Times]] = {"imports": imports, "audit": audits, "page": pages}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=kinds)
    parser.add_argument("--page", type=int, metavar="CASES", help=argparse.SUPPRESS)  # one run of it, see `pages`
    given = parser.parse_args()
    if given.page:
        print(json.dumps(page(given.page)))
        return
    table = Table("what", "seconds", "processor", title=f"Medians of {given.runs} runs")
    before = os.getloadavg()
    for name in [given.only] if given.only else kinds:
        for what, times in kinds[name](given.runs):
            table.add_row(what, *map(middle, zip(*times, strict=True)))
    loads = " and ".join(f"{load:.1f}" for load in (before[0], os.getloadavg()[0]))
    console = Console(width=100)
    console.print(table, f"{os.cpu_count()} cores, load {loads} at the beginning and the end")


def middle(seconds: tuple[float | None, ...]) -> str:
    known = [one for one in seconds if one is not None]
    return f"{statistics.median(known):.2f}" if known else "–"


def timed(*words: str, given: str = "") -> tuple[Seconds, "subprocess.CompletedProcess[str]"]:
    """A run of Python, and what it said."""
    spent, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([sys.executable, *words], cwd=HERE, input=given, capture_output=True, text=True, check=True)
    clock, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return (clock, after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime), done


def imports(runs: int) -> Times:
    yield "Python alone", [timed("-c", "")[0] for _ in range(runs)]
    for name, code in IMPORTS.items():
        loaded = json.loads(timed("-c", SAID + code)[1].stderr.splitlines()[-1])
        theirs = json.dumps([module for module in loaded if module.partition(".")[0] not in OURS])
        both = [(timed("-c", code)[0], timed("-c", ALONE, given=theirs)[0]) for _ in range(runs)]
        yield name if " " in name else code, [whole for whole, _ in both]
        yield "… its libraries alone", [alone for _, alone in both]


def audits(runs: int) -> Times:
    from data import save_cases
    from data.foreign.convert import convert_file

    real = Path(os.environ.get("RULING_REAL_DATA", HERE.parent / "shared" / "data"))
    for name, file in SETS.items():
        if not (real / name / file).is_file():
            print(f"no {name}: {real / name / file} is not there", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as folder:
            cases = convert_file(real / name / file, name, Path(folder)).cases
            path = Path(folder) / "cases.jsonl"
            save_cases(cases, path)
            code = "from rl.cli import main; main()"
            words = ("-c", code, "rewards", "audit", "--rubric", name, "--data", str(path), "--rulebook", name)
            yield f"audit of {name}, {len(cases):,} cases", [timed(*words)[0] for _ in range(runs)]


def pages(runs: int, cases: int = 50_000) -> Times:
    done = [timed(__file__, "--page", str(cases))[1] for _ in range(runs)]
    print(done[0].stderr, end="", file=sys.stderr)
    found = [json.loads(one.stdout) for one in done]
    for what in found[0]:
        yield f"page: {what}", [tuple(run[what]) for run in found]


def page(count: int) -> dict[str, Seconds]:
    """What a small page takes, for which all libraries are loaded, and then a large one."""
    from large_page import evaluated, seen

    from rl.evaluation import write_report

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for cases in (8, count):
            briefs, models = evaluated(cases)
            began, spent = time.monotonic(), time.process_time()
            file = write_report(Path(folder) / "report.html", models, {"test": briefs})
            found[f"{cases:,} cases made"] = time.monotonic() - began, time.process_time() - spent
        return found | {f"{what} of {count:,}": (seconds, None) for what, seconds in seen(file, count).items()}


if __name__ == "__main__":
    main()
