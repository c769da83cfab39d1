"""Dry run: everything that a training run needs is read, built and measured, and nothing is trained.

What is wrong is an error. What is not there yet (data to convert, a model to train or download) is said, and the rest
is looked at all the same: parameters are counted on the meta device, without weights.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from huggingface_hub import try_to_load_from_cache

from data import Briefs, Case, DataError, Rulebook, load_cases
from prompts.excerpts import Excerpts, RetrievalConfig
from prompts.parts import MEDIA, media_of
from prompts.processor import special_tokens
from prompts.reply import Reply
from prompts.tool_turns import knows_tools
from rewards.models.location import resolve
from rl.config.model import ModelConfig
from rl.config.policy import PPORecipe
from rl.config.recipe import SHIPPED
from rl.config.train import TrainRecipe
from rl.models.load import ADAPTER, check_attention, context_length, load_config, processor_for
from rl.runs.excerpts import excerpts_of
from rl.shared_prefix.prompt import Prompt
from rl.terminal.preflight import Preflight
from rl.training.forecast.batch import guess, read
from rl.training.forecast.foresee import foresee
from rl.training.forecast.longest import Longest, longest
from rl.training.launch.machines import Machines
from rl.training.launch.settings import LaunchSettings
from rl.training.launch.sharding import Sharding
from rl.training.lengths import Length, check_fit, count, estimate
from rl.training.registry import load_recipe, stage_of
from rl.training.round_trip import check_round_trip
from rl.training.stage import Stage


def preflight(
    kind: str,
    config: str,
    overrides: Mapping[str, Any] | None = None,
    accelerate: str | None = None,
    machines: Machines | None = None,
    device_memory: int | None = None,
) -> Preflight:
    """Checks a recipe as far as it can be without training.

    Args:
        kind: a name in `rl.training.registry.KINDS`.
        config: a recipe's file or name.
        overrides: recipe keys to values.
        accelerate: a YAML file, or the name of a shipped configuration, if the run is to be launched.
        machines: instead of what the configuration says.
        device_memory: of each device that the run is for, in bytes; that of this machine's GPU if None.

    Raises:
        DataError: the recipe, the data or the settings are not as they should be, or a case does not fit the context.
    """
    stage = stage_of(load_recipe(kind, config, overrides))
    recipe = stage.recipe
    found = Preflight(recipe.name)
    arguments = recipe.arguments(**_on_this_machine(recipe))
    _check_output(recipe.output)
    found.add("recipe", f"{config}, leaves {recipe.output}")
    stage.check(arguments)
    check_attention(recipe.model.attn_implementation)
    sharding = Sharding() if accelerate is None else _launch(stage, accelerate, machines, found)
    excerpts = _excerpts(recipe, found)
    cases = _cases(recipe.data.train, "data", found) if _are_there(stage.files, "data", found) else []
    watched = _watched(recipe, arguments, found)
    for what, fact in stage.facts(arguments).items():
        found.add(what, fact)
    with tempfile.TemporaryDirectory() as scratch:
        briefs = stage.bind(cases, excerpts) if excerpts is not None and cases else None
        everything = briefs
        if excerpts is not None and briefs is not None and watched:
            valid = stage.bind(watched, excerpts)
            stage.check_apart(briefs, valid)
            everything = briefs + valid
        selecting, reviewed = stage.selecting, None
        if selecting.select and excerpts is not None and _are_there(recipe.data.valid, "select", found):
            reviewed = selecting.briefs(excerpts)
            stage.check_apart(briefs or Briefs([], excerpts.book), reviewed)
        folder = _model(stage, briefs, Path(scratch), found)
        if (pixels := _pixels(recipe.model)) is not None:
            found.add("pixels", pixels)
        if folder is not None:
            _parameters(stage, folder, found)
            batches = None
            if everything is not None and stage.template is not None:
                batches = _longest(stage, everything, folder, arguments, found)
            if _needs_adapter(recipe) and "model" in found.missing:
                found.add("memory", "not known: the critic is a second adapter, and the first is not there")
            elif stage.template is not None and (batches is not None or not (folder / ADAPTER).is_file()):
                found.forecast = foresee(recipe, arguments, folder, batches, sharding, accelerate, device_memory)
                _memory(found)
        if recipe.data.windows is not None and briefs is not None:
            found.add("windows", f"{len(briefs):,} of the cases to train on")
    steps = _steps(stage, arguments, len(cases if briefs is None else briefs), sharding.devices, found)
    if reviewed is not None:
        found.add("select", selecting.told(reviewed, steps))
    return found


def _check_output(output: Path) -> None:
    """Makes sure that the run's folder can be made and written to; leaves nothing behind."""
    whole = output.absolute()
    try:
        there = next(folder for folder in (whole, *whole.parents) if folder.exists())
        tempfile.TemporaryDirectory(dir=there).cleanup()
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", file=output) from error


def _launch(stage: Stage[Any], accelerate: str, machines: Machines | None, found: Preflight) -> Sharding:
    """How many processes there will be, and what they share."""
    settings = LaunchSettings.load(accelerate, machines)
    if settings.is_sharded:
        stage.check_sharded(settings.sharding)
    if settings.kind == "DEEPSPEED" and find_spec("deepspeed") is None:
        found.lack("accelerate", f"{accelerate} needs DeepSpeed: pip install 'ruling[deepspeed]'")
    else:
        where = f" on {settings.machines} machines, of which this is {settings.rank}" if settings.machines > 1 else ""
        found.add("accelerate", f"{accelerate}, {settings.processes} × {settings.kind}{where}")
    return settings.sharding


def _on_this_machine(recipe: TrainRecipe) -> dict[str, Any]:
    """A recipe for a GPU can be looked at on a machine without one."""
    import torch

    return (
        {} if torch.cuda.is_available() else {key: False for key in ("bf16", "fp16", "tf32") if key in recipe.trainer}
    )


def _excerpts(recipe: TrainRecipe, found: Preflight) -> Excerpts | None:
    """What binds cases to their excerpts, where the rulebook and the encoder are there."""
    name, choice = recipe.data.rulebook, recipe.data.excerpt
    if Path(name).suffix and not Path(name).exists():
        found.lack("rulebook", f"{name} is not there")
        return None
    book = Rulebook.load(name)
    found.add("rulebook", f"{book.name} {book.version}: {len(book)} rules, fingerprint {book.fingerprint}")
    encoder = choice.encoder if isinstance(choice, RetrievalConfig) else None
    if encoder is not None and not (Path(encoder).is_dir() or _cached(encoder)):
        found.lack("excerpt", f"{encoder} is not there")
        return None
    excerpts = excerpts_of(name, choice)
    if excerpts.facts is not None:
        found.add("excerpt", excerpts.facts.told)
    return excerpts


def _are_there(files: Sequence[str], what: str, found: Preflight) -> bool:
    """Whether all are; says under a name which are not."""
    gone = [file for file in files if not file.startswith("hub:") and not Path(file).exists()]
    if gone:
        found.lack(what, f"{', '.join(gone)} is not there")
    return not gone


def _cases(files: Sequence[str], what: str, found: Preflight, when: str = "") -> list[Case]:
    """The cases in files, said under a name, with when they are looked at."""
    cases = load_cases(*files)
    if not cases:
        raise DataError("there are no cases", file=", ".join(files))
    media = Counter({medium.plural: 0 for medium in MEDIA})
    media.update(part.plural for case in cases for part in media_of(case))
    held = ", ".join(f"{number:,} {kind}" for kind, number in media.items())
    found.add(what, f"{len(cases):,} cases in {len({case.cluster for case in cases}):,} groups, {held}{when}")
    return cases


def _watched(recipe: TrainRecipe, arguments: Any, found: Preflight) -> list[Case]:
    """The cases to watch the loss on, if the run does."""
    if not recipe.data.valid:
        return []
    if not recipe.watches:
        why = "eval_strategy is no" if recipe.watched else f"there are no {recipe.watched_field}"
        found.add("valid", f"not used, since {why}: {', '.join(recipe.data.valid)}")
        return []
    if not _are_there(recipe.data.valid, "valid", found):
        return []
    every = "epoch" if arguments.eval_strategy == "epoch" else f"{arguments.eval_steps:g} steps"
    return _cases(recipe.data.valid, "valid", found, f", watched every {every}")


def _model(stage: Stage[Any], briefs: Briefs | None, scratch: Path, found: Preflight) -> Path | None:
    """A folder with at least the model's ``config.json``; None where there is none to be had."""
    model = stage.recipe.model
    if model.tiny is not None:
        found.add("model", f"tiny ({model.tiny.kind}), to be built for the data")
        return stage.build(briefs, scratch) if briefs is not None else None
    assert model.path is not None
    folder = Path(resolve(model.path))
    if folder.is_dir():
        found.add("model", str(folder))
        return folder
    if (cached := _cached(model.path)) is not None:
        found.add("model", f"{model.path}, in the Hub's cache")
        return cached
    found.lack("model", f"{model.path} is not there: it has to be trained or downloaded")
    return _settings(model)


def _cached(name: str) -> Path | None:
    """The folder of a model in the Hub's cache."""
    file = try_to_load_from_cache(name, "config.json") if name.count("/") == 1 else None
    return Path(file).parent if isinstance(file, str) else None


def _settings(model: ModelConfig) -> Path | None:
    if model.settings is None:
        return None
    for folder in (Path(model.settings), SHIPPED / model.settings):
        if (folder / "config.json").is_file():
            return folder
    raise DataError("holds no config.json", file=model.settings, field="model.settings")


def _parameters(stage: Stage[Any], folder: Path, found: Preflight) -> None:
    model = stage.recipe.model
    if (folder / ADAPTER).is_file():
        found.add("parameters", "an adapter, to be trained on")
        return
    empty = stage.empty(folder)
    total = sum(p.numel() for p in empty.parameters())
    trained = sum(p.numel() for p in empty.parameters() if p.requires_grad)
    adapters = f" and {trained:,} in adapters, which alone are trained" if model.lora else ""
    if model.freeze:
        adapters = f", of which {trained:,} are trained: {' and '.join(model.freeze)} frozen"
    found.add("parameters", f"{total - trained if model.lora else total:,}{adapters}")
    found.add("context", f"{context_length(empty):,} tokens")


def _pixels(model: ModelConfig) -> str | None:
    """What the recipe says of how many pixels of a picture are looked at."""
    ends = (("at least", model.min_pixels), ("at most", model.max_pixels))
    said = [f"{how} {pixels:,}" for how, pixels in ends if pixels is not None]
    return f"{' and '.join(said)} of a picture" if said else None


def _longest(stage: Stage[Any], briefs: Briefs, folder: Path, arguments: Any, found: Preflight) -> Longest | None:
    reserved = stage.reserved(arguments)
    if (folder / "tokenizer.json").is_file() or (folder / "tokenizer_config.json").is_file():
        processor = processor_for(stage.recipe.model.with_weights(folder))
        check_round_trip(briefs, processor, stage.recipe.data.template, stage.imitates)
        reply = Reply.of(processor)
        if reply.opening:
            found.add("completions", f"the chat template writes {reply.opening!r}, and the model goes on")
        desks, told = stage.desks(briefs.book), knows_tools(processor)
        shown = stage.conversations(briefs, special_tokens(processor), reply, told)
        lengths = count([messages for _, messages in shown], processor, desks.schemas if desks and told else None)
    elif _pixels(stage.recipe.model) is not None:
        found.add(
            "longest case", "not known: its pictures are scaled as the recipe says, and there is no processor yet"
        )
        return None
    elif (folder / "preprocessor_config.json").is_file():
        processor, shown = None, stage.conversations(briefs)
        lengths = estimate([messages for _, messages in shown], folder)
    else:
        return None
    about = [brief for brief, _ in shown]
    check_fit(about, lengths, _context(folder), reserved)
    brief, most = max(zip(about, lengths, strict=True), key=lambda pair: pair[1].total)
    found.add("longest case", f"'{brief.id}': {_said(most, reserved)}")

    def read_row(row: int) -> Prompt | None:
        messages = shown[row][1]
        prompt = messages[:-1] if messages[-1].role == "assistant" else messages
        if processor is not None:
            return read(prompt, processor)
        pictures = [part.estimate(folder) for message in prompt for part in message.media]
        return guess(
            int(sum(part.estimate(folder) for each in prompt for part in each.texts)), pictures, load_config(folder)
        )

    return longest(stage.recipe, arguments, [length.total for length in lengths], read_row)


def _needs_adapter(recipe: TrainRecipe) -> bool:
    """Whether what is trained on must be an adapter."""
    return isinstance(recipe, PPORecipe) and recipe.critic.layout == "adapter" and recipe.model.lora is None


def _memory(found: Preflight) -> None:
    forecast = found.forecast
    assert forecast is not None
    if forecast.fits is False:
        found.lack("memory", f"{forecast.told}; see below")
    else:
        found.add("memory", forecast.told)


def _context(folder: Path) -> int:
    if (folder / ADAPTER).is_file():
        from peft import PeftConfig

        return context_length(load_config(PeftConfig.from_pretrained(str(folder)).base_model_name_or_path))
    return context_length(load_config(folder))


def _said(longest: Length, reserved: int) -> str:
    text = (
        f"{longest.text:,} of text" if longest.exact else f"about {longest.text:,} of text (an estimate: no tokenizer)"
    )
    media = ", ".join(f"{tokens:,} tokens of {kind}" for kind, tokens in longest.media.items())
    more = f", {reserved:,} more kept for the completion" if reserved else ""
    return f"{media} and {text}{more}"


def _steps(stage: Stage[Any], arguments: Any, cases: int, processes: int, found: Preflight) -> int | None:
    """How many there are, as far as that is known, and of what size."""
    epochs = f"{arguments.num_train_epochs:g} epochs"
    steps = stage.steps(arguments, cases, processes)
    if steps:
        epochs = f"{steps:,} steps" + (f" ({epochs})" if arguments.max_steps <= 0 else "")
    batch = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps
    found.add("steps", f"{epochs} of {batch:,} {stage.unit} on each process")
    return steps
