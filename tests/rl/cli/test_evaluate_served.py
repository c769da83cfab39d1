"""``ruling evaluate --endpoint``: what it says, what it leaves on disk, and what no file holds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from data import DataError
from rl.cli import app
from rl.cli.served import read_object, read_token_prices
from tests.everything_in import everything_in
from tests.rl.generation.zoo import POISON, REFUSALS, Zoo, serving

CASES = 12


@pytest.fixture
def server() -> Iterator[Zoo]:
    with serving(Zoo(REFUSALS["a content filter"])) as zoo:
        yield zoo


@pytest.fixture
def cases(toy: Path, tmp_path: Path) -> Path:
    """A file of cases, the fourth of which upsets the server."""
    rows = [json.loads(line) for line in (toy / "text.jsonl").read_text().splitlines()[:CASES]]
    rows[3]["text"] = {"body": POISON}
    file = tmp_path / "ads" / "test.jsonl"
    file.parent.mkdir()
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def evaluated(url: str, cases: Path, toy: Path, out: Path, *options: Any) -> Result:
    words = ["evaluate", "--endpoint", url, "--model", "org/m", "--data", cases, "--rulebook", toy / "rules.yaml"]
    return CliRunner().invoke(app, [str(word) for word in [*words, "--out", out, *options]], env={"COLUMNS": "200"})


def test_a_refused_case_is_counted_and_said(server: Zoo, cases: Path, toy: Path, tmp_path: Path) -> None:
    options = ["--extra-body", '{"top_k": 5}', "--token-prices", "1000,1000000"]
    found = evaluated(server.url, cases, toy, tmp_path / "out", *options)
    assert found.exit_code == 0, found.exception
    assert "12 cases, 1 refused by the server" in found.output
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    tokens = run["served"]["tokens"]
    assert run["served"]["refused"] == 1 and tokens["read"] == 9 * 11
    cost = (tokens["read"] * 1000 + tokens["written"] * 1e6) / 1e6
    assert f"tokens: 99 read, {tokens['written']} written; cost {cost:,.2f}" in found.output
    assert all(body["top_k"] == 5 for body in server.asked)
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["metrics"]["parse_rate"]["support"] == 12
    # The same command again asks nothing; with --retry-refused it asks for that one.
    asked, server.behaviour = len(server.asked), None
    again = evaluated(server.url, cases, toy, tmp_path / "out", *options)
    assert again.exit_code == 0 and len(server.asked) == asked and "1 refused by the server" in again.output
    mended = evaluated(server.url, cases, toy, tmp_path / "out", *options, "--retry-refused")
    assert mended.exit_code == 0 and len(server.asked) == asked + 1 and "refused by the server" not in mended.output


def test_more_errors_than_are_let_pass_stop_the_run(server: Zoo, cases: Path, toy: Path, tmp_path: Path) -> None:
    found = evaluated(server.url, cases, toy, tmp_path / "out", "--max-errors", 0)
    assert isinstance(found.exception, DataError) and "1 requests were refused or failed" in str(found.exception)


@pytest.mark.parametrize("option", ["--max-errors=1", "--retry-refused", "--extra-body={}", "--token-prices=1,2"])
def test_what_is_about_a_server_needs_one(option: str, cases: Path, toy: Path, tmp_path: Path) -> None:
    words = ["evaluate", "model", "--data", cases, "--rulebook", toy / "rules.yaml", "--out", tmp_path / "out", option]
    found = CliRunner().invoke(app, [str(word) for word in words])
    assert isinstance(found.exception, DataError) and "it goes with --endpoint" in str(found.exception)


@pytest.mark.parametrize("given", ["1", "1,2,3", "x,1", "nan,1", "-1,2", "1e999,0"])
def test_prices_of_tokens_are_two_numbers(given: str) -> None:
    with pytest.raises(DataError, match="prices of a million tokens"):
        read_token_prices(given)


@pytest.mark.parametrize("given", ["[1]", "{", "5", "[" * 100_000])
def test_extra_bodies_are_objects(given: str) -> None:
    with pytest.raises(DataError, match="--extra-body"):
        read_object(given, "--extra-body")


KEY, PASSWORD, CODE, CANARY = "sk-4f1c0ffee", "hunter2-9d3a", "c0de-51f7", "canary-8be2"
USER = "user-77ab"
SECRETS = (KEY, PASSWORD, CODE, CANARY, USER)


@pytest.mark.parametrize("behaviour", ["answers", "repeats what it was told", "gives nothing"])
def test_no_file_holds_a_secret_or_a_path_of_the_machine(
    server: Zoo, cases: Path, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("RULING_CANARY", CANARY)
    monkeypatch.setenv("OPENAI_LOG", "debug")

    def telling(handler: Any, body: dict[str, Any]) -> None:
        told = f"{handler.path} {USER}:{PASSWORD} {KEY} {dict(handler.headers)}"
        handler.say({"error": {"message": told, "code": "content_filter"}}, 400)

    server.behaviour = {"answers": None}.get(behaviour, telling)
    server.everywhere = behaviour == "gives nothing"
    url = server.url.replace("://", f"://{USER}:{PASSWORD}@") + f"?code={CODE}"
    out, compared = tmp_path / "out", tmp_path / "compared"
    found = evaluated(url, cases, toy, out)
    said = f"{found.output} {found.exception}"
    assert (found.exit_code == 0) is (behaviour != "gives nothing"), said
    if behaviour != "gives nothing":
        other = evaluated(url, cases, toy, tmp_path / "other")
        folders = ["compare", str(out), str(tmp_path / "other"), "--out", str(compared / "report.html")]
        both = CliRunner().invoke(app, folders)
        assert other.exit_code == both.exit_code == 0, both.exception
        said += both.output
    # It was all sent.
    assert (
        server.paths[0] == f"/v1/chat/completions?code={CODE}"
        and server.headers[0]["authorization"] != f"Bearer {KEY}"
    )
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > (10 if behaviour != "gives nothing" else 1)
    for file in files:
        held = everything_in(file)
        assert not [secret for secret in SECRETS if secret in held], file.name
        if file.suffix == ".html":
            assert str(tmp_path) not in held and str(Path.home()) not in held
    assert not [secret for secret in SECRETS if secret in said]
