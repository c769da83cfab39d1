"""Advice: what would fit where a run does not, as flags for the command line, the least intrusive first."""

from collections.abc import Iterator
from dataclasses import replace

from rl.config.model import LoraConfig
from rl.terminal.forecast import Forecast, Option
from rl.training.forecast.forecast import Subject
from rl.training.launch.machines import Machines
from rl.training.launch.settings import CONFIGS, LaunchSettings
from rl.training.launch.sharding import Sharding

_Variant = tuple[str, Subject, Sharding, float]
MOST = 3
"""Options that are told."""
_SHARDED = ("zero2", "zero3", "fsdp2", "zero3_offload")
"""Configurations to try, as far as they are shipped."""


def with_options(subject: Subject, forecast: Forecast, sharding: Sharding) -> Forecast:
    """A forecast with what would fit, where it says that the run does not."""
    if forecast.fits is not False:
        return forecast
    assert forecast.memory is not None
    found: list[Option] = []
    stays: list[tuple[int, _Variant]] = []
    least: Option | None = None
    for variant in _variants(subject, sharding):
        flags, changed, spread, part = variant
        stays.append((changed.at_least(spread), variant))
        if stays[-1][0] > forecast.memory:
            continue  # What its passes hold need not be imagined.
        other = changed.forecast(spread, forecast.memory, part)
        option = Option(flags, other.peak, bool(other.fits))
        least = option if least is None or option.peak < least.peak else least
        if option.fits:
            found.append(option)
        if len(found) == MOST:
            break
    if not found and least is None:
        # Of those in which as much stays, the last changes most of what passes hold.
        _, (flags, changed, spread, part) = min(reversed(stays), key=lambda pair: pair[0])
        least = Option(flags, changed.forecast(spread, forecast.memory, part).peak, False)
    return replace(forecast, options=tuple(found) if found or least is None else (least,))


def _variants(subject: Subject, sharding: Sharding) -> Iterator[_Variant]:
    """Flags; the run with them; and what part of the rows a pass has then."""
    spreads = ((sharding, ""), *_shared_out(sharding))
    for shape, flags in ((subject, ""), *_with_adapters(subject)):
        for spread, where in spreads:
            for run, kept in ((shape, ""), *_with_checkpointing(shape)):
                for rows, smaller in ((1.0, ""), *_with_fewer_rows(run)):
                    if told := " ".join(filter(None, (kept, smaller, where, flags))):
                        yield told, run, spread, rows


def _with_checkpointing(subject: Subject) -> Iterator[tuple[Subject, str]]:
    if not subject.arguments.gradient_checkpointing:
        yield subject.with_settings(gradient_checkpointing=True), "--gradient_checkpointing true"


def _with_fewer_rows(subject: Subject) -> Iterator[tuple[float, str]]:
    rows, accumulated = subject.arguments.per_device_train_batch_size, subject.arguments.gradient_accumulation_steps
    if rows > 1 and rows % 2 == 0:
        fewer = next(rows // factor for factor in (8, 4, 2) if rows % factor == 0)
        batches = accumulated * rows // fewer
        yield fewer / rows, f"--per_device_train_batch_size {fewer} --gradient_accumulation_steps {batches}"


def _shared_out(sharding: Sharding) -> Iterator[tuple[Sharding, str]]:
    for name in _SHARDED:
        if not (CONFIGS / f"{name}.yaml").is_file():
            continue
        for devices in (sharding.devices,) if sharding.devices > 1 else (2, 8):
            other = LaunchSettings.load(name, Machines(devices)).sharding
            if other != sharding:
                yield other, f"--accelerate {name} --num_processes {devices}"


def _with_adapters(subject: Subject) -> Iterator[tuple[Subject, str]]:
    model = subject.recipe.model
    if model.lora is None and not subject.is_adapter:
        lora = LoraConfig()
        recipe = subject.recipe.model_copy(update={"model": model.model_copy(update={"lora": lora})})
        yield replace(subject, recipe=recipe), f"--model.lora '{{r: {lora.r}}}'"
