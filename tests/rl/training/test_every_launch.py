"""Every shipped recipe, with every Accelerate configuration, on one, two and eight devices: ready, or refused with a
reason. What the recipes read is small here; what is large of a model stands in a shape of its own.
"""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from data import Briefs, Case, DataError, Gold, load_cases, save_cases
from data.billboard import BillboardConfig, build
from data.billboard.desk import build_desk
from rl.config.recipe import SHIPPED, shipped_recipes
from rl.terminal.preflight import Preflight
from rl.training.launch.settings import CONFIGS, LaunchSettings
from rl.training.preflight import preflight
from rl.training.registry import KINDS, load_recipe
from tests.rl.preferences import save_halves

pytestmark = pytest.mark.slow

RECIPES = [(kind, name) for kind in KINDS for name in shipped_recipes(kind)]
LAUNCHES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
DEVICES = (1, 2, 8)
APPROVED = Gold(verdict="approve", violations=[])


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what every recipe reads."""
    from rl.config.model import TinyConfig
    from rl.training.rows import texts_of
    from rl.training.tiny_model import build as build_tiny

    folder = tmp_path_factory.mktemp("here")
    build(BillboardConfig(cases=24, test_cases=4), folder / "billboard")
    build_desk(folder / "billboard-desk", 24, 4)
    cases = load_cases(folder / "billboard" / "train.jsonl")
    save_cases(cases, folder / "motion" / "train" / "cases.jsonl")
    book = load_recipe("sft", "billboard/sft", {"data.rulebook": "billboard"}).data.rulebook
    from data import Rulebook

    briefs = Briefs.bind(cases, Rulebook.load(book))
    (folder / "billboard" / "pairs").mkdir()
    save_halves(briefs, folder / "billboard" / "pairs")
    words = [Case(id=f"w-{n}", text={"body": "Only 2 left in stock"}, gold=APPROVED) for n in range(8)]
    save_cases(words, folder / "ec_darkpattern" / "cases.jsonl")
    (folder / "contextdp").mkdir()
    Image.new("RGB", (280, 420)).save(folder / "contextdp" / "page.png")
    pages = [Case(id=f"p-{n}", images=["page.png"], gold=APPROVED) for n in range(8)]
    save_cases(pages, folder / "contextdp" / "cases.jsonl")
    sees = build_tiny(folder / "sees", texts_of(briefs, "compact"), TinyConfig(kind="vl"), 0)
    reads = build_tiny(folder / "reads", texts_of(briefs, "compact"), TinyConfig(kind="text"), 0)
    for run in ("billboard-sft", "billboard-grpo", "billboard_motion-sft"):
        shutil.copytree(sees, folder / "runs" / run / "checkpoints" / "final")
    shutil.copytree(reads, folder / "runs" / "ec_darkpattern-sft" / "checkpoints" / "final")
    large = shutil.copytree(SHIPPED / "qwen2.5-vl-3b", folder / "shape")
    config = json.loads((large / "config.json").read_text())
    config |= {"num_hidden_layers": 2, "vision_config": config["vision_config"] | {"depth": 2}}
    config["vision_config"]["fullatt_block_indexes"] = [1]
    (large / "config.json").write_text(json.dumps(config))
    pairs = folder / "contextdp" / "pairs"
    pairs.mkdir()
    contextdp = Briefs.bind(load_cases(folder / "contextdp" / "cases.jsonl"), Rulebook.load("contextdp"))
    save_halves(contextdp, pairs)
    return folder


@pytest.mark.parametrize(("kind", "name"), RECIPES)
def test_it_is_ready_or_refused(kind: str, name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    is_large = name.startswith("qwen")
    overrides = {"model.settings": str(here / "shape")} if is_large else {}
    recipe = load_recipe(kind, name, overrides)
    ready, refused = 0, set()
    for launch in LAUNCHES:
        for devices in DEVICES:
            settings = LaunchSettings.load(launch, devices)
            try:
                found = preflight(kind, name, overrides, launch, devices)
            except DataError as error:
                assert settings.is_sharded and (getattr(recipe, "muon", False) or kind == "ppo"), str(error)
                assert error.field in ("muon", "trainer.fsdp")
                refused.add(launch)
                continue
            check(found, is_large, kind, settings)
            ready += 1
    assert ready + len(DEVICES) * len(refused) == len(LAUNCHES) * len(DEVICES)
    assert bool(refused) == bool(getattr(recipe, "muon", False)) or kind == "ppo"


def check(found: Preflight, is_large: bool, kind: str, settings: LaunchSettings) -> None:
    assert found.missing == (["model"] if is_large else [])
    if kind == "retriever":  # an encoder of a few megabytes, whose lessons are as long as its context
        assert found.forecast is None
        return
    forecast = found.forecast
    assert forecast is not None and forecast.without_activations is None and forecast.activations > 0
    assert forecast.fits is not False and forecast.sharding == settings.sharding.told
