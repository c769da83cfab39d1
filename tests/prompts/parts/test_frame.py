"""A frame is a picture that knows when it was seen."""

from pathlib import Path

from PIL import Image

from data import Case, Frame
from prompts.parts import Picture, TimedFrame


def test_those_of_a_case_have_their_times(tmp_path: Path) -> None:
    case = Case(id="b-17", images=["x.png"], frames=[Frame(path="f/0.jpg", time=0), Frame(path="f/1.jpg", time=1.5)])
    frames = TimedFrame.of(case.with_root(tmp_path))
    assert [(f.name, f.time, f.case) for f in frames] == [("frame 0", 0.0, "b-17"), ("frame 1", 1.5, "b-17")]
    assert [f.label for f in frames] == ["frame 0, at 0 s", "frame 1, at 1.5 s"]
    assert [f.path for f in frames] == [str(tmp_path / "f" / name) for name in ("0.jpg", "1.jpg")]
    assert not TimedFrame.of(Case(id="still", images=["x.png"]))


def test_it_is_encoded_as_the_picture_that_it_is(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    frame, picture = TimedFrame(str(tmp_path / "a.png"), time=2), Picture(str(tmp_path / "a.png"))
    assert frame.for_row() == picture.for_row() and frame.for_server(20) == picture.for_server(20)
    assert frame.for_processor()["image"].tobytes() == picture.for_processor()["image"].tobytes()


def test_two_times_are_two_frames() -> None:
    assert TimedFrame("a.png", time=1) != TimedFrame("a.png", time=2)
    assert TimedFrame("a.png", time=1) != Picture("a.png")
