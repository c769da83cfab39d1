"""Build: the files of Billboard at the desk."""

from collections.abc import Callable
from pathlib import Path

from data.billboard.catalogue import Pool
from data.billboard.desk.ad import DeskAdMaker
from data.billboard.desk.book import DeskBook
from data.billboard.desk.picture import large_picture, shown_picture
from data.files import whole_file
from data.reading.loading import save_cases

POOLS: tuple[Pool, ...] = ("train", "test")


def build_desk(
    out: str | Path, cases: int, test_cases: int, seed: int = 0, progress: Callable[[int], None] | None = None
) -> Path:
    """Writes ``rulebook.yaml``, ``train.jsonl``, ``test.jsonl`` and ``media/``; the same seed gives the same bytes.

    Args:
        out: the folder to write to.
        cases: how many training cases.
        test_cases: how many test cases, of products and names that no training case has.
        progress: told how many of all cases are done.
    """
    out, book, done = Path(out), DeskBook(seed), 0
    book.book.dump(out / "rulebook.yaml")
    for pool, count in zip(POOLS, (cases, test_cases), strict=True):
        made = []
        for ad in DeskAdMaker(book, pool).ads(count):
            case, large = ad.case, large_picture(ad)
            for name, picture in ((case.images[0], shown_picture(ad, large)), (case.originals[0], large)):
                with whole_file(out / name, flushed=False) as file:
                    picture.save(file, "PNG", compress_level=1)
            made.append(case)
            done += 1
            if progress:
                progress(done)
        save_cases(made, out / f"{pool}.jsonl")
    return out
