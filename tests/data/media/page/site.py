"""A web site of which every page can be set."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

from tests.loopback import listening


class Site(BaseHTTPRequestHandler):
    pages: ClassVar[dict[str, str]] = {}
    status: ClassVar[dict[str, tuple[int, str]]] = {}
    """Statuses that are not 200, each with where it leads."""
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, where = self.status.get(self.path, (200, ""))
        body = self.pages.get(self.path, "").encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if where:
            self.send_header("Location", where)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def opened() -> Iterator[str]:
    """The site's address, while it is there; it begins empty."""
    for kept in (Site.pages, Site.status, Site.asked):
        kept.clear()
    with listening(Site) as address:
        yield address
