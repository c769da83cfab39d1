"""The import graph of files: which imports which, at whatever place in it, but not for types alone."""

import ast
from collections.abc import Collection, Iterable, Iterator
from importlib.util import resolve_name
from pathlib import Path

Graph = dict[str, set[str]]
"""Module → the modules that it imports."""


def import_graph(root: Path, packages: Iterable[str]) -> Graph:
    """The graph of all modules of some packages in a folder.

    ``from a import b`` imports the module ``a.b`` where there is one, else ``a``. A face that imports on demand is
    taken to import all that its stub says.
    """
    files = [file for package in packages for file in sorted((root / package).rglob("*.py"))]
    modules = {_dotted(file.relative_to(root)): file for file in files}
    return {name: set(_imported(name, file, modules)) for name, file in modules.items()}


def _imported(name: str, file: Path, modules: Collection[str]) -> Iterator[str]:
    stub = file.with_suffix(".pyi")
    package = name if file.stem == "__init__" else name.rpartition(".")[0]
    for node in _run(ast.parse((stub if stub.exists() else file).read_text("utf-8"))):
        found = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = resolve_name("." * node.level + (node.module or ""), package)
            inside = [f"{start}.{alias.name}" for alias in node.names]
            found = [module if module in modules else start for module in inside]
        yield from (module for module in found if module in modules)


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node below one that is not under ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield node
            yield from _run(node)


def _dotted(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
