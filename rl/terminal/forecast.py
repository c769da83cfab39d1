"""Forecast: what a run will take of each device's memory and of the disk, and its table for people."""

from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from rl.terminal.quantities import size
from rl.terminal.safe_text import visible

SPARE = 0.05
"""Of a device's memory, what is left to its allocator."""


@dataclass(frozen=True)
class Option:
    """What would take less."""

    flags: str
    """For the command line."""
    peak: int
    """Bytes on a device."""
    fits: bool


@dataclass(frozen=True)
class Forecast:
    """Bytes on each device, and what they are taken by. Of a run whose batches all are as long as its longest."""

    sharding: str
    weights: int
    optimiser: int
    gradients: int
    """Held from one pass to the next, or once a backward pass has ended."""
    activations: int
    """The most that a pass holds beside, on the longest batch."""
    buffers: int
    """What devices gather and send."""
    reference: int
    """A second model that stays as it was."""
    cache: int
    """Keys and values of what is being written."""
    learning: int
    """While a batch is learned from, all together."""
    stepping: int
    """While weights are updated, all together."""
    writing: int
    """While completions are written, all together; 0 where none are."""
    on_host: int
    """Of one process, in the memory of its machine, by offloading."""
    checkpoint: int
    """Of one, on the disk."""
    checkpoints: int
    """How many there will be at once; 0 where that is not known."""
    memory: int | None = None
    """Of a device; None where it is not known."""
    options: tuple[Option, ...] = ()
    """Where it does not fit: what would; where nothing does that was tried, what takes least."""
    without_activations: str | None = None
    """Why activations are not in it."""

    @property
    def peak(self) -> int:
        return max(self.learning, self.stepping, self.writing)

    @property
    def fits(self) -> bool | None:
        """None where that is not known."""
        return None if self.memory is None else self.peak <= self.memory * (1 - SPARE)

    @property
    def told(self) -> str:
        """In one line."""
        of = "" if self.memory is None else f" of {size(self.memory)}"
        return f"{size(self.peak)}{of} on each device ({self.sharding}), most while {self.busiest}"

    @property
    def busiest(self) -> str:
        phases = {"learning": self.learning, "weights are updated": self.stepping, "writing": self.writing}
        return max(phases, key=lambda name: phases[name])

    @property
    def json(self) -> dict[str, Any]:
        """With what follows from it."""
        return asdict(self) | {"peak": self.peak, "fits": self.fits}


def forecast_table(forecast: Forecast) -> Table:
    """What takes how much, and what would take less."""
    table = Table("", "on each device", title=Text("Forecast of memory"), show_lines=False)
    rows = {
        "weights": forecast.weights,
        "gradients": forecast.gradients,
        "optimiser": forecast.optimiser,
        "activations": forecast.activations,
        "reference": forecast.reference,
        "gathered and sent": forecast.buffers,
        "keys and values": forecast.cache,
    }
    for name, bytes_ in rows.items():
        if bytes_:
            table.add_row(name, size(bytes_))
    if forecast.without_activations is not None:
        table.add_row("activations", Text(visible(forecast.without_activations), style="yellow"))
    table.add_section()
    phases = {"while learning": forecast.learning, "while updating": forecast.stepping}
    for name, bytes_ in (phases | ({"while writing": forecast.writing} if forecast.writing else {})).items():
        table.add_row(name, size(bytes_))
    if forecast.on_host:
        table.add_row("of the host, by process", size(forecast.on_host))
    many = f" × {forecast.checkpoints:,}" if forecast.checkpoints else ""
    table.add_row("a checkpoint, on the disk", f"{size(forecast.checkpoint)}{many}")
    table.caption = Text(forecast.told, style={True: "green", False: "yellow", None: ""}[forecast.fits])
    for option in forecast.options:
        still = "" if option.fits else ", the least that was found, and too much"
        table.caption.append(f"\n{size(option.peak)} with {visible(option.flags)}{still}", style="")
    return table
