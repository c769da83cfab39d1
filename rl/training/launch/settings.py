"""LaunchSettings: what an Accelerate configuration asks for, read before any process starts."""

from dataclasses import dataclass
from pathlib import Path

from data import DataError, find_yaml
from data.yaml_model import read_yaml
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
    is_first_machine: bool
    """Whether this is where the first of the processes will run; the others' machines may share its disk."""
    sharding: Sharding

    @classmethod
    def load(cls, accelerate: str, num_processes: int | None = None) -> "LaunchSettings":
        """Those of a file or a shipped configuration.

        Args:
            num_processes: instead of what the configuration says.

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
        if (processes := num_processes or found.num_processes) < 1:
            raise DataError(f"want at least 1 (got {processes})", file=file, field="num_processes")
        kind = getattr(found.distributed_type, "value", found.distributed_type)
        sharding = Sharding.of(str(kind), processes, getattr(found, "deepspeed_config", None))
        return cls(file, processes, str(kind), not getattr(found, "machine_rank", 0), sharding)

    @property
    def is_sharded(self) -> bool:
        """Whether a process holds a share of what is trained, and not all of it."""
        return self.kind in _SHARDED
