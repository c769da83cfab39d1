"""The store: what was made is there whole; what was damaged since is made anew, and odd names are none of its own."""

from pathlib import Path

import pytest

from data.preparing.store import MADE, Store


@pytest.mark.parametrize("damage", ["{}", '{"made": ', None])
def test_what_was_damaged_is_made_anew(damage: str | None, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    asked: list[Path] = []

    def made() -> str:
        folder, found = Store(tmp_path).made("notes", tmp_path / "a.txt", None, lambda draft: asked.append(draft) or 5)
        assert found == 5
        return folder

    place = tmp_path / made() / MADE
    assert made() == str(place.parent.relative_to(tmp_path)) and len(asked) == 1
    place.unlink() if damage is None else place.write_text(damage)
    assert made() and len(asked) == 2


def test_an_ending_as_long_as_a_name_is_none(tmp_path: Path) -> None:
    source = tmp_path / f"b.{'x' * 240}"
    source.write_text("b")
    kept = Store(tmp_path / "out").kept(source)
    assert "." not in kept and (tmp_path / "out" / kept).read_text() == "b"
