"""Every shipped recipe, with every Accelerate configuration, for one, two and eight devices: the dry run finds it
ready, or refuses it with a reason. The data are small, and large models have the shape of large ones but fewer layers.
What does not depend on how a recipe is launched is worked out once for it.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Briefs, Case, DataError, Gold, Rulebook, load_cases, save_cases
from data.billboard import BillboardConfig, build
from data.billboard.desk import build_desk
from rl.config.recipe import SHIPPED, shipped_recipes
from rl.config.train import TrainRecipe
from rl.curation.trajectories import make_trajectories
from rl.desk import Desks
from rl.models.tiny import TinySize, build_tiny
from rl.runs.excerpts import excerpts_of
from rl.runs.trajectories import save_trajectories
from rl.training import preflight as dry_run
from rl.training.forecast import foresee
from rl.training.launch.machines import Machines
from rl.training.launch.settings import CONFIGS, LaunchSettings
from rl.training.registry import KINDS, load_recipe
from rl.training.rows import texts_of
from rl.training.stage import Stage
from tests.rl.preferences import save_halves

pytestmark = pytest.mark.slow

RECIPES = [(kind, name) for kind in KINDS for name in shipped_recipes(kind)]
LAUNCHES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
DEVICES = (1, 2, 8)
APPROVED = Gold(verdict="approve", violations=[])
LARGE = "qwen2.5-vl-3b"
FORESEEN = {f"billboard/{kind}" for kind in ("sft", "reward", "grpo", "ppo")}
"""Those whose passes are imagined: one of a kind. What a forecast says, `forecast/` holds."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what every recipe reads."""
    folder = tmp_path_factory.mktemp("here")
    build(BillboardConfig(cases=12, test_cases=2), folder / "billboard")
    shutil.copytree(folder / "billboard", folder / "billboard-retrieval")
    billboard = Briefs.bind(load_cases(folder / "billboard" / "train.jsonl"), Rulebook.load("billboard"))
    _desk(folder)
    shown = folder / "shown.png"
    Image.new("RGB", (84, 84)).save(shown)
    frames = [{"path": "shown.png", "time": time} for time in (0.0, 2.5, 5.0)]
    clips = [Case(id=f"c-{n}", text={"title": "New shoes"}, frames=frames, gold=APPROVED) for n in range(4)]
    words = [Case(id=f"w-{n}", text={"body": "Only 2 left in stock"}, gold=APPROVED) for n in range(4)]
    pages = [Case(id=f"p-{n}", images=["shown.png"], gold=APPROVED) for n in range(4)]
    read = {"motion/train": clips, "live/train": clips, "ec_darkpattern": words, "contextdp": pages}
    for place, cases in read.items():
        (folder / place).mkdir(parents=True)
        shutil.copy(shown, folder / place)
        save_cases(cases, folder / place / "cases.jsonl")
    contextdp = Briefs.bind(load_cases(folder / "contextdp" / "cases.jsonl"), Rulebook.load("contextdp"))
    for briefs, place in ((billboard, "billboard"), (contextdp, "contextdp")):
        (folder / place / "pairs").mkdir()
        save_halves(briefs, folder / place / "pairs")
    _models(folder, texts_of(billboard, "compact"))
    return folder


def _desk(folder: Path) -> None:
    build_desk(folder / "billboard-desk", 6, 2)
    recipe: Any = load_recipe("sft", "billboard_desk/sft")
    excerpts = excerpts_of(folder / recipe.data.rulebook, recipe.data.excerpt)
    briefs = excerpts.bind(load_cases(folder / recipe.data.train[0]))
    made = make_trajectories(briefs, Desks.of(recipe.desk, briefs.book))
    save_trajectories(made.episodes, folder / recipe.trajectories[0])


def _models(folder: Path, texts: list[str]) -> None:
    """The runs that recipes go on from, and the shape of a large model."""
    size = TinySize(hidden=64, intermediate=128, layers=1, vision_hidden=32, vision_depth=1)
    sees, reads = build_tiny(folder / "sees", texts, "vl", size), build_tiny(folder / "reads", texts, "text", size)
    for run in ("-sft", "-grpo", "_desk_reading-sft", "_desk-sft", "_live-sft", "_motion-sft"):
        shutil.copytree(sees, folder / "runs" / f"billboard{run}" / "checkpoints" / "final")
    shutil.copytree(reads, folder / "runs" / "ec_darkpattern-sft" / "checkpoints" / "final")
    shape = shutil.copytree(SHIPPED / LARGE, folder / "shape")
    config = json.loads((shape / "config.json").read_text())
    vision = config["vision_config"] | {"depth": 1, "fullatt_block_indexes": [0]}
    (shape / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 1, "vision_config": vision}))


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a dry run does alike for every launch of a recipe, it does once."""

    def remembered(place: Any, name: str, key: Callable[..., Any], stand_in: Callable[..., Any] | None = None) -> None:
        original, known = stand_in or getattr(place, name), {}

        def call(*args: Any) -> Any:
            if (of := key(*args)) not in known:
                known[of] = original(*args)
            return known[of]

        monkeypatch.setattr(place, name, call)

    build_anew = Stage.build
    remembered(Stage, "build", lambda *_: None, lambda stage, briefs, _: build_anew(stage, briefs, tmp_path / "tiny"))
    remembered(dry_run, "load_recipe", lambda *_: None)
    remembered(dry_run, "_excerpts", lambda *_: None)
    remembered(dry_run, "_cases", lambda files, *_: tuple(files))
    remembered(Stage, "bind", lambda *_: None)
    remembered(dry_run, "_parameters", lambda *_: None)
    remembered(dry_run, "_longest", lambda *_: None)
    remembered(foresee, "Subject", lambda *given: given[-1])  # which imagines once what shardings have alike


def refusal(kind: str, recipe: TrainRecipe, launch: str, devices: int) -> str | None:
    """The field for which a combination is to be refused."""
    pieces = launch in ("zero3", "zero3_offload", "multi_node_zero3", "fsdp2")
    if devices > 1 and launch == "single_gpu":
        return "num_processes"
    if devices == 1 and launch == "multi_node_zero3":
        return "--num_processes"
    if not pieces and launch not in ("zero1", "zero2"):
        return None
    if getattr(recipe, "muon", False):
        return "muon"
    if kind in ("retriever", "distil"):
        return "accelerate"
    return "desk" if kind == "grpo" and pieces and getattr(recipe, "desk", None) else None


def fewer(recipe: TrainRecipe) -> dict[str, str]:
    """Rows and layers than a recipe for a tiny model has: imagining takes a moment for each."""
    rows = max(2, recipe.trainer.get("num_generations", 0))
    layers = {} if recipe.model.tiny is None else {"model.tiny.layers": "1"}
    return {"per_device_train_batch_size": str(rows), **layers}


@pytest.mark.parametrize(("kind", "name"), RECIPES)
def test_it_is_ready_or_refused(kind: str, name: str, here: Path, once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    if name not in FORESEEN:
        monkeypatch.setattr(dry_run, "foresee", lambda *_: None)
        monkeypatch.setattr(dry_run, "_memory", lambda _: None)
    is_large = name.startswith(LARGE)
    overrides = {"model.settings": str(here / "shape")} if is_large else fewer(load_recipe(kind, name))
    recipe, unlike = load_recipe(kind, name, overrides), []
    for launch in LAUNCHES:
        for devices in DEVICES:
            expected = refusal(kind, recipe, launch, devices)
            try:
                found = dry_run.preflight(kind, name, overrides, launch, Machines(devices))
            except DataError as error:
                if error.field != expected:
                    unlike.append(f"{launch} × {devices}: {error}")
                continue
            told = {finding.what: finding.found for finding in found.findings}
            assert set(found.missing) <= ({"model"} if is_large else set()), told
            if expected is not None:
                unlike.append(f"{launch} × {devices} is ready, and should be refused for {expected}")
            elif name in FORESEEN:
                assert found.forecast is not None
                sharding = LaunchSettings.load(launch, Machines(devices)).sharding
                assert found.forecast.sharding == sharding.told and found.forecast.activations > 0
    assert not unlike
