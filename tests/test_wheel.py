"""What is installed from a wheel is whole, and a user's own `data`, `rewards` or `tests` folders do not harm it."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("data", "prompts", "rewards", "rl", "accelerate_configs")

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.args} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment with nothing but the wheel, which borrows the libraries of this one.

    A folder named in a .pth file has none of its own .pth files read, so the editable installation stays out of sight.
    """
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=environment)
    python = environment / "bin" / "python"
    pip = ("-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    run(sys.executable, *pip, wheel, cwd=environment)
    (site,) = (environment / "lib").glob("python3*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of somebody with packages of the same names, which fail when they are imported."""
    folder = tmp_path_factory.mktemp("elsewhere")
    for name in (*PACKAGES, "tests"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"raise ImportError('{name} is the one of the working folder')\n")
    return folder


def test_everything_travels_with_the_wheel(wheel: Path) -> None:
    tracked = run("git", "ls-files", *PACKAGES, cwd=ROOT).splitlines()
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {Path(name).suffix for name in tracked} >= {".py", ".yaml", ".j2", ".ttf", ".json"}
    assert not set(tracked) - packed
    assert {name.partition("/")[0] for name in packed if ".dist-info/" not in name} == set(PACKAGES)


def test_its_packages_are_the_ones_imported(installed: Path, elsewhere: Path) -> None:
    code = "import data, prompts, rewards, rl; print(*(m.__file__ for m in (data, prompts, rewards, rl)), sep='\\n')"
    files = run(installed / "python", "-I", "-c", code, cwd=elsewhere)
    assert all(Path(line).is_relative_to(installed.parent) for line in files.splitlines())


def test_the_command_line_runs_in_a_folder_with_packages_of_the_same_names(installed: Path, elsewhere: Path) -> None:
    ruling = installed / "ruling"
    assert "review" in run(ruling, "--help", cwd=elsewhere)
    run(ruling, "data", "billboard", "--out", "billboard", "--cases", "20", "--test-cases", "20", cwd=elsewhere)
    assert len((elsewhere / "billboard" / "train.jsonl").read_text().splitlines()) == 20
    run(ruling, "train", "sft", "--config", "billboard/sft", "--dry-run", cwd=elsewhere)
    tiny = ("--config", "billboard/sft", "--max_steps", "1", "--accelerate", "cpu", "--num_processes", "1")
    run(ruling, "train", "sft", *tiny, cwd=elsewhere)
    assert (elsewhere / "runs" / "billboard-sft" / "checkpoints" / "final").is_dir()


def test_a_launched_process_has_its_own_packages_where_the_launcher_looks_in_the_folder_first(
    installed: Path, elsewhere: Path
) -> None:
    (site,) = (installed.parent / "lib").glob("python3*/site-packages")
    script = site / "rl" / "training" / "launch" / "worker.py"
    worker = [installed / "python", script, "sft", "no-such-recipe", "{}", "false"]
    places = {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(elsewhere)}  # the second is Accelerate's, for DeepSpeed
    done = subprocess.run(worker, cwd=elsewhere, env=os.environ | places, capture_output=True, text=True)
    assert done.returncode == 2 and "no such recipe" in done.stderr, done.stderr
