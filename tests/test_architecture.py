"""The house stands: floors, rooms and files in order, and nothing of one machine in what is committed."""

import ast
import re
import subprocess
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

from tests.graph import import_graph

ROOT = Path(__file__).parent.parent
FLOORS = {"data": 1, "prompts": 2, "rewards": 3, "rl": 4}
MODULES = [path for package in FLOORS for path in sorted((ROOT / package).rglob("*.py"))]

ROOMS = [
    {"config", "terminal", "shared_prefix"},
    {"desk", "runs"},
    {"models"},
    {"generation"},
    {"evaluation", "serving"},
    {"curation"},
    {"training"},
    {"demo"},
    {"cli"},
]
"""The rooms of `rl`: each may import those on the steps before its own, and none on its own step."""

# Written in pieces, so that this file does not name what it forbids.
MACHINE_PATHS = re.compile("|".join(["/work" + "/", "/farm" + "/", "/root" + "/", "/tmp" + r"/\w", r"/home" + r"/\w"]))
REGISTRY_HOSTS = re.compile("|".join(["pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.org"]))


def imported(tree: ast.AST) -> Iterator[str]:
    """The top-level names of all packages that a module imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def code(path: Path) -> str:
    """A module without its docstrings and comments."""
    return ast.unparse(_Undocumented().visit(ast.parse(path.read_text("utf-8"))))


class _Undocumented(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        if isinstance(node.value, ast.Constant):
            node.value = ast.Constant("")
        return node


def committed_text() -> Iterator[tuple[str, str]]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        raw = path.read_bytes() if path.is_file() else b""
        if b"\0" not in raw:
            yield name, raw.decode("utf-8", errors="replace")


def test_imports_are_found_wherever_they_stand() -> None:
    source = "import a.b, c\nfrom d.e import f\nfrom . import g\ndef h():\n    if True:\n        from i import j\n"
    assert list(imported(ast.parse(source))) == ["a", "c", "d", "i"]


def test_imports_point_down() -> None:
    assert len(MODULES) > 20
    upward = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in MODULES
        for name in imported(ast.parse(path.read_text(encoding="utf-8")))
        if FLOORS.get(name, 0) > FLOORS[path.relative_to(ROOT).parts[0]] or name in ("tests", "benchmarks")
    ]
    assert not upward


def test_no_script_hides_a_package() -> None:
    """Python looks in a script's own folder first: ``benchmarks/data.py`` would be every benchmark's ``data``."""
    assert not {path.stem for path in (ROOT / "benchmarks").glob("*.py")} & FLOORS.keys()


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_the_import_graph_is_that_of_the_files(tmp_path: Path) -> None:
    files = {
        "a/__init__.py": "from a.b import f\n",
        "a/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import d\nimport os\n",
        "a/d.py": "def g():\n    import a.b\n    from a.e import lazy\n",
        "a/e/__init__.py": "import lazy_loader\n",
        "a/e/__init__.pyi": "from .deep import lazy\n",
        "a/e/deep.py": "from a import b, d, f\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert import_graph(tmp_path, ["a"]) == {
        "a": {"a.b"},
        "a.b": set(),
        "a.d": {"a.b", "a.e"},
        "a.e": {"a.e.deep"},
        "a.e.deep": {"a", "a.b", "a.d"},
    }


def test_no_file_imports_itself_by_a_detour() -> None:
    graph = import_graph(ROOT, FLOORS)
    assert len(graph) == len(MODULES)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" ← ".join(error.args[1]))


def test_rooms_import_those_below_them() -> None:
    step = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}
    graph = import_graph(ROOT, ["rl"])
    room = {module: module.split(".")[1] for module in graph if module != "rl"}
    assert set(room.values()) == step.keys()
    between = [(module, to) for module in room for to in graph[module] & room.keys() if room[module] != room[to]]
    assert not {f"{module} imports {to}" for module, to in between if step[room[to]] >= step[room[module]]}


def test_files_are_neither_long_nor_scraps() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert not {name: size for name, size in sizes.items() if size > 350}
    # A face is as short as what it gives, and metrics and tools need files of their own.
    own = {name: size for name, size in sizes.items() if not re.search(r"__init__\.py$|/metrics/|/tools/", name)}
    assert not {name for name, size in own.items() if size < 25}
    assert 60 <= median(size for name, size in own.items() if name.startswith("rl/")) <= 150


ONCE = {
    r"\.excerpt\(\w+(\.\w+)*\.rules": {"data/brief.py"},
    r"def gravest": {"data/gold.py"},
}
"""What stands in one place only: where a case is bound to its excerpt, and what the gravest broken rule is."""


@pytest.mark.parametrize("pattern", ONCE)
def test_one_place_decides(pattern: str) -> None:
    found = {str(path.relative_to(ROOT)) for path in MODULES if re.search(pattern, code(path))}
    assert found == ONCE[pattern]


@pytest.mark.parametrize(
    ("name", "text"), [("a path", "cd /work" + "/main"), ("a host", "https://pypi" + ".org/simple")]
)
def test_what_is_forbidden_is_recognised(name: str, text: str) -> None:
    assert MACHINE_PATHS.search(text) or REGISTRY_HOSTS.search(text)


def test_no_committed_file_names_a_machine_path_or_a_registry() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in committed_text()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATHS.search(line) or REGISTRY_HOSTS.search(line)
    ]
    assert not found


def test_the_lock_has_names_versions_and_hashes_only() -> None:
    pin = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [^;\\/]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n")
    text = "".join(re.findall(r"^(?!#).*\n", (ROOT / "requirements.lock").read_text("utf-8"), re.M))
    assert not pin.sub("", text)


def test_nothing_of_the_house_is_ignored() -> None:
    """What git ignores is neither committed, nor linted, nor packed."""
    paths = [str(path.relative_to(ROOT)) for path in MODULES]
    done = subprocess.run(["git", "check-ignore", "--no-index", "--stdin"], cwd=ROOT, input="\n".join(paths),
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode > 1:
        pytest.skip("not a git checkout")
    assert not done.stdout.split()
