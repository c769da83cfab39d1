"""A name such as ``a:x:b`` is printed as it is, and not as a picture."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_no_console_makes_pictures_of_names() -> None:
    calls = [
        (path.relative_to(ROOT).as_posix(), node)
        for path in sorted((ROOT / "rl").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Console"
    ]
    assert len(calls) > 10
    for path, call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("emoji") == "False", f"{path}:{call.lineno}"
