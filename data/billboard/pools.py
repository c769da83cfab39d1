"""Pools: the files of the levels with a large book, training and test cases that share no name."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from PIL.Image import Image

from data.billboard.catalogue import Pool
from data.case import Case
from data.files import whole_file
from data.reading.loading import save_cases
from data.rulebook import Rulebook

POOLS: tuple[Pool, ...] = ("train", "test")
Drawn = tuple[Case, Mapping[str, Image]]
"""A case, and its pictures by their places beside it."""


def write_pools(
    out: Path,
    book: Rulebook,
    drawn: Callable[[Pool, int], Iterator[Drawn]],
    sizes: tuple[int, int],
    progress: Callable[[int], None] | None = None,
) -> None:
    """Writes ``rulebook.yaml``, and for each pool ``POOL.jsonl`` and the pictures.

    Args:
        out: the folder to write to.
        drawn: draws so many cases of a pool.
        sizes: how many of each of `POOLS`.
        progress: told how many of all cases are done.
    """
    book.dump(out / "rulebook.yaml")
    done = 0
    for pool, count in zip(POOLS, sizes, strict=True):
        cases = []
        for case, pictures in drawn(pool, count):
            for name, picture in pictures.items():
                with whole_file(out / name, flushed=False) as file:
                    picture.save(file, "PNG", compress_level=1)
            cases.append(case)
            done += 1
            if progress:
                progress(done)
        save_cases(cases, out / f"{pool}.jsonl")
