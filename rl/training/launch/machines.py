"""Machines: over which machines a run's processes are spread, where the command line says so."""

from dataclasses import dataclass

from data import DataError


@dataclass(frozen=True)
class Machines:
    """What is said on the command line; None is what the Accelerate configuration says. The same command is given on
    each machine, but for ``rank``.

    Raises:
        DataError: the numbers do not go together; names the option.
    """

    processes: int | None = None
    """On all machines together."""
    count: int | None = None
    rank: int | None = None
    """Of this machine, from 0; the first process runs on the first."""
    ip: str | None = None
    """Address of the first machine, as the others see it."""
    port: int | None = None
    """On which the first machine hears the others."""

    def __post_init__(self) -> None:
        if self.rank is not None and self.count is not None and self.rank >= self.count:
            message = f"machines are counted from 0: of {self.count}, the last is {self.count - 1}, not {self.rank}"
            raise DataError(message, field="--machine_rank")
        if (self.count or 1) > 1 and self.rank is None:
            raise DataError("say on each machine which it is, the first being 0", field="--machine_rank")
        if (self.count or 1) > 1 and self.ip is None:
            raise DataError("say the address of the first machine", field="--main_process_ip")
        self.check_shares(self.processes, self.count)

    @staticmethod
    def check_shares(processes: int | None, machines: int | None) -> None:
        """Refuses processes that machines cannot share out evenly: Accelerate would start fewer, in silence.

        Raises:
            DataError: they cannot.
        """
        if processes is not None and machines is not None and processes % machines:
            message = f"{processes} processes on {machines} machines: want as many on each"
            raise DataError(message, field="--num_processes")

    @property
    def options(self) -> list[str]:
        """As ``accelerate launch`` takes them."""
        said = {
            "--num_processes": self.processes,
            "--num_machines": self.count,
            "--machine_rank": self.rank,
            "--main_process_ip": self.ip,
            "--main_process_port": self.port,
        }
        options = [word for name, value in said.items() if value is not None for word in (name, str(value))]
        if (self.count or 1) > 1:
            # Each machine starts its own by torchrun; DeepSpeed's own launcher would log in by ssh.
            options += ["--same_network", "--deepspeed_multinode_launcher", "standard"]
        return options
