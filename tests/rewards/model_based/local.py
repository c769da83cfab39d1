"""Tiny models and toy items for the tests of rewards that run a model of their own."""

from pathlib import Path
from typing import Any

from data import Brief, Briefs, Case, Ruling
from prompts import Episode, Message, target, write
from prompts.chat import encode
from prompts.parts import Text
from prompts.processor import tokenizer_of
from rewards.batch import Item
from rewards.model_based.judge.messages import messages
from rewards.model_based.judge.questions import inquire
from tests.lazy import Lazy
from tests.rl.conftest import toy_book, toy_cases

torch, safetensors = Lazy("torch"), Lazy("safetensors.torch")
checkpoint, tiny_models, rows = Lazy("rewards.models.checkpoint"), Lazy("rl.models.tiny"), Lazy("rl.training.rows")
BOOK = toy_book()
SIZE = {"vocab": 1024, "hidden": 32, "intermediate": 64, "layers": 2, "context": 1024}
SIZE |= {"vision_hidden": 32, "vision_intermediate": 64}
PLAIN = [
    Message("system", (Text("Answer with one word, yes or no."),)),
    Message("user", (Text("Is two more than one?"),)),
]


def item_of(case: Case, **changes: Any) -> Item:
    """A case with the ruling that states its gold, perhaps changed."""
    brief = Brief.of(case, BOOK)
    ruling = target(case, brief.excerpt).model_copy(update=changes)
    return Item(ruling, brief, Episode.plain(case.id, write(ruling)))


def mixed_items(folder: Path, pictures: bool = True) -> list[Item]:
    """Eight right rulings of many lengths; with pictures, on cases with none, one or two."""
    cases = toy_cases(folder, 8, images=pictures)
    for n, case in enumerate(cases):
        case.text["title"] *= 1 + n % 4
        if pictures:
            case.images = [case.images, [], case.images * 2][n % 3]
    return [item_of(case, advice="Change it. " * (n % 3)) for n, case in enumerate(cases)]


def tiny(out: Path, kind: str, seed: int = 0) -> Path:
    """An untrained tiny model whose tokenizer knows the toy texts; its weights are large, so that texts matter."""
    cases = toy_cases(out / "cases", 32)
    texts = [*rows.texts_of(Briefs.bind(cases, BOOK), "compact"), *map(_judged, cases), "Yes.No.yes.no." * 4]
    tiny_models.build_tiny(out, texts, kind, tiny_models.TinySize(**SIZE), seed=seed)
    generator = torch.Generator().manual_seed(seed)
    weights = {
        name: weight + 0.1 * torch.randn(weight.shape, generator=generator)
        for name, weight in safetensors.load_file(out / "model.safetensors").items()
    }
    safetensors.save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    return out


def answering(base: Path, out: Path) -> Path:
    """The model, taught in a moment to say yes or no to a plain question."""
    model, processor = checkpoint.load_weights(str(base)), checkpoint.load_processor(base)
    inputs = encode(processor, [PLAIN, PLAIN])
    said = torch.tensor([tokenizer_of(processor)(word)["input_ids"][0] for word in ("Yes", "no")])
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(40):
        loss = torch.nn.functional.cross_entropy(model(**inputs).logits[:, -1], said)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.save_pretrained(out)
    processor.save_pretrained(out)
    return out


def _judged(case: Case) -> str:
    """What a judge reads about a case."""
    item = item_of(case)
    assert isinstance(item.ruling, Ruling)
    shown = messages(item.ruling, case, item.excerpt, inquire(item.ruling, case, item.excerpt), one_word=True)
    return "".join(part.text for message in shown for part in message.texts)


def values_of(outcomes: Any) -> list[float]:
    """The values of outcomes that are all Scores."""
    return [outcome.value for outcome in outcomes]
