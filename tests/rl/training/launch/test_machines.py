"""What the command line says of machines, and what Accelerate makes of the shipped configurations with it."""

import pytest
from accelerate.commands.launch import _validate_launch_command, launch_command_parser

from data import DataError
from rl.training.launch.machines import Machines
from rl.training.launch.settings import CONFIGS, LaunchSettings

SHIPPED = sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def test_these_are_shipped() -> None:
    assert SHIPPED == [
        "cpu", "fsdp2", "multi_gpu", "multi_node_zero3", "single_gpu", "zero1", "zero2", "zero3", "zero3_offload"
    ]  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_each_says_when_to_take_it_and_is_one_that_accelerate_reads(name: str) -> None:
    assert (CONFIGS / f"{name}.yaml").read_text().startswith("# When: ")
    settings = LaunchSettings.load(name)
    assert settings.is_sharded == (name.startswith(("zero", "fsdp")) or name == "multi_node_zero3")
    assert settings.processes % settings.machines == 0
    told = launch_command_parser().parse_args(["--config_file", str(settings.file), "script.py"])
    found, _, _ = _validate_launch_command(told)
    assert (found.num_processes, found.num_machines) == (settings.processes, settings.machines)
    assert found.use_deepspeed == (settings.kind == "DEEPSPEED") and found.use_fsdp == (settings.kind == "FSDP")
    if found.use_deepspeed:
        offload = "cpu" if name == "zero3_offload" else "none"
        assert int(found.zero_stage) == int(next(letter for letter in name[::-1] + "3" if letter.isdigit()))
        assert found.offload_optimizer_device == found.offload_param_device == offload
        assert bool(found.zero3_save_16bit_model) == (int(found.zero_stage) == 3)


@pytest.mark.parametrize("name", ["multi_gpu", "zero2", "multi_node_zero3"])
def test_the_command_line_spreads_a_run_over_machines(name: str) -> None:
    told = Machines(processes=8, count=4, rank=3, ip="node0", port=29501)
    settings = LaunchSettings.load(name, told)
    assert (settings.processes, settings.machines, settings.rank, settings.is_first_machine) == (8, 4, 3, False)
    words = ["--config_file", str(settings.file), *told.options, "script.py"]
    found, _, _ = _validate_launch_command(launch_command_parser().parse_args(words))
    assert (found.num_processes, found.num_machines, found.machine_rank) == (8, 4, 3)
    assert (found.main_process_ip, found.main_process_port, found.same_network) == ("node0", 29501, True)
    assert found.deepspeed_multinode_launcher == "standard"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"processes": 3, "count": 2, "rank": 0, "ip": "a"}, "--num_processes: 3 processes on 2 machines"),
        ({"count": 2, "rank": 2, "ip": "a"}, "--machine_rank: machines are counted from 0: of 2, the last is 1"),
        ({"count": 2, "ip": "a"}, "--machine_rank: say on each machine which it is"),
        ({"count": 2, "rank": 1}, "--main_process_ip: say the address"),
    ],
)
def test_what_does_not_go_together_is_said(told: dict, said: str) -> None:
    with pytest.raises(DataError, match=said):
        Machines(**told)


def test_the_machines_of_a_file_share_its_processes() -> None:
    with pytest.raises(DataError, match="15 processes on 2 machines"):
        LaunchSettings.load("multi_node_zero3", Machines(processes=15))


def test_one_process_is_not_taken_for_several() -> None:
    """Accelerate starts one, whatever number it is told, and says nothing."""
    told = ["--config_file", str(CONFIGS / "single_gpu.yaml"), "--num_processes", "8", "script.py"]
    found, _, _ = _validate_launch_command(launch_command_parser().parse_args(told))
    assert not (found.multi_gpu or found.use_deepspeed or found.use_fsdp), "what would start several"
    with pytest.raises(DataError, match=r"for one process: .* Take multi_gpu"):
        LaunchSettings.load("single_gpu", Machines(8))
