"""What a model looked at stands beside its ruling: step by step, with the parts of pictures that it saw."""

import base64
import io
from pathlib import Path

from PIL import Image

from data import Brief, Case, Region, Rule, Rulebook, Ruling
from prompts import Episode, Look, write
from prompts.episode import Turn
from rl.evaluation import Prediction
from rl.evaluation.page.album import Album
from rl.evaluation.page.recordings import Recordings
from rl.evaluation.page.records import Shown, record

BOOK = Rulebook(name="one", rules=(Rule(id="GUN-1", text="No guns."),))


def test_steps_come_with_crops_of_the_largest_version(tmp_path: Path) -> None:
    large = Image.new("RGB", (80, 80), "white")
    large.paste((255, 0, 0), (60, 60, 80, 80))
    large.save(tmp_path / "large.png")
    large.resize((20, 20)).save(tmp_path / "small.png")
    case = Case(id="a", images=["small.png"], originals=["large.png"]).with_root(tmp_path)
    box = (0.75, 0.75, 1.0, 1.0)
    looks = (
        Look(tool="zoom", arguments='{"image": 0}', regions=(Region(image=0, region=box),), pictures=1),
        Look(tool="<script>", error="there is no tool '<script>'"),
        Look(tool="zoom", regions=(Region(image=7, region=box), Region(frame=3, region=box))),
    )
    said = write(Ruling(reasoning="GUN-1: clear", verdict="approve", confidence=0.9))
    turns = (Turn("<tool_call>"), Turn("(picture)", "tool", looks=looks), Turn(said))
    prediction = Prediction.read(Episode("a", turns), Brief(case, BOOK))
    album = Album(tmp_path / "none")
    [[answer]] = record(Shown("test", case, BOOK, [prediction], [[prediction]]), album, {}, Recordings(tmp_path))[
        "answers"
    ]
    zoomed, failed, gone = answer["looks"]
    assert zoomed["told"] == "zoom: image 0 at [0.75, 0.75, 1, 1]" and len(zoomed["crops"]) == 1
    assert failed == {"told": "<script>: there is no tool '<script>'", "asked": "{}", "failed": True}
    assert "crops" not in gone, "the case has no such pictures any more"
    crop = album.thumbnails()[zoomed["crops"][0]["number"]]
    image = Image.open(io.BytesIO(base64.b64decode(crop["webp"])))
    assert (
        image.size == (20, 20)
        and image.convert("RGB").getpixel((10, 10))[0] > 200 > image.convert("RGB").getpixel((10, 10))[1]
    )
