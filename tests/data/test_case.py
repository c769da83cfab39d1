from pathlib import Path

from data import Case, Frame


def test_an_anchored_case_finds_its_media_when_it_is_read_elsewhere(tmp_path: Path, monkeypatch):
    case = Case(id="1", images=["a.png"], frames=[Frame(path="b.png", time=1.0)], video="c.mp4").at(tmp_path)
    copy = Case.model_validate_json(case.anchored().model_dump_json())
    monkeypatch.chdir("/")
    assert [copy.path(copy.images[0]), copy.path(copy.frames[0].path)] == [tmp_path / "a.png", tmp_path / "b.png"]
    assert (copy.path(copy.video), copy.audio, case.images) == (tmp_path / "c.mp4", None, ["a.png"])
