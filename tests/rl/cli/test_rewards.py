"""``ruling rewards``: what is printed, what is written, and how wrong input is named."""

import json
import re
import sys
from pathlib import Path

import pytest

from data import save_cases
from prompts import Episode, write
from rewards.testing.small import BOOK, ideal, rejecting, rule_on
from rl.cli import main
from rl.runs.rollouts import Rollout, RolloutLog

HOSTILE = "\x1b[2J[red]\u202e"
CASE = rejecting()
TEXTS = [write(ideal(CASE)), write(rule_on("reject", "CURE-1")), write(rule_on("approve")), HOSTILE]
RUBRIC = """\
name: evidence_only
craft: {evidence: 0.5}
prices: {miss: 1}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cases with their rulebook beside them, completions, a run, and a rubric of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    save_cases([CASE, CASE.model_copy(update={"id": "other"})], "cases.jsonl")
    Path("rulebook.yaml").write_text(json.dumps(BOOK.model_dump(mode="json")), "utf-8")  # JSON is YAML
    Path("own.yaml").write_text(RUBRIC, "utf-8")
    rows = [{"id": "c-1", "completion": text} for text in TEXTS]
    Path("completions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    Path("lost.jsonl").write_text('{"id": "c-2", "completion": ""}\n', "utf-8")
    totals = (1.0, 1.2, 0.1, -9.0)
    RolloutLog(Path("run/rollouts")).write(
        [
            Rollout(0, Episode.plain("c-1", text, n), total, 0.0)
            for n, (text, total) in enumerate(zip(TEXTS, totals, strict=True))
        ]
    )
    facts = {"recipe": {"data": {"train": ["cases.jsonl"], "rulebook": "rulebook.yaml"}}}
    Path("run/run.json").write_text(json.dumps(facts), "utf-8")
    return tmp_path


@pytest.fixture
def ruling(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(command: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["ruling", "rewards", *command.split()])
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        assert int(exit_.value.code or 0) == code, err
        return out if code == 0 else err

    return run


def row(said: str, name: str) -> list[str]:
    """The cells of a table's row."""
    [line] = [line for line in said.splitlines() if re.match(rf"│ {re.escape(name)} +│", line)]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_show_prints_a_rubric_with_the_escalation_band(folder: Path, ruling):
    said = ruling("show own.yaml")
    assert row(said, "evidence")[1:4] == ["craft", "0.5", "0 … 1"]
    assert row(said, "high") == ["high", "-1.5", "0.28 … 0.65"]
    assert "evidence_only" in said and "a closed gate, -2.5" in said
    assert row(ruling("show default"), "rulebook_consistency")[1:3] == ["gate", "must be 1"]


def test_show_tells_what_code_a_rubric_runs(folder: Path, ruling):
    assert "runs code" not in ruling("show own.yaml") + ruling("show default")
    names = ("here", "there", "elsewhere")
    for name in names:
        Path(f"{name}_rewards.py").write_text(
            f"from rewards import reward\n\n@reward(name='{name}_in_cli', range=(0, 1))\n"
            f"def {name}(ruling, case, excerpt):\n    return 1.0\n",
            "utf-8",
        )
    Path("coded.yaml").write_text(
        'name: coded\ncraft: {evidence: 0.1, "here_rewards.py:here": 0.1}\ngates: ["there_rewards.py:there"]\n'
        'overrides: {money: {penalties: {"elsewhere_rewards.py:elsewhere": 0.1, '
        '"tests.rewards.test_batch:Recording": 0.1}}}\n',
        "utf-8",
    )
    said = ruling("show coded.yaml")
    told = [line for line in said.splitlines() if "runs code when it is loaded" in line]
    assert [line.removeprefix("runs code when it is loaded: ").strip() for line in told] == [
        "there_rewards.py (there)",
        "here_rewards.py (here)",
        "elsewhere_rewards.py (elsewhere)",
        "tests.rewards.test_batch (Recording)",
    ]


def test_show_tells_of_schedules_and_categories(folder: Path, ruling):
    Path("wide.yaml").write_text(
        "name: wide\nprices: {miss: {0: 1, 0.5: 4}}\noverrides: {money: {prices: {miss: 6}}}\n", "utf-8"
    )
    said = ruling("show wide.yaml --at 0.25")
    assert "prices.miss: 1 at 0 %, 4 at 50 % of the training" in said
    own, money = said.split("where the gravest violation lies in money")
    assert row(own, "medium")[1] == "-2.5"
    assert row(money, "medium")[1] == "-6"


def test_score_prints_every_reward_and_writes_every_component(folder: Path, ruling):
    said = ruling("score --rubric own.yaml --data cases.jsonl --completions completions.jsonl --out scores.parquet")
    assert row(said, "verdict")[1:5] == ["-0.500", "1.500", "-2.000", "1.000"]
    assert row(said, "total")[6:] == ["4", "0"]
    assert "no ruling: 1 of 4 (25.0%) (1 no_think)" in said
    assert Path("scores.parquet").is_file()
    again = ruling("score --rubric own.yaml --data cases.jsonl --completions scores.parquet")
    assert again == said.replace("written to scores.parquet\n", "")


def test_a_card_says_why(folder: Path, ruling):
    said = ruling("score --rubric own.yaml --data cases.jsonl --completions run --case c-1")
    assert row("\n".join(line[2:-2] for line in said.splitlines()), "verdict")[1:] == ["1.000", "1", "+1.000", "right"]
    assert "total 1.800" in said
    said = ruling("score --rubric own.yaml --data cases.jsonl --completions run --case c-1 --sample 3")
    assert "the floor" in said and "[red]" in said and "\x1b" not in said and "\u202e" not in said


def test_replay_shows_what_moves(folder: Path, ruling):
    said = ruling("replay run --rubric own.yaml")
    assert row(said, "another completion is best")[1] == "1 of 1 (100.0%) groups"
    assert row(said, "pairs that change places")[1] == "1 of 6 (16.7%)"
    assert "was best" in said and "c-1, step 0" in said
    assert "was best" not in ruling("replay run --rubric own.yaml --examples 0")
    said = ruling("replay run --rubric own.yaml --rubric-old own.yaml")
    assert row(said, "Kendall's tau-b")[1].startswith("1.000")


def test_forecast_sets_the_rubrics_side_by_side(folder: Path, ruling):
    said = ruling("forecast run --rubric own.yaml")
    assert row(said, "groups that teach nothing (zero variance)")[1:] == ["0.0%", "0.0%"]
    assert row(said, "earn the floor")[1:] == ["–", "25.0%"]
    Path("gated.yaml").write_text("name: gated\ngates: [rulebook_consistency]\n", "utf-8")
    said = ruling("forecast run --rubric own.yaml --rubric-old gated.yaml")
    assert row(said, "earn the floor")[1:] == ["25.0%", "25.0%"]


def test_faults_are_told_once_by_reward_and_case(folder: Path, ruling):
    Path("broken.py").write_text(
        "from rewards import reward\n\n"
        "@reward(name='breaks_in_cli', range=(0, 1))\n"
        "def breaks(ruling, case, excerpt):\n    raise KeyError('market')\n",
        "utf-8",
    )
    Path("broken.yaml").write_text(
        'name: broken\nunscored_limit: 0.75\npenalties: {"broken.py:breaks": 0.1}\n', "utf-8"
    )
    told = "'breaks_in_cli' failed on 3 of 4 (75.0%); first on case 'c-1': KeyError: 'market'"
    said = ruling("score --rubric broken.yaml --data cases.jsonl --completions completions.jsonl")
    assert said.count(told) == 1 and row(said, "breaks_in_cli")[6:] == ["1", "3"]
    assert ruling("replay run --rubric broken.yaml").count(told) == 1
    said = ruling("forecast run --rubric broken.yaml --rubric-old broken.yaml")
    assert said.count(told) == 1 and row(said, "unscored")[1:] == ["75.0%", "75.0%"]
    Path("broken.yaml").write_text('name: broken\npenalties: {"broken.py:breaks": 0.1}\n', "utf-8")
    for verb in ("score --data cases.jsonl --completions completions.jsonl", "replay run", "forecast run"):
        said = ruling(f"{verb} --rubric broken.yaml", code=1)
        assert "3 of 4 completions stayed unscored, and rubric 'broken' allows 25%" in said


def test_hostile_rollouts_move_no_cursor(folder: Path, ruling):
    Path("run/rollouts/00000000-0.parquet").unlink()
    RolloutLog(Path("run/rollouts")).write(
        [
            Rollout(0, Episode.plain("c-1", HOSTILE), 1.0, 0.0, {HOSTILE: 1.0}),
            Rollout(0, Episode.plain("c-1", write(ideal(CASE)), 1), 0.0, 0.0, {HOSTILE: 0.0}),
        ]
    )
    for command in ("replay", "forecast"):
        said = ruling(f"{command} run --rubric own.yaml")
        assert "\x1b" not in said and "\u202e" not in said
    assert "⟨U+001B⟩[2J[red]⟨U+202E⟩" in ruling("replay run --rubric own.yaml")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("show bilboard", "bilboard: no such rubric .did you mean 'billboard'"),
        (
            "score --rubric own.yaml --data none.jsonl --completions run",
            "there is no rulebook.yaml|none.jsonl: no such",
        ),
        ("score --rubric own.yaml --data cases.jsonl --completions lost.jsonl", "lost.jsonl:1: id: there is no case"),
        (
            "score --rubric own.yaml --data cases.jsonl --completions run --case c-1 --out a.parquet",
            "leave out --case",
        ),
        (
            "score --rubric own.yaml --data cases.jsonl --completions run --case c-7",
            "no case 'c-7' in the data .*'c-1'",
        ),
        ("score --rubric own.yaml --data cases.jsonl --completions run --case other", "run: holds 0 completions of"),
        ("replay cases.jsonl --rubric own.yaml", "cases.jsonl: not a Parquet file"),
        ("forecast none --rubric own.yaml", "none: there is no such run"),
    ],
)
def test_wrong_input_is_named_in_one_line(folder: Path, ruling, command: str, message: str):
    *_, said = ruling(command, code=2).strip().splitlines()
    assert re.search(message, said), said
