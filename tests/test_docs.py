"""What the guides show is so: their Python examples run and print what they say."""

import doctest
import importlib
import re
from pathlib import Path

import pytest
from typer.main import get_command

from rl.cli import app

ROOT = Path(__file__).parent.parent
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_examples(guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = re.sub(r"^```.*$", "", guide.read_text(encoding="utf-8"), flags=re.MULTILINE)  # a fence is no output
    examples = doctest.DocTestParser().get_doctest(text, {}, guide.name, str(guide), 0)
    assert not doctest.DocTestRunner(optionflags=FLAGS).run(examples).failed


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", guide.read_text(encoding="utf-8"))
    assert not [link for link in links if not (guide.parent / link).exists()]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_commands_have_the_options_that_are_shown(guide: Path) -> None:
    for line in re.findall(r"^\$ ruling (.*)$", guide.read_text(encoding="utf-8"), flags=re.MULTILINE):
        command, words = get_command(app), line.split()
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        known = {option for param in command.params for option in param.opts}
        if not command.context_settings.get("ignore_unknown_options"):  # recipe keys are checked by their recipe
            assert {word for word in words if word.startswith("--")} <= known, line


EXAMPLES = [
    path
    for floor in ("data", "prompts", "rl")
    for path in sorted((ROOT / floor).rglob("*.py"))
    if ">>>" in path.read_text()
]


@pytest.mark.parametrize("module", [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in EXAMPLES])
def test_examples_in_docstrings(module: str) -> None:
    assert not doctest.testmod(importlib.import_module(module)).failed
