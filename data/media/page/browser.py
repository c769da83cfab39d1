"""The browser half of a capture: headless Chromium, run in a process of its own so that it can be stopped.

It reads an `Order` from its standard input and writes an `Outcome` as one line of JSON. What keeps a page in:

- names of other hosts do not resolve, and the allowed ones only to the addresses that were checked beforehand
- requests, those of frames and web sockets too, are refused unless their host is allowed; no service worker is started
- nothing is downloaded, and no permission is granted
- Chromium's own sandbox holds it, but for root
- the page is read in a world of its own, where the page's scripts have changed nothing
"""

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from data.media.page.sections import FRAME, HIDDEN, MOST_FRAMES

WIDTH, HEIGHT = 1280, 1600
"""Pixels that are shown, and photographed."""
SETTLE = 300
"""Milliseconds that a page is given after it has loaded."""

READ = (
    """() => {
  let frames = 0;
  const read = (page) => {
    const shadows = [];
    for (const element of page.querySelectorAll("*")) {
      if (element.shadowRoot) shadows.push(element.shadowRoot);
      const isFrame = element.tagName === "IFRAME";
      const own = isFrame || [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || ["SCRIPT", "STYLE", "TITLE"].includes(element.tagName)) continue;
      const seen = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      const style = getComputedStyle(element), box = element.getBoundingClientRect();
      const tiny = isFrame ? box.width * box.height < 16 : parseFloat(style.fontSize) < 3;
      const outside = box.right < 0 || box.bottom + page.defaultView.scrollY < 0;
      if (!seen || tiny || outside) element.setAttribute("MARK", "");
      if (!isFrame) continue;
      element.removeAttribute("INSIDE");
      const inner = element.contentDocument;  // null where the frame is of another host
      if (inner && inner.documentElement && frames++ < MOST) element.setAttribute("INSIDE", read(inner));
    }
    return page.documentElement.getHTML
      ? `<!DOCTYPE html><html>${page.documentElement.getHTML({ shadowRoots: shadows })}</html>`
      : `<!DOCTYPE html>${page.documentElement.outerHTML}`;
  };
  return read(document);
}""".replace("MARK", HIDDEN)
    .replace("INSIDE", FRAME)
    .replace("MOST", str(MOST_FRAMES))
)
"""Marks what visitors do not see, puts what frames of the same host show beside them, and gives the page's HTML."""


@dataclass(frozen=True)
class Order:
    """What is to be captured."""

    address: str
    hosts: dict[str, str]
    """The allowed hosts and the addresses that they stand for."""
    executable: str
    screenshot: str
    """Where the picture goes."""
    seconds: float


@dataclass
class Outcome:
    """What came of it."""

    html: str = ""
    address: str = ""
    """Where it ended, after redirects."""
    status: int | None = None
    refused: list[str] = field(default_factory=list)
    """Hosts that were asked for and are not allowed."""
    error: str = ""


def capture(order: Order) -> Outcome:
    """Opens the page and reads it."""
    from playwright.sync_api import Error, Route, WebSocketRoute, sync_playwright

    outcome = Outcome()

    def allowed(address: str) -> bool:
        parts = urlsplit(address)
        if parts.scheme in ("data", "blob", "about"):
            return True
        if parts.scheme in ("http", "https", "ws", "wss") and (parts.hostname or "") in order.hosts:
            return True
        if parts.hostname and parts.hostname not in outcome.refused and len(outcome.refused) < 100:
            outcome.refused.append(parts.hostname)
        return False

    def on_route(route: Route) -> None:
        route.continue_() if allowed(route.request.url) else route.abort("blockedbyclient")

    def on_socket(socket: WebSocketRoute) -> None:
        socket.connect_to_server() if allowed(socket.url) else socket.close()

    rules = [f"MAP {host} {address}" for host, address in order.hosts.items()]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=order.executable,
            chromium_sandbox=os.name != "posix" or os.geteuid() != 0,  # Chromium has none for root
            args=[
                f"--host-resolver-rules={', '.join([*rules, 'MAP * ~NOTFOUND'])}",
                "--disable-background-networking",
                "--no-first-run",
                "--disable-component-update",
                "--webrtc-ip-handling-policy=disable_non_proxied_udp",
                "--force-webrtc-ip-handling-policy",
                "--disable-dev-shm-usage",
            ],
        )
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            service_workers="block",
            accept_downloads=False,
            locale="en-US",
            timezone_id="UTC",
        )
        context.set_default_timeout(order.seconds * 1000)
        context.route("**/*", on_route)
        context.route_web_socket("**/*", on_socket)
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.dismiss())
        context.on("page", lambda other: other.close() if other is not page else None)
        try:
            response = page.goto(order.address, wait_until="domcontentloaded")
            outcome.status = response.status if response is not None else None
            with suppress(Error):  # where something of it never comes, what is there is the page
                page.wait_for_load_state("load", timeout=order.seconds * 500)
            page.wait_for_timeout(SETTLE)
            outcome.html, outcome.address = _read(context.new_cdp_session(page)), page.url
            page.screenshot(path=order.screenshot, animations="disabled", caret="hide")
        except Error as error:
            outcome.error = error.message.splitlines()[0]
        context.close()
        browser.close()
    return outcome


def _read(session: Any) -> str:
    """The page's HTML, read in a world of its own."""
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
    found = session.send(
        "Runtime.evaluate", {"expression": f"({READ})()", "contextId": world, "returnByValue": True, "timeout": 10_000}
    )
    return str(found["result"].get("value", ""))


if __name__ == "__main__":
    print(json.dumps(asdict(capture(Order(**json.loads(sys.stdin.read()))))))
