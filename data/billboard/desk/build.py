"""Build: the files of Billboard at the desk."""

from collections.abc import Callable, Iterator
from pathlib import Path

from data.billboard.catalogue import Pool
from data.billboard.desk.ad import DeskAdMaker
from data.billboard.desk.book import DeskBook
from data.billboard.desk.picture import large_picture, shown_picture
from data.billboard.pools import Drawn, write_pools


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
    out, book = Path(out), DeskBook(seed)

    def drawn(pool: Pool, count: int) -> Iterator[Drawn]:
        for ad in DeskAdMaker(book, pool).ads(count):
            case, large = ad.case, large_picture(ad)
            yield case, {case.images[0]: shown_picture(ad, large), case.originals[0]: large}

    write_pools(out, book.book, drawn, (cases, test_cases), progress)
    return out
