"""`capture_pages`: cases whose pages are addresses on the web, and are kept as they stand now.

A page that an earlier run has kept is not asked for again. Cases without an address stay as they are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from data.case import Case
from data.errors import DataError
from data.files import read_json, whole_folder, write_json, write_whole
from data.media.page.capture import STARTUP, capture
from data.media.workers import in_processes
from data.preparing.case import kept_files
from data.preparing.run import Done, Prepared, run
from data.preparing.store import Store

FOUND = "capture.json"
"""What a capture says beside its HTML and its picture."""


@dataclass(frozen=True)
class _Order:
    case: Case
    out: Path
    allow: tuple[str, ...]
    seconds: float


def capture_pages(
    *sources: Any,
    out: str | Path,
    allow: Iterable[str] = (),
    page_seconds: float = 20.0,
    processes: int = 1,
    reached: Callable[[int], None] = lambda count: None,
) -> Prepared:
    """Captures pages and writes ``cases.jsonl``, ``media/`` and, if need be, ``rejected.jsonl``.

    Args:
        sources: as for `load_cases`.
        out: the folder to write to.
        allow: further hosts that pages may ask, and hosts of one's own network.
        page_seconds: that a page may take to load.
        processes: how many browsers run at once.
        reached: is told how many cases are done.

    Raises:
        DataError: a source cannot be read, or not one page could be captured.
    """
    folder = Path(out)

    def work(cases: list[Case]) -> Done:
        orders = [_Order(case, folder, tuple(sorted(allow)), page_seconds) for case in cases]
        return in_processes(_captured, orders, processes, 2 * (page_seconds + STARTUP))

    return run(sources, folder, work, reached)


def _captured(order: _Order) -> Case:
    case, store = order.case, Store(order.out)
    changes: dict[str, Any] = kept_files(case, store)
    page = case.page
    if page is not None and page.address is not None and page.path is None and not page.sections:
        name = f"media/captures/{sha256(page.address.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"
        if not (order.out / name / FOUND).is_file():
            try:
                _keep(order, page.address, order.out / name)
            except DataError as error:
                raise DataError(error.message, file=error.file, field="page.address") from error
        found = read_json(order.out / name / FOUND)
        files = {"path": f"{name}/page.html", "screenshot": f"{name}/screenshot.png"}
        changes["page"] = page.model_copy(update={"address": found["address"], **files})
    return case.model_copy(update=changes).with_root(order.out)


def _keep(order: _Order, address: str, folder: Path) -> None:
    with whole_folder(folder) as draft:
        found = capture(address, draft / "screenshot.png", allow=order.allow, seconds=order.seconds)
        write_whole(draft / "page.html", found.html.encode("utf-8", "replace"))
        write_json(draft / FOUND, {"asked": address, "address": found.address, "refused": list(found.refused)})
