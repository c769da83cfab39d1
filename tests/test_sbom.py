"""The SBOM of a release names all that it needs, and nothing that developers alone do."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.sbom import sbom

ROOT = Path(__file__).parent.parent


def test_a_release_lists_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "ruling.whl").write_bytes(b"wheel")
    document = sbom([tmp_path / "ruling.whl"])
    components = {component["name"]: component for component in document["components"]}
    assert {"torch", "trl", "numpy", "deepspeed", "bm25s"} <= components.keys()
    assert not {"ruling", "pytest", "mypy", "ruff", "statsmodels"} & components.keys()
    assert components["torch"]["version"] == version("torch")
    assert (components["numpy"]["scope"], components["bm25s"]["scope"]) == ("required", "optional")
    (shipped,) = document["metadata"]["component"]["components"]
    expected = {"alg": "SHA-256", "content": hashlib.sha256(b"wheel").hexdigest()}
    assert shipped == {"type": "file", "name": "ruling.whl", "hashes": [expected]}


def test_each_is_named_once_and_what_it_needs_is_there() -> None:
    document = sbom()
    refs = [component["bom-ref"] for component in document["components"]]
    main = document["metadata"]["component"]["bom-ref"]
    assert len(refs) == len(set(refs)) > 80 and main not in refs
    links = {link["ref"]: link["dependsOn"] for link in document["dependencies"]}
    assert links.keys() == {main, *refs}
    reached, waiting = set(), [main]
    while waiting:
        for ref in links[waiting.pop()]:
            if ref not in reached:
                reached.add(ref)
                waiting.append(ref)
    assert reached == set(refs), "each is there for a reason"


def test_the_same_release_gives_the_same_bytes(tmp_path: Path) -> None:
    assert sbom() == sbom()
    (tmp_path / "ruling.whl").write_bytes(b"wheel")
    assert sbom([tmp_path / "ruling.whl"])["serialNumber"] != sbom()["serialNumber"]


def test_versions_are_those_of_the_lock() -> None:
    """Where they are not, somebody has installed without it."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    locked = [Requirement(line.removesuffix("\\")) for line in lines if line[0].isalpha()]
    names = {
        canonicalize_name(one.name): str(one.specifier).removeprefix("==")
        for one in locked
        if one.marker is None or one.marker.evaluate()
    }
    found = {canonicalize_name(one["name"]): one["version"] for one in sbom()["components"]}
    assert found.keys() <= names.keys()
    assert found == {name: names[name] for name in found}
