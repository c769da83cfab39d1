"""Is a broadcast watched as its file is, at a cost and in a memory that do not grow?

    python benchmarks/live_stream.py --out runs/live-stream

A recording of `--minutes` is watched as fast as possible; then as an HLS playlist that grows, and sent over RTMP, both
on this machine and `--speed` times as fast as it is. Said of each: whether its alarms are those of the file, and what
a window of the last minute costs against one of the first, in processor time of the thread that watches. A machine
that serves others is not as fast in one minute as in the next: beside each window the very first is asked again, and
what a window costs is told in what that one does. Who rules is a tiny model, asked in full; since it is untrained,
what it is said to have found is what is dark. Then an hour is watched, and the memory after ten minutes set against
that at the end.
"""

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import av
import numpy as np
import psutil
from PIL import Image
from rich.console import Console

from data import Briefs, Interval, Rule, Rulebook, Ruling, Violation
from data.media.live import Source, source_of
from data.media.live.address import AddressSource
from data.media.live.feed import Pace
from data.windows import Alarm, WindowSettings
from prompts import Episode, reason, write
from rl.config.decoding import Decoding
from rl.generation.engine import Key
from rl.generation.local import LocalEngine
from rl.models.tiny import TinySize, build_tiny
from rl.runs.journal import Dropped, Ended, Looked, Record, read_journal
from rl.serving.live.progress import WatchSettings
from rl.serving.live.watch import watch

BOOK = Rulebook(name="lights", rules=[Rule(id="DARK-1", text="No dark pictures.")])
SETTINGS = WatchSettings(
    windows=WindowSettings(seconds=4, every=4, frames=1), agree=2, pixels=12_544, most_lag=3600
)  # fmt: skip
"""No window has a frame to spare, or comes too late: nothing is left out, however slow the machine."""
RATE, SIZE, SEGMENT, HOST = 2, (160, 96), 4, "127.0.0.1"
SIZES = TinySize(vocab=512, hidden=64, intermediate=128, layers=2, context=1024, vision_hidden=32)


class Looks:
    """Rules by what is dark, after a model has written as much as it would have."""

    name, template = "looks", "compact"

    def __init__(self, model: LocalEngine | None, kept: Path):
        self._model, self._folder = model, kept
        self._first: tuple[Briefs, Collection[Key]] | None = None
        self.again: list[float] = []
        """What asking the first window again took beside each, in seconds of this thread."""

    def begin(self) -> None:
        """Forgets the last stream."""
        self._first, self.again = None, []

    def _kept(self, briefs: Briefs) -> Briefs:
        """The same, with pictures of their own: a watcher throws a window's away."""
        kept = []
        for brief in briefs:
            frames = [frame.model_copy(update={"path": Path(frame.path).name}) for frame in brief.case.frames]
            for frame, own in zip(brief.case.frames, frames, strict=True):
                shutil.copy(brief.case.path(frame.path), self._folder / own.path)
            case = brief.case.model_copy(update={"frames": frames}).with_root(self._folder)
            kept.append(replace(brief, case=case))
        return Briefs(kept, briefs.book)

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        return {"model": self.name}

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        return {}

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        if self._model is not None:
            self._first = self._first or (self._kept(briefs), missing)
            begun = time.thread_time()
            list(self._model.write(self._first[0], decoding, self._first[1]))
            self.again.append(time.thread_time() - begun)
            list(self._model.write(briefs, decoding, missing))
        for brief in briefs:
            times = [frame.time for frame in brief.case.frames if _is_dark(brief.case.path(frame.path))]
            evidence = [Interval(interval=(times[0], times[-1]))] if times else []
            found = [Violation(rule="DARK-1", evidence=evidence)] if times else []
            verdict = "reject" if found else "approve"
            said = Ruling(reasoning=reason(found, brief.excerpt), violations=found, verdict=verdict, confidence=0.9)
            yield [Episode.plain(brief.id, write(said))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--speed", type=float, default=4.0)
    parser.add_argument("--tokens", type=int, default=64, help="that the model writes of a window; 0: none is asked")
    parser.add_argument("--hour", type=int, default=60, help="minutes over which memory is looked at; 0: not")
    parser.add_argument("--send", nargs=3, metavar=("FILE", "URL", "SPEED"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.send:
        send(Path(given.send[0]), given.send[1], float(given.send[2]))
        return
    out, console = given.out, Console(emoji=False, width=120)
    out.mkdir(parents=True, exist_ok=True)
    dark = dark_seconds(60 * given.minutes)
    clip = write_clip(out / "clip.mp4", 60 * given.minutes, dark)
    texts = [rule.text for rule in BOOK.rules] * 20 + [f"{n} s, frame {n}" for n in range(200)]
    build_tiny(out / "model", texts, "vl", SIZES, image_tokens=4)
    (out / "first").mkdir(exist_ok=True)
    engine = Looks(LocalEngine(str(out / "model")) if given.tokens else None, out / "first")
    wanted: list[Alarm] = []
    for name, watched in (("file", of_file), ("HLS", over_hls), ("RTMP", over_rtmp)):
        journal = out / f"{name}.jsonl"
        journal.unlink(missing_ok=True)
        marks: list[float] = []
        listen = partial(_mark, marks)
        engine.begin()
        watched(engine, clip, journal, Decoding(max_new_tokens=given.tokens or 1), given.speed, listen)
        records = list(read_journal(journal))
        alarms = [alarm for record in records if isinstance(record, Looked | Ended) for alarm in record.alarms]
        wanted = wanted or alarms
        again = engine.again[1:] or [0.001] * (len(marks) - 1)
        costs = [(after - before) / own - 1 for (before, after), own in zip(pairwise(marks), again, strict=True)]
        every = round(60 / SETTINGS.windows.every)
        minutes = [statistics.median(costs[at : at + every]) for at in range(0, len(costs), every)]
        dropped = sum(record.frames + record.windows for record in records if isinstance(record, Dropped))
        same = "those of the file" if alarms == wanted else "NOT those of the file"
        cost = f"a window costs {minutes[-1] / minutes[0]:.2f} of one of the first minute in the last"
        console.print(f"{name}: {len(marks)} windows, {dropped} left out, {len(alarms)} alarms, {same}; {cost}")
        console.print("  minute by minute, in what the first window does:", *(f"{minute:.2f}" for minute in minutes))
    if given.hour:
        early, late = memory(out, 60 * given.hour)
        console.print(f"memory after ten minutes {early:.0f} MB, after {given.hour} minutes {late:.0f} MB")


def dark_seconds(seconds: int) -> set[int]:
    """Seconds that break the rule: for a while, now and then."""
    draw, dark, at = random.Random(0), set[int](), 20
    while at < seconds - 30:
        length = draw.randint(3, 25)
        dark |= set(range(at, at + length))
        at += length + draw.randint(20, 60)
    return dark


def write_clip(path: Path, seconds: int, dark: Collection[int]) -> Path:
    """A recording that is bright or dark second by second."""
    if path.is_file():
        return path
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "tune": "zerolatency"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.thread_count = SEGMENT * RATE, 1
        for number in range(seconds * RATE):
            shade = 40 if number // RATE in dark else 220
            frame = av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), shade, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def of_file(engine: Looks, clip: Path, journal: Path, decoding: Decoding, speed: float, listen: Any) -> None:
    _watch(engine, source_of(str(clip)), journal, decoding, listen, 1.0)


def over_hls(engine: Looks, clip: Path, journal: Path, decoding: Decoding, speed: float, listen: Any) -> None:
    """A playlist lists one more of its segments as often as they last, by the broadcast's pace."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.m3u8"
        options = {"hls_time": str(SEGMENT), "hls_list_size": "0", "hls_playlist_type": "vod"}
        with av.open(str(clip)) as source, av.open(str(whole), "w", format="hls", options=options) as container:
            stream = container.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    container.mux(packet)
        server = ThreadingHTTPServer((HOST, 0), partial(_Quiet, directory=folder))
        Thread(target=server.serve_forever, daemon=True).start()
        now = whole.with_name("now.m3u8")
        _list(whole, now, 1)
        Thread(target=_grow, args=(whole, now, SEGMENT / speed), daemon=True).start()
        _watch(engine, source_of(f"http://{HOST}:{server.server_port}/now.m3u8"), journal, decoding, listen, 20.0)
        server.shutdown()
        server.server_close()


def over_rtmp(engine: Looks, clip: Path, journal: Path, decoding: Decoding, speed: float, listen: Any) -> None:
    """A process of its own sends it: PyAV keeps Python's lock while it writes."""
    url = f"rtmp://{HOST}:{_free_port()}/live/clip"
    sender = subprocess.Popen([sys.executable, __file__, "--out", ".", "--send", str(clip), url, str(speed)])
    source = AddressSource(url, {"listen": "1"}, patience=(60.0, 20.0))
    _watch(engine, source, journal, decoding, listen, 3.0)
    sender.wait(timeout=60)


def send(clip: Path, url: str, speed: float) -> None:
    """Sends a recording to whoever listens at an RTMP address, so many times as fast as it is."""
    for _ in range(240):  # until somebody does
        try:
            _sent(clip, url, speed)
            return
        except ConnectionRefusedError:
            time.sleep(0.25)


def _sent(clip: Path, url: str, speed: float) -> None:
    with av.open(str(clip)) as source, av.open(url, "w", format="flv") as out:
        stream = source.streams.video[0]
        copy, begun = out.add_stream_from_template(stream), time.monotonic()
        for packet in source.demux(stream):
            if packet.dts is not None and packet.time_base is not None:
                time.sleep(max(0.0, begun + float(packet.dts * packet.time_base) / speed - time.monotonic()))
                packet.stream = copy
                out.mux(packet)


def memory(out: Path, seconds: int) -> tuple[float, float]:
    """Megabytes of this process after ten minutes of a stream, and at its end."""
    clip = write_clip(out / "hour.mp4", seconds, dark_seconds(seconds))
    (out / "hour.jsonl").unlink(missing_ok=True)
    used: list[float] = []

    def listen(record: Record) -> None:
        if isinstance(record, Looked):
            used.append(psutil.Process().memory_info().rss / 2**20)

    _watch(Looks(None, out), source_of(str(clip)), out / "hour.jsonl", Decoding(), listen, 1.0)
    ten = round(600 / SETTINGS.windows.every)
    return statistics.median(used[ten - 10 : ten + 10]), statistics.median(used[-20:])


def _watch(engine: Looks, source: Source, journal: Path, decoding: Decoding, listen: Any, give_up: float) -> None:
    pace = Pace(True, give_up)
    watch(engine, source, BOOK, journal, settings=SETTINGS, decoding=decoding, pace=pace, listener=listen)


def _mark(marks: list[float], record: Record) -> None:
    if isinstance(record, Looked):
        marks.append(time.thread_time())  # of this thread alone: the machine may have others to serve


def _is_dark(path: Any) -> bool:
    with Image.open(path) as image:
        return bool(np.asarray(image.convert("L")).mean() < 128)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _list(whole: Path, now: Path, segments: int) -> bool:
    """Lists so many segments; whether that is all of them."""
    lines = whole.read_text().splitlines()
    head = [
        line for line in lines if line.startswith("#EXT-X-V") or line.startswith(("#EXTM", "#EXT-X-T", "#EXT-X-M"))
    ]
    listed = [line for line in lines if line.startswith("#EXTINF") or not line.startswith("#")]
    done = 2 * segments >= len(listed)
    draft = now.with_suffix(".draft")
    draft.write_text("\n".join([*head, *listed[: 2 * segments], *(["#EXT-X-ENDLIST"] if done else [])]) + "\n")
    draft.replace(now)
    return done


def _grow(whole: Path, now: Path, pause: float) -> None:
    segments = 1
    while not _list(whole, now, segments):
        time.sleep(pause)
        segments += 1


def _free_port() -> int:
    with ThreadingHTTPServer((HOST, 0), _Quiet) as probe:
        return int(probe.server_port)


if __name__ == "__main__":
    main()
