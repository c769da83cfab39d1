"""How many tokens a picture of some size becomes: as many as the processor writes for it.

Processors of many families have a formula for it, which costs nothing; some have none, and some have one that leaves
out what stands around a picture, or that is of another way of cutting it up. So a formula is compared with what the
processor writes for blank pictures of a few shapes, once for each processor. Where it is wrong or missing, blank
pictures are what is counted by, one for each size that occurs.

Some processors cut a picture into tiles only where it stands alone in a conversation (LLaVA-OneVision): whether one
does is asked once, of two blank pictures, and those among others are then counted by two.
"""

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from prompts.processor import Processor

SHAPES = ((64, 64), (112, 112), (640, 480), (300, 700), (1000, 90), (120, 1000), (1024, 1024), (1601, 903))
"""Width and height of the pictures that a formula is tried on: small and large, wide and tall."""

_formula_holds: "WeakKeyDictionary[Processor, bool]" = WeakKeyDictionary()
_alike: "WeakKeyDictionary[Processor, bool]" = WeakKeyDictionary()
_counted: "WeakKeyDictionary[Processor, dict[tuple[int, int, int], int]]" = WeakKeyDictionary()


def tokens_of(processor: "Processor", width: int, height: int, alone: bool = True) -> int:
    """How many tokens a conversation holds for a picture, instead of the one that its mark in the chat template's text
    stands for.

    Args:
        alone: whether it is the only one in its conversation.

    Raises:
        ValueError: the model does not take pictures of that shape.
    """
    if not alone and processor not in _alike:
        _alike[processor] = _is_alike(processor)
    together = 1 if alone or _alike[processor] else 2
    if processor not in _formula_holds:
        _formula_holds[processor] = _holds(processor)
    if together == 1 and _formula_holds[processor]:
        return _by_formula(processor, width, height)
    counts, key = _counted.setdefault(processor, {}), (width, height, together)
    if key not in counts:
        counts[key] = _written(processor, *key) // together
    return counts[key]


def _holds(processor: Any) -> bool:
    if not hasattr(processor, "_get_num_multimodal_tokens"):
        return False
    try:
        return all(_by_formula(processor, *shape) == _written(processor, *shape) for shape in SHAPES)
    except Exception:  # a formula of others, for settings that it may not know: what counts is what is written
        return False


def _is_alike(processor: Any) -> bool:
    """Whether a picture among others becomes what it does alone."""
    try:
        return all(_written(processor, *shape, 2) == 2 * _written(processor, *shape) for shape in SHAPES[:3])
    except Exception:  # a model that takes one picture at most: of several, whoever shows them complains
        return True


def _by_formula(processor: Any, width: int, height: int) -> int:
    return int(processor._get_num_multimodal_tokens(image_sizes=[(height, width)])["num_image_tokens"][0])


def _written(processor: Any, width: int, height: int, together: int = 1) -> int:
    """What blank pictures add to the length of a conversation that shows so many, and 1 for the mark of each."""
    from PIL import Image

    def asked(picture: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"role": "user", "content": [picture, {"type": "text", "text": "."}] * together}]

    text = processor.apply_chat_template(asked({"type": "image"}), tokenize=False)
    blank = {"type": "image", "image": Image.new("RGB", (width, height))}
    seen = processor.apply_chat_template([asked(blank)], tokenize=True, return_dict=True)
    marked = processor.tokenizer(text, add_special_tokens=False)["input_ids"]
    return len(seen["input_ids"][0]) - len(marked) + together
