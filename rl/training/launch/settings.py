"""LaunchSettings: what an Accelerate configuration asks for, read before any process starts."""

from dataclasses import dataclass
from pathlib import Path

from data import DataError, find_yaml
from data.yaml_model import read_yaml
from rl.training.launch.machines import Machines
from rl.training.launch.sharding import Sharding

CONFIGS = Path(__file__).parents[3] / "accelerate_configs"
_SHARDED = ("DEEPSPEED", "FSDP")


@dataclass(frozen=True)
class LaunchSettings:
    """Of a run in processes that Accelerate starts."""

    file: Path
    processes: int
    """On all machines together; at least 1."""
    kind: str
    """Accelerate's name for how they work together, such as ``MULTI_GPU``."""
    sharding: Sharding
    machines: int = 1
    rank: int = 0
    """Of this machine."""

    @classmethod
    def load(cls, accelerate: str, told: Machines | None = None) -> "LaunchSettings":
        """Those of a file or a shipped configuration.

        Args:
            told: instead of what the configuration says.

        Raises:
            DataError: there is no such configuration, or Accelerate would refuse it.
        """
        from accelerate.commands.config.config_args import load_config_from_file

        file = find_yaml(accelerate, CONFIGS, "accelerate config")
        if not isinstance(read_yaml(file), dict):
            raise DataError("want keys and values", file=file)
        try:
            found = load_config_from_file(str(file))
        except (TypeError, ValueError) as error:  # TypeError: a key is missing
            raise DataError(f"Accelerate refuses the configuration: {error}", file=file) from error
        told = told or Machines()
        if (processes := told.processes or found.num_processes) < 1:
            raise DataError(f"want at least 1 (got {processes})", file=file, field="num_processes")
        machines = told.count or getattr(found, "num_machines", 1) or 1
        Machines.check_shares(processes, machines)
        rank = told.rank if told.rank is not None else int(getattr(found, "machine_rank", 0) or 0)
        kind = str(getattr(found.distributed_type, "value", found.distributed_type))
        if kind == "NO" and processes > 1:
            message = f"for one process: Accelerate would start no other of the {processes}. Take multi_gpu"
            raise DataError(message, file=file, field="num_processes")
        sharding = Sharding.of(kind, processes, getattr(found, "deepspeed_config", None))
        return cls(file, processes, kind, sharding, machines, rank)

    @property
    def is_first_machine(self) -> bool:
        """Whether this is where the first of the processes will run; the others' machines may share its disk."""
        return self.rank == 0

    @property
    def is_sharded(self) -> bool:
        """Whether a process holds a share of what is trained, and not all of it."""
        return self.kind in _SHARDED
