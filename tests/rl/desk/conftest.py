"""A case with all that tools can look at, and a book that it is judged by."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from data import Brief, Case, Rule, Rulebook

BOOK = Rulebook(
    name="desk",
    rules=[
        Rule(id="GUN-1", title="guns", text="No guns in the picture."),
        Rule(id="CURE-1", title="cures", text="No miracle cures.", exceptions=("a doctor says so",), severity="high"),
        Rule(id="FEE-1", title="fees", text="No fee above 20 % for a loan."),
        Rule(id="FEE-2", title="fees", text="No fee above 40 % for a tent."),
    ],
)


@pytest.fixture
def book() -> Rulebook:
    return BOOK


@pytest.fixture
def case(tmp_path: Path) -> Case:
    large = Image.new("RGB", (400, 200), "white")
    ImageDraw.Draw(large).rectangle((300, 100, 399, 199), fill="red")
    large.save(tmp_path / "large.png")
    large.resize((100, 50)).save(tmp_path / "small.png")
    for number in range(9):
        Image.new("RGB", (64, 48), (20 * number, 0, 0)).save(tmp_path / f"{number}.png")
    return Case.model_validate(
        {
            "id": "c",
            "text": {"title": "A loan that cures", "body": "fine print " * 400},
            "images": ["small.png"],
            "originals": ["large.png"],
            "frames": [{"path": f"{number}.png", "time": number} for number in range(9)],
            "transcript": [
                {"start": 0, "end": 2, "text": "Hello."},
                {"start": 3, "end": 5, "text": "No fee at all."},
            ],
            "page": {
                "sections": [{"title": "About", "text": "Us.", "shown": False}, {"text": "30 % fee", "shown": False}]
            },
            "gold": {"verdict": "reject", "violations": [{"rule": "FEE-1"}]},
        }
    ).with_root(tmp_path)


@pytest.fixture
def brief(case: Case) -> Brief:
    """Under no rule that is shown: they are looked up."""
    return Brief.of(case.model_copy(update={"rules": []}), BOOK, retrieved=True)
