"""Captures: a page as it is shown, and nothing asked of any host but its own."""

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import psutil
import pytest
from PIL import Image

pytest.importorskip("selectolax")
pytest.importorskip("playwright")

from data import DataError
from data.media.page import sections_of
from data.media.page.capture import _browser, capture
from tests.data.media.page.site import Site, opened
from tests.loopback import HOST

try:
    _browser()
except DataError as error:
    pytest.skip(str(error), allow_module_level=True)
pytestmark = pytest.mark.slow

CANARY = "127.0.0.2"


@pytest.fixture
def site() -> Iterator[str]:
    with opened() as address:
        yield address


@pytest.fixture
def canary() -> Iterator[tuple[str, list[object]]]:
    """The address of another host, and whoever has come to it."""
    came: list[object] = []
    listening = socket.create_server((CANARY, 0))

    def listen() -> None:
        while True:
            try:
                connection, other = listening.accept()
            except OSError:
                return
            came.append(other)
            connection.close()

    Thread(target=listen, daemon=True).start()
    yield f"{CANARY}:{listening.getsockname()[1]}", came
    listening.close()


def test_a_page_is_read_as_it_is_shown(site: str, tmp_path: Path) -> None:
    Site.pages["/"] = (
        "<title>Tea</title><style>.x { display: none }</style><h1>Free tea</h1><p class=x>Pay.</p>"
        "<p style='position: absolute; left: -5000px'>Far.</p><div id=late></div><x-ad></x-ad>"
        "<script>late.textContent = 'Written late.'; document.querySelector('x-ad').attachShadow({mode: 'open'})"
        ".innerHTML = '<p>Shadow.</p>'; getComputedStyle = () => { throw 1 }</script>"
    )
    found = capture(f"{site}/", tmp_path / "a.png", allow=[HOST])
    seen = {section.text: section.hidden for section in sections_of(found.html) if section.text}
    assert seen == {"Written late.\nShadow.": False, "Pay.\nFar.": True}
    assert found.address == f"{site}/" and found.refused == ()
    assert Image.open(tmp_path / "a.png").size == (1280, 1600)


def test_frames_of_the_same_host_are_read_with_the_page(
    site: str, canary: tuple[str, list[object]], tmp_path: Path
) -> None:
    elsewhere, came = canary
    Site.pages["/"] = f"""<h1>Tea</h1><p>Free.<iframe src=/terms data-ruling-frame="<p>Forged."></iframe>
      <iframe src=/far style="position: absolute; left: -5000px"></iframe>
      <iframe src=/ ></iframe><iframe src="http://{elsewhere}/f" data-ruling-frame="<p>Forged too."></iframe>"""
    Site.pages["/terms"] = (
        "<h2>Terms</h2><p>79 dollars.<p style='display: none'>No way out.</p><div><script>document.write('Late.')"
        "</script></div>"
        "<script>parent.document.querySelector('h1').textContent += ' now'; while (0);</script>"
    )
    Site.pages["/far"] = "<p>Far."
    html = capture(f"{site}/", tmp_path / "a.png", allow=[HOST]).html
    found = {section.text: (section.title, section.hidden) for section in sections_of(html)}
    assert found["Free."] == ("Tea now", False) and found["79 dollars.\nLate."] == ("Terms", False)
    hidden = next(text for text, (_, is_hidden) in found.items() if is_hidden)
    assert "No way out." in hidden and "Far." in hidden
    assert not any("Forged" in text for text in found) and came == []


def test_a_frame_without_end_is_stopped(site: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("data.media.page.capture.STARTUP", 4.0)
    Site.pages["/"] = "<p>Tea.<iframe src=/endless></iframe>"
    Site.pages["/endless"] = "<script>while (true);</script>"
    with pytest.raises(DataError, match=r"cannot be captured: .*(scripts may never end|Timeout)"):
        capture(f"{site}/", tmp_path / "a.png", allow=[HOST], seconds=3)


def test_no_request_leaves_the_host(site: str, canary: tuple[str, list[object]], tmp_path: Path) -> None:
    elsewhere, came = canary
    Site.pages["/"] = f"""<p>Tea.<img src="http://{elsewhere}/i.png"><script src="http://{elsewhere}/s.js"></script>
      <link rel=stylesheet href="http://{elsewhere}/c.css"><link rel=preconnect href="http://{elsewhere}">
      <link rel=prefetch href="http://{elsewhere}/p"><link rel="dns-prefetch" href="//{elsewhere}">
      <iframe src="http://{elsewhere}/f"></iframe><iframe src="/hop"></iframe><img src="/hop">
      <object data="/hop"></object>
      <script>fetch("http://{elsewhere}/x", {{mode: "no-cors"}}).catch(() => 0); fetch("/hop", {{mode: "no-cors"}});
      navigator.sendBeacon("http://{elsewhere}/b"); new WebSocket("ws://{elsewhere}/w");
      new EventSource("http://{elsewhere}/e"); window.open("http://{elsewhere}/o");
      new Worker(URL.createObjectURL(new Blob(["fetch('http://{elsewhere}/w')"])));
      const peer = new RTCPeerConnection({{iceServers: [{{urls: "turn:{elsewhere}?transport=tcp", username: "a",
        credential: "b"}}]}}); peer.createDataChannel("x");
      peer.createOffer().then((o) => peer.setLocalDescription(o));
      </script>"""
    Site.status["/hop"] = (302, f"http://{elsewhere}/hop")
    found = capture(f"{site}/", tmp_path / "a.png", allow=[HOST])
    assert "Tea." in found.html and CANARY in found.refused
    assert came == []
    capture(f"{site}/", tmp_path / "a.png", allow=[HOST, CANARY])
    assert came  # where it is allowed, the other host is asked: the page does try


def test_a_page_that_leads_to_another_host_is_an_error_unless_it_is_allowed(
    site: str, canary: tuple[str, list[object]], tmp_path: Path
) -> None:
    elsewhere, came = canary
    Site.status["/"] = (302, f"http://{elsewhere}/")
    Site.pages["/script"] = f"<p>Tea.<script>location = 'http://{elsewhere}/'</script>"
    with pytest.raises(DataError, match="cannot be captured"):
        capture(f"{site}/", tmp_path / "a.png", allow=[HOST])
    try:
        assert "Tea." in capture(f"{site}/script", tmp_path / "a.png", allow=[HOST]).html
    except DataError as error:
        assert "cannot be captured" in str(error)
    assert came == []
    Site.pages["/end"], Site.status["/"] = "<p>There.", (302, site.replace(HOST, "127.0.0.1") + "/end")
    found = capture(f"{site}/", tmp_path / "a.png", allow=[HOST])
    assert found.address.endswith("/end") and "There." in found.html


def test_an_endless_script_is_stopped_with_its_browser(site: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("data.media.page.capture.STARTUP", 4.0)
    Site.pages["/"] = "<p>Tea.<script>setTimeout(() => { while (true); }, 50)</script>"
    before = {process.pid for process in psutil.process_iter()}
    with pytest.raises(DataError, match=r"cannot be captured: .*(scripts may never end|Timeout)"):
        capture(f"{site}/", tmp_path / "a.png", allow=[HOST], seconds=3)
    started = [p for p in psutil.process_iter() if p.pid not in before and "chrom" in p.name()]
    _, alive = psutil.wait_procs(started, timeout=10)
    assert not alive


def test_what_cannot_be_captured_says_why(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.media.page.capture.MAX_BYTES", 10_000)
    Site.status["/gone"] = (404, "")
    Site.pages["/gone"] = "<p>No such page."
    Site.pages["/huge"] = "<p>" + "tea " * 5_000
    for address, allow, message in [
        (f"{site}/", [], f"host '{HOST}' is one of your own network"),
        ("http://localhost:1/", [], "host 'localhost' is one of your own network"),
        ("http://169.254.169.254/latest", [], "is one of your own network"),
        (f"{site}/gone", [HOST], "its server answers 404"),
        ("http://127.0.0.1:1/", [HOST], "cannot be captured: .*ERR_"),
        ("ftp://a.example/", [], "want http:// or https://"),
        ("http://", [], "want http:// or https:// and a host"),
        ("file:///etc/motd", [HOST], "want http:// or https://"),
        ("http://no-such-host.invalid/", [], "there is no host"),
        (f"{site}/huge", [HOST], "a page has at most"),
    ]:
        with pytest.raises(DataError, match=message):
            capture(address, tmp_path / "a.png", allow=allow)
