"""Forecasting: from a recipe, a model's configuration and its longest batch to the bytes on each device."""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from rewards.models.checkpoint import ADAPTER, base_of_adapter, load_config
from rewards.models.machine import computes_in_bfloat16
from rl.config.policy import DistilRecipe, PolicyRecipe
from rl.config.train import TrainRecipe
from rl.shared_prefix.attention import why_not
from rl.terminal.forecast import Forecast
from rl.training.forecast.batch import Batch
from rl.training.forecast.depth import Depth
from rl.training.forecast.imagined import Imagined
from rl.training.forecast.passes import Held, inputs_of, learn, look
from rl.training.forecast.states import States, Weights, states_of
from rl.training.forecast.subject import imagine
from rl.training.launch.sharding import Sharding

CONTEXT = 600 * 2**20
"""Of a GPU, what CUDA itself and its libraries' work space take."""
FIRST_USE = 48 * 2**20
"""Of a process on the CPU, what libraries take once they compute, beyond being imported, and an allocator keeps: 19 to
73 MB were seen (`benchmarks/forecast.py`)."""
_GIVEN = {"bf16": torch.bfloat16, "fp16": torch.float16}
_COPIES = 4
"""Of the scores of all tokens that may come next, while one is drawn."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A recipe's model and the longest of what it reads; what it holds is imagined when first asked for.

    Args:
        learned: what one pass learns from; None where it is not known.
        written: rows that are written at once; None where none are, or it is not known.
        on_gpu: whether the run is for GPUs.
    """

    recipe: TrainRecipe
    arguments: Any
    folder: Path
    learned: Batch | None
    written: Batch | None
    on_gpu: bool
    _known: dict[Any, "_Imagined"] = field(default_factory=dict, repr=False)
    """What has been imagined; subjects that differ in settings share it."""

    @property
    def half(self) -> torch.dtype | None:
        """What is computed in, if not in single precision."""
        given = self.recipe.trainer
        named = next((dtype for name, dtype in _GIVEN.items() if given.get(name)), None)
        return torch.bfloat16 if named is None and self.on_gpu and given.get("bf16") is not False else named

    @property
    def accumulates(self) -> bool:
        return bool(self.arguments.gradient_accumulation_steps > 1)

    @property
    def is_adapter(self) -> bool:
        """Whether what is trained on is an adapter already."""
        return (self.folder / ADAPTER).is_file()

    def forecast(self, sharding: Sharding, memory: int | None = None, part: float = 1.0) -> Forecast:
        """On each device.

        Args:
            memory: a device's, in bytes.
            part: of the rows of a pass, those that it is to have, more passes making up for the rest.
        """
        imagined = self._imagined(sharding)
        weights, held = imagined.weights, imagined.held
        states, reference = self._states(weights, sharding)
        stays = self.at_least(sharding)
        gradients = states.gradients(held.gradients, sharding)
        activations = int(held.peak_without_gradients * part)
        grows = not (self.accumulates or sharding.shares_gradients or part < 1)
        learning = held.peak if grows else gradients + activations
        cache, writing = self._writing(imagined, sharding, states)
        return Forecast(
            sharding=sharding.told,
            weights=states.weights,
            optimiser=states.optimiser,
            gradients=gradients,
            activations=activations,
            buffers=states.buffers,
            reference=reference,
            cache=cache,
            learning=stays + learning,
            stepping=stays + gradients + states.stepping,
            writing=stays + writing if self.written is not None else 0,
            on_host=states.on_host,
            checkpoint=self._checkpoint(weights),
            checkpoints=self.arguments.save_total_limit or 0,
            memory=memory,
            without_activations=None if self.learned is not None else "not known: there are no cases to measure",
        )

    def at_least(self, sharding: Sharding) -> int:
        """Of each device, the bytes that stay taken, whatever a pass holds: no pass is imagined for it."""
        shape, checkpointing = self._key(sharding)
        alike = self._known.get((shape, not checkpointing)) or self._imagined(sharding)  # of the same weights
        states, reference = self._states(alike.weights, sharding)
        libraries = CONTEXT if self.on_gpu else FIRST_USE
        return states.weights + states.optimiser + states.buffers + reference + libraries

    def with_settings(self, **trainer: Any) -> "Subject":
        """With other fields of the trainer."""
        arguments = _Changed(self.arguments, trainer)
        return replace(self, arguments=arguments)

    def _imagined(self, sharding: Sharding) -> "_Imagined":
        if (key := self._key(sharding)) not in self._known:
            self._known[key] = _Imagined(self, *key[0][1:])
        return self._known[key]

    def _key(self, sharding: Sharding) -> tuple[tuple[bool, torch.dtype, torch.dtype, torch.dtype | None], bool]:
        """What is imagined under a sharding: whether there are adapters, types of weights, of adapters and of
        autocast; and whether there is checkpointing.
        """
        cast = self.half if sharding.is_deepspeed else None
        dtype = cast or _dtype(self)
        adapters = dtype if cast is not None or sharding.kind == "zero3" else torch.float32
        autocast = None if cast is not None else self.half
        shape = self.recipe.model.lora is not None, dtype, adapters, autocast
        return shape, bool(self.arguments.gradient_checkpointing)

    def _states(self, weights: Weights, sharding: Sharding) -> tuple[States, int]:
        """What the model takes between passes, and what its reference does."""
        muon = bool(getattr(self.recipe, "muon", False))
        how = sharding, self.half is not None, str(self.arguments.optim).rpartition(".")[2].lower(), muon
        reference = states_of(weights, *how, frozen=True).weights if self._has_reference(weights) else 0
        return states_of(weights, *how, frozen=False), reference

    def _has_reference(self, weights: Weights) -> bool:
        """Whether a copy is read beside the model: a reference or a teacher. Where adapters are trained, the model
        without them is, or with others.
        """
        how = self.recipe.distil if isinstance(self.recipe, DistilRecipe) else None
        taught = how is not None and how.decay > 0 and how.endpoint is None
        return (taught or bool(getattr(self.arguments, "beta", 0))) and weights.trained * 2 > weights.numbers

    def _writing(self, imagined: "_Imagined", sharding: Sharding, states: States) -> tuple[int, int]:
        """Bytes of keys and values, and of all that writing takes beside what stays."""
        if self.written is None or getattr(self.arguments, "use_vllm", False):
            return 0, 0
        config = imagined.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        number = 2 if self.half is not None else imagined.itemsize
        token = 2 * config.num_hidden_layers * heads * width * number
        read = self.written.distinct if imagined.packs else self.written.prompts
        cache = token * (sum(len(prompt.ids) for prompt in read) + sum(self.written.completions))
        scores = _COPIES * 4 * len(self.written) * config.vocab_size
        return cache, cache + max(imagined.looking, scores) + states.gathered

    def _checkpoint(self, weights: Weights) -> int:
        """Weights that are trained, and two states in their type."""
        adapters = weights.trained * 2 < weights.numbers
        return (weights.trained_bytes if adapters else weights.bytes) + 2 * weights.trained_bytes


class _Imagined:
    """What is imagined of a subject, once for all shardings under which it is the same.

    Args:
        dtype: of weights.
        adapters: of those of adapters.
        autocast: what is computed in instead, if it is.
    """

    def __init__(self, subject: Subject, dtype: torch.dtype, adapters: torch.dtype, autocast: torch.dtype | None):
        self.subject, arguments = subject, subject.arguments
        self._mode, self._autocast, self.itemsize = Imagined(), autocast, dtype.itemsize
        settings: Mapping[str, Any] | None = arguments.gradient_checkpointing_kwargs or {}
        checkpointing = settings if arguments.gradient_checkpointing else None

        def model_of(depth: Depth | None = None) -> Any:
            with torch.random.fork_rng(devices=[]), self._mode:
                return imagine(subject.recipe, subject.folder, dtype, adapters, checkpointing, depth)

        self._model_of = model_of

    @cached_property
    def model(self) -> Any:
        return self._model_of()

    @property
    def config(self) -> Any:
        return self.model.config

    @cached_property
    def weights(self) -> Weights:
        return Weights.of(self.model)

    @cached_property
    def packs(self) -> bool:
        """Whether each prompt is read once."""
        recipe = self.subject.recipe
        shares = isinstance(recipe, PolicyRecipe) and recipe.shared_prefix
        inner = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        return bool(shares and why_not(inner) is None)

    @cached_property
    def held(self) -> Held:
        """While it learns."""
        learned = self.subject.learned
        if learned is None:
            return Held(self.weights.trained_bytes, 0, self.weights.trained_bytes, 0)

        def figures(model: Any) -> tuple[int, ...]:
            return astuple(learn(model, inputs_of(model, learned, self.packs), self._autocast, self._mode))

        return Held(*self._by_depth(figures))

    @cached_property
    def looking(self) -> int:
        """While it reads what it is to answer."""
        written = self.subject.written
        assert written is not None
        return self._by_depth(lambda model: (look(model, written, self.packs, self._autocast, self._mode),))[0]

    def _by_depth(self, figures: Callable[[Any], tuple[int, ...]]) -> tuple[int, ...]:
        """What passes of the model hold, told from shallow ones where it is deep and its layers are alike."""
        depth = Depth.of(self.config)
        if depth is None or not depth.is_deep:
            return figures(self.model)
        return depth.told_from(lambda depth: figures(self._model_of(depth)))


class _Changed:
    """A trainer's configuration, some fields of which are others."""

    def __init__(self, arguments: Any, fields: Mapping[str, Any]):
        self._arguments, self._fields = arguments, fields

    def __getattr__(self, name: str) -> Any:
        return self._fields[name] if name in self._fields else getattr(self._arguments, name)


def _dtype(subject: Subject) -> torch.dtype:
    """Of the weights as they are loaded; see `rewards.models.checkpoint.load_weights`."""
    named = subject.recipe.model.dtype
    if named != "auto":
        known: torch.dtype = getattr(torch, named)
        return known
    config = load_config(base_of_adapter(str(subject.folder)) or subject.folder)
    stored: torch.dtype = config.dtype or config.get_text_config().dtype or torch.float32
    emulated = stored == torch.bfloat16 and not (subject.on_gpu or computes_in_bfloat16())
    return torch.float32 if emulated else stored
