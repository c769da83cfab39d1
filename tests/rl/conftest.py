"""A toy task that every test of training shares: coloured pictures, short rules, and tiny models for them."""

import random
from pathlib import Path

import pytest
from PIL import Image

from data import Briefs, Case, Gold, GoldViolation, Quote, Rule, Rulebook, load_cases, save_cases

COLOURS = {"red": (220, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 220), "white": (240, 240, 240)}
CLAIMS = {
    "PRIZE-1": ("no promise of prizes", ["you won a prize", "claim your free gift"]),
    "CURE-1": ("no claim to cure", ["cures diabetes", "heals in one day"]),
    "SALE-1": ("no discount above 50 %", ["90 % off", "75 % off"]),
}
PLAIN = ["fresh bread daily", "new shoes in store", "visit us in town", "20 % off"]


def toy_book() -> Rulebook:
    rules = [Rule(id=id_, text=text) for id_, (text, _) in CLAIMS.items()]
    return Rulebook(name="toy", rules=(*rules, Rule(id="RED-1", text="no red picture")))


def toy_cases(folder: Path, count: int, seed: int = 0, images: bool = True) -> list[Case]:
    """Cases whose text or picture may break a rule; half of the excerpts leave one rule out."""
    draw, book, cases = random.Random(seed), toy_book(), []
    for n in range(count):
        ids = draw.sample(book.ids, 3)
        claim = draw.choice([*CLAIMS, None])
        words = draw.choice(CLAIMS[claim][1] if claim else PLAIN)
        colour = draw.choice(list(COLOURS))
        violations = []
        if claim:
            violations.append(GoldViolation(rule=claim, evidence=[Quote(quote=words, field="body")]))
        if colour == "red" and images:
            violations.append(GoldViolation(rule="RED-1", evidence=None))
        case = Case(
            id=f"toy-{n}",
            text={"title": draw.choice(PLAIN), "body": words},
            rules=list(ids),
            gold=Gold(verdict="reject" if violations else "approve", violations=violations),
        )
        if images:
            case.images = [f"media/{n}.png"]
            path = folder / case.images[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (112, 112), COLOURS[colour]).save(path)
        cases.append(case.with_root(folder))
    return cases


def toy_briefs(path: Path, count: int | None = None) -> Briefs:
    """The first cases of a file, with their excerpts of the toy book."""
    return Briefs.bind(load_cases(path)[:count], toy_book())


@pytest.fixture(scope="session")
def book() -> Rulebook:
    return toy_book()


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``cases.jsonl`` (with pictures), ``text.jsonl`` (without) and ``rules.yaml``."""
    folder = tmp_path_factory.mktemp("toy")
    toy_book().dump(folder / "rules.yaml")
    save_cases(toy_cases(folder, 64), folder / "cases.jsonl")
    save_cases(toy_cases(folder, 64, images=False), folder / "text.jsonl")
    return folder


@pytest.fixture(scope="session")
def tiny_vl(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny vision-language model, untrained."""
    return _tiny(toy / "cases.jsonl", tmp_path_factory.mktemp("tiny_vl"), "vl")


@pytest.fixture(scope="session")
def tiny_text(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny text model, untrained."""
    return _tiny(toy / "text.jsonl", tmp_path_factory.mktemp("tiny_text"), "text")


def _tiny(cases: Path, out: Path, kind: str) -> Path:
    from rl.models.tiny import TinySize, build_tiny
    from rl.training.rows import texts_of

    size = TinySize(vocab=512, hidden=64, intermediate=128, layers=2, context=512, vision_hidden=32, vision_depth=2)
    return build_tiny(out, texts_of(toy_briefs(cases), "compact"), kind, size)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def tiny_llava(toy: Path, tiny_vl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model shaped like LLaVA-OneVision, untrained, with the tokenizer of the other one that sees."""
    import torch
    from transformers import (
        AutoTokenizer,
        GenerationConfig,
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessor,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
        Qwen3Config,
        SiglipVisionConfig,
    )

    from rl.models.tiny import CHAT_TEMPLATE, END_OF_TEXT, END_OF_TURN, IMAGE, VIDEO

    out, tokenizer = tmp_path_factory.mktemp("tiny_llava"), AutoTokenizer.from_pretrained(tiny_vl)
    side, ids = 28, tokenizer.get_vocab()
    text = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=512,
        eos_token_id=ids[END_OF_TURN],
        pad_token_id=ids[END_OF_TEXT],
    )
    vision = SiglipVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=side,
        patch_size=14,
        vision_use_head=False,
    )
    config = LlavaOnevisionConfig(
        text_config=text,
        vision_config=vision,
        image_token_index=ids[IMAGE],
        video_token_index=ids[VIDEO],
        image_grid_pinpoints=[[side, side]],
        vision_feature_layer=-1,
        tie_word_embeddings=False,
    )
    torch.manual_seed(0)
    model = LlavaOnevisionForConditionalGeneration(config)
    model.generation_config = GenerationConfig(eos_token_id=ids[END_OF_TURN], pad_token_id=ids[END_OF_TEXT])
    model.save_pretrained(out)
    LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessor(
            size={"height": side, "width": side}, image_grid_pinpoints=[[side, side]]
        ),
        tokenizer=tokenizer,
        video_processor=LlavaOnevisionVideoProcessor(size={"height": side, "width": side}),
        num_image_tokens=4,
        vision_feature_select_strategy="full",
        image_token=IMAGE,
        video_token=VIDEO,
        chat_template=CHAT_TEMPLATE,
    ).save_pretrained(out)
    return out
