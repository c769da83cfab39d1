"""A dry run looks at everything that is there, says what is not, and counts the tokens of real pictures."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from rich.console import Console

from data import Case, DataError, Gold, save_cases
from data.foreign.convert import convert_file
from rl.config.recipe import shipped_recipes
from rl.terminal.preflight import Preflight, preflight_table
from rl.training import preflight as dry_run
from rl.training.launch.launch import launch
from rl.training.launch.machines import Machines
from rl.training.preflight import preflight
from rl.training.registry import KINDS


def said(found: Preflight) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(preflight_table(found))
    return capture.get()


@pytest.fixture
def recipe(toy: Path, tmp_path: Path) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "name: mine\n"
        f"output: {tmp_path / 'run'}\n"
        f"data: {{train: {toy / 'cases.jsonl'}, rulebook: {toy / 'rules.yaml'}, template: compact}}\n"
        "model: {tiny: {kind: vl, hidden: 64, layers: 2, vocab: 512, context: 512}}\n"
        "trainer: {num_train_epochs: 2, per_device_train_batch_size: 8}\n"
    )
    return path


def test_a_recipe_with_all_it_needs(recipe: Path, tmp_path: Path) -> None:
    found = preflight("sft", str(recipe))
    assert not found.missing
    text = said(found)
    assert "64 cases in 64 groups, 64 pictures" in text and "toy 1: 4 rules" in text
    assert "16 tokens of pictures" in text and "512 tokens" in text
    assert "16 steps (2 epochs) of 8 cases" in text and "ready to train" in text
    assert not (tmp_path / "run").exists()


def test_what_is_seen_of_pictures_and_what_learns_is_said(recipe: Path) -> None:
    text = said(preflight("sft", str(recipe), {"model.max_pixels": str(16 * 784), "model.min_pixels": "3136"}))
    assert "at least 3,136 and at most 12,544 of a picture" in text and "16 tokens of pictures" in text
    text = said(preflight("sft", str(recipe), {"model.freeze": "[vision, projector]"}))
    assert "are trained: vision and projector frozen" in text


def test_what_is_not_there_is_said(recipe: Path) -> None:
    found = preflight("sft", str(recipe), {"data.train": "gone.jsonl", "data.rulebook": "gone.yaml"})
    assert found.missing == ["rulebook", "data"]
    assert "gone.jsonl is not there" in said(found)


def test_a_case_that_does_not_fit_is_an_error(recipe: Path) -> None:
    with pytest.raises(
        DataError, match=r"needs \d+ tokens, 16 of them for its pictures, and the model's context is 80"
    ):
        preflight("sft", str(recipe), {"model.tiny.context": "80"})


def test_prices_that_would_be_erased_are_an_error(recipe: Path) -> None:
    with pytest.raises(DataError, match="scale_rewards"):
        preflight("grpo", str(recipe), {"rubric": "billboard", "scale_rewards": "group"})


class TestCasesToWatch:
    @pytest.fixture
    def valid(self, toy: Path, tmp_path: Path) -> str:
        (tmp_path / "valid.jsonl").write_text((toy / "text.jsonl").read_text().replace('"toy-', '"other-'))
        return str(tmp_path / "valid.jsonl")

    def test_it_is_said_when(self, recipe: Path, valid: str) -> None:
        text = said(preflight("sft", str(recipe), {"data.valid": valid, "save_steps": "20"}))
        assert "64 cases in 64 groups, 0 pictures, watched every 20 steps" in text
        text = said(preflight("sft", str(recipe), {"data.valid": valid, "save_strategy": "epoch"}))
        assert "watched every epoch" in text

    def test_it_is_said_that_they_are_not(self, recipe: Path, valid: str) -> None:
        text = said(preflight("sft", str(recipe), {"data.valid": valid, "eval_strategy": "no"}))
        assert f"not used, since eval_strategy is no: {valid}" in text

    def test_they_are_looked_at_as_those_to_train_on_are(self, recipe: Path, valid: str, toy: Path) -> None:
        gone = preflight("sft", str(recipe), {"data.valid": "gone.jsonl"})
        assert gone.missing == ["valid"] and "gone.jsonl is not there" in said(gone)
        with pytest.raises(DataError, match=r"data\.valid: case 'toy-0' is in 'train'"):
            preflight("sft", str(recipe), {"data.valid": str(toy / "cases.jsonl")})
        long = Path(valid).read_text().replace("visit us in town", "visit us in town " * 200)
        Path(valid).write_text(long)
        with pytest.raises(DataError, match=r"case 'other-\d+' needs \d+ tokens.* model's context is 512"):
            preflight("sft", str(recipe), {"data.valid": valid})


class TestLaunch:
    def test_what_the_processes_are_is_said(self, recipe: Path) -> None:
        text = said(preflight("sft", str(recipe), {}, "multi_gpu", Machines(4)))
        assert "multi_gpu, 4 × MULTI_GPU" in text
        assert "4 steps (2 epochs) of 8 cases on each process" in text  # 64 cases, 4 × 8 at a time, twice

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "mine.yaml: no such accelerate config"),
            ("- 1", "mine.yaml: want keys and values"),
            ("distributed_type: MULTI_GPU\nnum_proceses: 2", "mine.yaml: Accelerate refuses .*num_proceses"),
            ("distributed_type: MANY\nnum_processes: 2", "mine.yaml: Accelerate refuses .*MANY"),
            ("distributed_type: MULTI_GPU\nnum_processes: 0", "mine.yaml: num_processes: want at least 1"),
        ],
    )
    def test_a_configuration_that_will_not_do(
        self, content: str | None, message: str, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        if content is not None:
            Path("mine.yaml").write_text(content)
        with pytest.raises(DataError, match=message):
            preflight("sft", str(recipe), {}, "mine.yaml")

    def test_a_misspelt_name(self, recipe: Path) -> None:
        with pytest.raises(DataError, match=r"zero4: no such accelerate config \(did you mean 'zero"):
            preflight("sft", str(recipe), {}, "zero4")

    @pytest.mark.parametrize("name", ["zero2", "zero3"])
    def test_muon_is_not_sharded(self, name: str, recipe: Path, tmp_path: Path) -> None:
        for begin in (preflight, launch):  # launched, before a process starts and anything is made
            with pytest.raises(DataError, match=r"^muon: Muon needs whole matrices"):
                begin("sft", str(recipe), {"muon": "true"}, name)
        assert not (tmp_path / "run" / "tiny").exists()
        preflight("sft", str(recipe), {"muon": "true"}, "multi_gpu")


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in shipped_recipes(kind)])
def test_shipped_recipes_with_nothing_there(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "data" in preflight(kind, name).missing


def test_a_critic_that_the_policy_cannot_have(recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"rubric": "default", "critic.layout": "adapter", "num_generations": "4", "max_completion_length": "16"}
    with pytest.raises(DataError, match=r"critic\.layout: a second adapter needs a policy that is one"):
        preflight("ppo", str(recipe), asked)
    monkeypatch.chdir(tmp_path)
    found = preflight("ppo", "qwen2.5-vl-3b/ppo")
    assert found.forecast is None and "the critic is a second adapter, and the first is not there" in said(found)


def test_a_run_that_could_leave_nothing_is_refused(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for output in (tmp_path / "file", tmp_path / "file" / "run", Path("/proc/nowhere/run")):
        with pytest.raises(DataError, match=rf"{output}: cannot be written: "):
            preflight("sft", str(recipe), {"output": str(output)})
    before = sorted(tmp_path.rglob("*"))
    preflight("sft", str(recipe), {"output": str(tmp_path / "not" / "there" / "yet")})
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def unforeseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No forecast of memory, which takes long where a model has billions of weights: that is for `forecast/`."""
    monkeypatch.setattr(dry_run, "foresee", lambda *_: SimpleNamespace(fits=None, told="not looked at"))


@pytest.mark.usefixtures("unforeseen")
def test_tokens_of_pictures_of_the_3b_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone's screenshot is scaled to multiples of 28 pixels; each 28 × 28 is a token."""
    monkeypatch.chdir(tmp_path)
    Path("contextdp").mkdir()
    Image.new("RGB", (1080, 2400)).save("contextdp/phone.png")
    case = Case(id="phone", images=["phone.png"], gold=Gold(verdict="approve", violations=[]))
    save_cases([case], "contextdp/cases.jsonl")
    text = said(preflight("sft", "qwen2.5-vl-3b"))
    assert f"'phone': {39 * 86:,} tokens of pictures" in text  # 1080 / 28 = 38.6, 2400 / 28 = 85.7
    assert "an estimate: no tokenizer" in text and "3,754,622,976" in text


@pytest.mark.usefixtures("unforeseen")
def test_a_real_screenshot(real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    convert_file(real_data / "contextdp" / "labels.csv", "contextdp", tmp_path / "contextdp")
    found = preflight("sft", "qwen2.5-vl-3b")
    assert found.missing == ["model"]
    assert "'contextdp-66': 816 tokens of pictures" in said(found)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("learning_rate", ".nan", "trainer.learning_rate: .*finite"),
        ("learning_rate", "1.0e+999", "trainer.learning_rate: .*finite"),
        ("learning_rate", "-1", "trainer.learning_rate: want a number from 0 to 100, not -1"),
        ("per_device_train_batch_size", "0", "trainer.per_device_train_batch_size: want a number from 1"),
        ("num_train_epochs", "-1", "trainer.num_train_epochs: want a number above 0"),
        ("max_steps", "0", "trainer.max_steps: want a number from 1 to .*, or -1 to switch it off, not 0"),
        ("adam_beta2", "1", "trainer.adam_beta2: want a number from 0 to below 1"),
        ("lr_scheduler_kwargs", "{num_decay_steps: .inf}", "trainer.lr_scheduler_kwargs.num_decay_steps: .*finite"),
        ("seed", "-1", "seed: "),
        ("seed", "yes", "seed: want a number, not true"),
        ("model.attn_implementation", "eagr", "no attention 'eagr' .did you mean 'eager'"),
        ("optim", "adamw_torhc", "trainer: .*adamw_torhc"),
    ],
)
def test_what_trl_refuses_or_misreads_is_refused(recipe: Path, key: str, value: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        preflight("sft", str(recipe), {key: value})
