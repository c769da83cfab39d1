import os
import subprocess
import sys
from pathlib import Path

import pytest

from data import Case, DataError, allow_media
from data.media.folder import ALLOWED, MediaFolder


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED, "")


@pytest.fixture
def folder(tmp_path: Path) -> MediaFolder:
    """A folder of cases, and a secret beside it."""
    (tmp_path / "cases" / "media").mkdir(parents=True)
    (tmp_path / "cases-private").mkdir()
    for name in ("cases/media/1.png", "secret.png", "cases-private/1.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "cases" / "link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "cases" / "up").symlink_to(tmp_path)
    (tmp_path / "cases" / "inner.png").symlink_to("media/1.png")
    return MediaFolder(tmp_path / "cases")


@pytest.mark.parametrize("name", ["media/1.png", "./media/../media/1.png", "inner.png", "gone.png", "media"])
def test_what_lies_in_the_folder_is_reached(folder: MediaFolder, name: str) -> None:
    assert folder.path(name) == folder.root / name
    assert folder.has(name) is (name not in ("gone.png", "media"))


def test_an_absolute_path_into_the_folder_is_reached(folder: MediaFolder) -> None:
    assert folder.has(str(folder.root / "media" / "1.png"))


def outside(folder: MediaFolder) -> list[str]:
    secret = folder.root.parent / "secret.png"
    return [
        "../secret.png",
        "media/../../secret.png",
        "../cases-private/1.png",
        str(secret),
        "link.png",
        "up/secret.png",
    ]


def test_what_lies_elsewhere_is_not(folder: MediaFolder) -> None:
    for name in outside(folder):
        with pytest.raises(DataError, match=r"lies outside of the folder of the cases, .*--allow-media DIR"):
            folder.path(name)
        assert not folder.has(name)


@pytest.mark.parametrize("name", ["a\0b.png", "\ud800.png"])
def test_what_can_be_no_name(folder: MediaFolder, name: str) -> None:
    with pytest.raises(DataError, match="can be no file's name"):
        folder.path(name)
    assert not folder.has(name)


def test_allowed_folders_are_reached_here_and_in_processes_started_from_here(folder: MediaFolder) -> None:
    allow_media(folder.root.parent / "cases-private")
    assert folder.has("../cases-private/1.png") and not folder.has("../secret.png")
    allow_media(folder.root.parent, folder.root / "media")
    assert all(folder.has(name) for name in outside(folder))
    code = "from pathlib import Path; from data.media.folder import MediaFolder as F; "
    code += f"print(F(Path({str(folder.root)!r})).has('../secret.png'))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "True"
    allow_media()
    assert not folder.has("../secret.png")


def test_only_a_folder_can_be_allowed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: no such folder"):
        allow_media(tmp_path / "gone")
    assert os.environ[ALLOWED] == ""


def test_a_case_keeps_to_its_folder(folder: MediaFolder) -> None:
    case = Case(id="1", images=["../secret.png"])
    assert case.path("../secret.png") == Path("../secret.png"), "of no file: whoever made it knows"
    with pytest.raises(DataError, match="lies outside"):
        case.with_root(folder.root).path("../secret.png")
