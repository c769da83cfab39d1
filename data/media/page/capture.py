"""Capture: a page of the web as it stands now, kept as a file, with its final address and a picture of it.

Only the page's own host is asked, and those that are allowed by name; a host inside of one's own network only where it
is allowed so. The browser is stopped when its time is over, whatever the page does.
"""

import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from data.errors import DataError
from data.media.page.browser import Order, Outcome
from data.media.page.saved import MAX_BYTES
from data.page import SCHEMES

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = "RULING_CHROMIUM"
"""The environment variable with the path of a Chromium that is not on the ``PATH``."""
STARTUP = 20.0
"""Seconds that a browser may take to start and to stop, beside those of the page."""


@dataclass(frozen=True)
class Captured:
    """A page as it was found."""

    html: str
    address: str
    """Where it ended, after redirects."""
    refused: tuple[str, ...]
    """Hosts that it asked for and that are not allowed."""


def capture(address: str, screenshot: Path, *, allow: Iterable[str] = (), seconds: float = 20.0) -> Captured:
    """Opens a page in headless Chromium.

    Args:
        address: ``http://…`` or ``https://…``.
        screenshot: where its picture goes, a PNG of what is seen first.
        allow: further hosts that it may ask, and hosts of one's own network.
        seconds: that it may take to load.

    Raises:
        DataError: there is no such host, or it is of one's own network and not allowed; there is no browser; the page
            does not answer in time, leads to another host, is an error, is empty or too large.
    """
    allowed = {host.lower() for host in allow}
    order = Order(address, _resolved(address, allowed), _browser(), str(screenshot), seconds)
    outcome = _run(order)
    if outcome.error or not outcome.address.startswith(SCHEMES):
        elsewhere = f"; it asked for {', '.join(outcome.refused)}" if outcome.refused else ""
        hint = ": allow them with --allow-host" if elsewhere else ""
        raise DataError(f"cannot be captured: {outcome.error or 'it leads nowhere'}{elsewhere}{hint}", file=address)
    if outcome.status is not None and outcome.status >= 400:
        raise DataError(f"cannot be captured: its server answers {outcome.status}", file=address)
    if len(outcome.html) > MAX_BYTES:
        raise DataError(
            f"{len(outcome.html):,} characters of HTML, and a page has at most {MAX_BYTES:,}", file=address
        )
    return Captured(outcome.html, outcome.address, tuple(outcome.refused))


def _resolved(address: str, allowed: set[str]) -> dict[str, str]:
    """The hosts that may be asked, with the addresses that they stand for: looked up once and then kept, so that a
    name cannot lead elsewhere a moment later."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode().lower()
    except ValueError as error:
        raise DataError(f"no address of a page: {error}", file=address) from error
    if f"{parts.scheme}://" not in SCHEMES or not host:
        raise DataError("no address of a page: want http:// or https:// and a host", file=address)
    found: dict[str, str] = {}
    for name in (host, *sorted(allowed - {host})):
        try:
            known = sorted({str(info[4][0]) for info in socket.getaddrinfo(name, None, socket.AF_INET)})
        except (OSError, UnicodeError) as error:
            if name != host:  # one of many that are allowed, and not needed here
                continue
            raise DataError(f"there is no host '{name}'", file=address) from error
        if not ipaddress.ip_address(known[0]).is_global and name not in allowed:
            message = f"host '{name}' is one of your own network ({known[0]})"
            raise DataError(f"{message}: allow it with --allow-host {name}", file=address)
        found[name] = known[0]
    return found


def _browser() -> str:
    found = os.environ.get(BROWSER) or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise DataError(f"there is no browser: install Chromium, or name one in {BROWSER}")
    return found


def _run(order: Order) -> Outcome:
    limit = order.seconds + STARTUP
    # Files, not pipes: whatever the browser leaves behind cannot keep us waiting for the end of its output.
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as complaints:
        running = subprocess.Popen(
            [sys.executable, "-m", "data.media.page.browser"],
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=complaints,
            start_new_session=True,
        )
        try:
            assert running.stdin is not None
            running.stdin.write(json.dumps(asdict(order)).encode())
            running.stdin.close()
            running.wait(limit)
        except subprocess.TimeoutExpired as error:
            message = f"cannot be captured: it was not done after {limit:g} s; its scripts may never end"
            raise DataError(message, file=order.address) from error
        finally:
            _stop(running)
        told.seek(0)
        complaints.seek(0)
        if running.returncode:
            last = complaints.read().decode("utf-8", "replace").strip().splitlines()[-1:] or ["no reason given"]
            if "No module named 'playwright'" in last[0]:
                raise DataError("pages are captured with playwright: pip install 'ruling[media]'", file=order.address)
            raise DataError(f"cannot be captured: the browser failed: {last[0]}", file=order.address)
        return Outcome(**json.loads(told.read()))


def _stop(running: "subprocess.Popen[bytes]") -> None:
    """Ends the process and the browsers that it started: they are of one session."""
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
