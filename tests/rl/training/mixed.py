"""Cases with pictures beside cases without: a process whose batch has none leaves the vision tower out, and the others
wait for it.
"""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from data import Gold, save_cases
from tests.rl.conftest import toy_cases


def save_mixed(folder: Path, seen: Sequence[bool]) -> Path:
    """Cases in a file, the first two the longest.

    Args:
        seen: which of them have a picture.
    """
    cases = toy_cases(folder, len(seen))
    for place, (case, has_picture) in enumerate(zip(cases, seen, strict=True)):
        assert case.gold is not None and case.gold.violations is not None
        if not has_picture:
            case.images = []
        else:  # no two alike
            colour = (255 * place // len(seen), 255 - 255 * place // len(seen), 60)
            Image.new("RGB", (112, 112), colour).save(folder / case.images[0])
        broken = [violation for violation in case.gold.violations if violation.rule != "RED-1"]
        case.gold = Gold(verdict="reject" if broken else "approve", violations=broken)
        if place < 2:
            case.text["title"] += " and new shoes in store" * 8
    save_cases(cases, folder / "cases.jsonl")
    return folder / "cases.jsonl"
