from pathlib import Path

from data import Case


def test_a_case_under_another_root_is_another_case(tmp_path: Path):
    case = Case(id="1", images=["a.png"])
    moved = case.with_root(tmp_path)
    assert moved.path("a.png") == tmp_path / "a.png" and moved == case.with_root(tmp_path)
    assert case.path("a.png") == Path("a.png"), "the one it comes from stays where it is"
