"""SBOM: what a release of Ruling is made of and needs, as CycloneDX 1.6 in JSON.

    python -m release.sbom dist

writes ``ruling-VERSION.cdx.json`` beside the wheel and the source distribution that lie there. Listed are the packages
that ``pip install "ruling[deepspeed,media,qlora,retrieval]"`` brings on this platform, each with the version that is
installed, licence and what it needs itself; those that only an extra needs are optional. Nothing is asked of anybody:
all of it stands in the metadata of what is installed. The same files give the same bytes.
"""

import hashlib
import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("deepspeed", "media", "qlora", "retrieval")
"""Those for users; what developers need is no part of a release."""


def sbom(files: Iterable[Path] = (), root: str = "ruling") -> dict[str, Any]:
    """The document.

    Args:
        files: of the release, whose hashes it has.
        root: the package that is released.

    Raises:
        PackageNotFoundError: a package is needed and not installed.
    """
    released = distribution(root)
    needed, everything = _reached(released, ()), _reached(released, EXTRAS)
    brought = sorted(everything.keys() - {canonicalize_name(root)})
    components = [_component(distribution(name), name in needed) for name in brought]
    links = [_link(name, everything) for name in sorted(everything)]
    shipped = [
        {"type": "file", "name": file.name, "hashes": [{"alg": "SHA-256", "content": _sha256(file)}]}
        for file in sorted(files)
    ]
    main = _component(released) | {"type": "application", "components": shipped}
    content = {
        "metadata": {"component": main},
        "components": components,
        "dependencies": links,
    }
    number = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{number}", "version": 1}
    return head | content


def _reached(root: Distribution, extras: Iterable[str]) -> dict[str, set[str]]:
    """A package and what it brings, by canonical names, each with the extras of it that are asked for.

    What an extra needs and is not installed is left out, with all that it would bring.
    """
    found: dict[str, set[str]] = {}
    waiting = deque([(canonicalize_name(root.name), set(extras))])
    while waiting:
        name, wanted = waiting.popleft()
        if name in found and wanted <= found[name]:
            continue
        found[name] = found.get(name, set()) | wanted
        for requirement, optional in _requirements(distribution(name), found[name]):
            try:
                distribution(requirement.name)
            except PackageNotFoundError:
                if not optional:
                    raise
            else:
                waiting.append((canonicalize_name(requirement.name), set(requirement.extras)))
    return found


def _requirements(holder: Distribution, extras: Iterable[str]) -> Iterator[tuple[Requirement, bool]]:
    """What a package needs on this platform, and whether only with one of the extras."""
    for line in holder.requires or ():
        requirement = Requirement(line)
        always = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if always or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):  # type: ignore[union-attr]
            yield requirement, not always


def _component(found: Distribution, required: bool = True) -> dict[str, Any]:
    licence = _licence(found)
    return {
        "type": "library",
        "bom-ref": _ref(found),
        "name": found.name,
        "version": found.version,
        "purl": _ref(found),
        "scope": "required" if required else "optional",
    } | ({"licenses": [licence]} if licence else {})


def _licence(found: Distribution) -> dict[str, Any] | None:
    """As the package says it: an SPDX expression, or a name; None where it says nothing short."""
    if expression := found.metadata.get("License-Expression"):
        return {"expression": expression}
    classified = [line for line in found.metadata.get_all("Classifier") or () if line.startswith("License ::")]
    named = classified[0].rpartition(" :: ")[2] if classified else found.metadata.get("License") or ""
    return {"license": {"name": named.strip()}} if named.strip() and "\n" not in named.strip() else None


def _link(name: str, reached: dict[str, set[str]]) -> dict[str, Any]:
    found = distribution(name)
    names = {canonicalize_name(requirement.name) for requirement, _ in _requirements(found, reached[name])}
    return {"ref": _ref(found), "dependsOn": sorted(_ref(distribution(needed)) for needed in names & reached.keys())}


def _ref(found: Distribution) -> str:
    return f"pkg:pypi/{canonicalize_name(found.name)}@{found.version}"


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> None:
    folder = Path(sys.argv[1])
    files = [*folder.glob("*.whl"), *folder.glob("*.tar.gz")]
    if not files:
        sys.exit(f"error: {folder} holds neither wheel nor source distribution: build them first (make release)")
    document = sbom(files)
    out = folder / f"ruling-{distribution('ruling').version}.cdx.json"
    out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"{out}: {len(document['components'])} packages")


if __name__ == "__main__":
    main()
