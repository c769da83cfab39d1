"""Sharding: what of a model each process of a run holds, as an Accelerate configuration has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["one", "ddp", "zero1", "zero2", "zero3", "fsdp"]
_STAGES: dict[int, Kind] = {1: "zero1", 2: "zero2", 3: "zero3"}


@dataclass(frozen=True)
class Sharding:
    """How many devices a run has, each with a process of its own, and what they share."""

    kind: Kind = "one"
    """``one``: a single process; ``ddp``: each holds all; ``zero1`` shares optimiser states out, ``zero2`` gradients
    too, ``zero3`` and ``fsdp`` everything."""
    devices: int = 1
    optimiser_on_host: bool = False
    weights_on_host: bool = False

    @classmethod
    def of(cls, kind: str, processes: int, deepspeed: Mapping[str, Any] | None = None) -> "Sharding":
        """
        Args:
            kind: Accelerate's name, such as ``MULTI_GPU``.
            deepspeed: the section ``deepspeed_config``, where there is one.
        """
        if kind == "DEEPSPEED":
            given = deepspeed or {}
            offloads = [given.get(f"offload_{what}_device") in ("cpu", "nvme") for what in ("optimizer", "param")]
            stage = _STAGES.get(int(given.get("zero_stage", 2)))
            return cls("ddp", processes) if stage is None else cls(stage, processes, *offloads)
        if kind == "FSDP":
            return cls("fsdp", processes)
        return cls("ddp" if processes > 1 else "one", processes)

    @property
    def is_deepspeed(self) -> bool:
        return self.kind.startswith("zero")

    @property
    def shares_gradients(self) -> bool:
        return self.kind in ("zero2", "zero3", "fsdp")

    @property
    def shares_weights(self) -> bool:
        return self.kind in ("zero3", "fsdp")

    @property
    def told(self) -> str:
        """In words for people."""
        host = ["optimiser"] * self.optimiser_on_host + ["weights"] * self.weights_on_host
        offloaded = f", {' and '.join(host)} on the host" if host else ""
        return f"{self.devices} × {self.kind}{offloaded}" if self.devices > 1 or host else self.kind
