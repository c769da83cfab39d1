"""The house stands: floors, the size of its rooms, and nothing of one machine in what is committed."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {"data": 1, "prompts": 2, "rewards": 3, "rl": 4}
MODULES = [path for package in FLOORS for path in sorted((ROOT / package).rglob("*.py"))]

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


def test_files_stay_small() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert not {name: size for name, size in sizes.items() if size > 350}


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


def test_the_lock_has_names_and_versions_only() -> None:
    pin = re.compile(r'[a-z0-9-]+==[0-9][0-9a-z.]*(; python_version [<>=]+ "3\.\d+")?')
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    assert not [line for line in lines if not line.startswith("#") and not pin.fullmatch(line)]


def test_nothing_of_the_house_is_ignored() -> None:
    """What git ignores is neither committed, nor linted, nor packed."""
    paths = [str(path.relative_to(ROOT)) for path in MODULES]
    done = subprocess.run(["git", "check-ignore", "--no-index", "--stdin"], cwd=ROOT, input="\n".join(paths),
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode > 1:
        pytest.skip("not a git checkout")
    assert not done.stdout.split()
