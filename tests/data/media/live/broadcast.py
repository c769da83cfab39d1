"""Broadcasts on this machine: HLS over a plain HTTP server, and RTMP by a thread that pushes a file."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import av
import numpy as np

from tests.data.media.recordings import numbered
from tests.loopback import HOST


def write_hls(folder: Path, seconds: int, segment: int = 2, rate: int = 5, dark: tuple[int, ...] = ()) -> Path:
    """A playlist with segments that lasts so long. Each frame shows its number.

    Args:
        dark: the seconds that are dark.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = {"hls_time": str(segment), "hls_list_size": "0", "hls_playlist_type": "vod"}
    _write(folder / "live.m3u8", "hls", options, seconds, rate, dark, segment * rate)
    return folder / "live.m3u8"


def write_clip(path: Path, seconds: int, rate: int = 5, dark: tuple[int, ...] = ()) -> Path:
    """The same as a file."""
    _write(path, None, {}, seconds, rate, dark, 2 * rate)
    return path


def _write(path: Path, kind: str | None, options: dict[str, str], seconds: int, rate: int, dark: tuple[int, ...],
           gop: int) -> None:  # fmt: skip
    with av.open(str(path), "w", format=kind, options=options) as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.thread_count = gop, 1
        for number in range(seconds * rate):
            is_dark = number // rate in dark
            frame = av.VideoFrame.from_ndarray(numbered(number % 256, (160, 96), is_dark), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_segment(
    path: Path, start: int, seconds: int = 2, size: tuple[int, int] = (160, 96), rate: int = 48000, pid: int = 256,
    gop: int = 10, sound: float | None = None,
) -> Path:  # fmt: skip
    """A segment with pictures, five a second, and sound.

    Args:
        start: its first second.
        rate: of its sound.
        pid: what its first stream is called.
        sound: how many seconds there are of it; as many as of the pictures if None.
    """
    with av.open(str(path), "w", format="mpegts", options={"mpegts_start_pid": str(pid)}) as container:
        video = container.add_stream("libx264", rate=5, options={"preset": "ultrafast", "tune": "zerolatency"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.gop_size, video.codec_context.thread_count = gop, 1
        audio = container.add_stream("aac", rate=rate) if sound != 0 else None
        for number in range(5 * seconds):
            picture = av.VideoFrame.from_ndarray(numbered(number, size), format="rgb24")
            picture.pts, picture.time_base = 5 * start + number, Fraction(1, 5)
            container.mux(video.encode(picture))
        container.mux(video.encode())
        if audio is not None:
            for begins in range(0, round((sound or seconds) * rate), 1024):
                piece = av.AudioFrame.from_ndarray(np.full((1, 1024), 9000, np.int16), format="s16", layout="mono")
                piece.sample_rate, piece.pts, piece.time_base = rate, start * rate + begins, Fraction(1, rate)
                container.mux(audio.encode(piece))
            container.mux(audio.encode())
    return path


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[str]:
    """The address of a folder, while it is served."""
    ThreadingHTTPServer.allow_reuse_address = True
    server = ThreadingHTTPServer((HOST, port), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class GrowingPlaylist:
    """A playlist that lists more of its segments as time goes by, as that of a broadcast does.

    Args:
        whole: the playlist with all of them.
    """

    def __init__(self, whole: Path, name: str = "now.m3u8"):
        lines = whole.read_text().splitlines()
        left_out = ("#EXTINF", "#EXT-X-END", "#EXT-X-PLAYLIST")
        self._head = [line for line in lines if line.startswith("#EXT") and not line.startswith(left_out)]
        self._segments = [line for line in lines if line.startswith("#EXTINF") or not line.startswith("#")]
        self._path = whole.with_name(name)
        self.list(1)

    @property
    def count(self) -> int:
        return len(self._segments) // 2

    def list(self, segments: int) -> None:
        """Lists so many; all of them with a mark that it has ended."""
        end = ["#EXT-X-ENDLIST"] if segments >= self.count else []
        draft = self._path.with_suffix(".draft")
        draft.write_text("\n".join([*self._head, *self._segments[: 2 * segments], *end]) + "\n")
        draft.replace(self._path)

    def grow(self, pause: float, first: int = 1) -> None:
        """Lists one more after each pause, to the end."""
        for segments in range(first, self.count + 1):
            self.list(segments)
            time.sleep(pause)


def push(clip: Path, url: str, fast: float = 1.0) -> None:
    """Sends a file to whoever listens at an RTMP address, as soon as somebody does, so many times as fast as it is."""
    for _ in range(100):
        try:
            return _pushed(clip, url, fast)
        except ConnectionRefusedError:
            time.sleep(0.1)


def _pushed(clip: Path, url: str, fast: float) -> None:
    with av.open(str(clip)) as source, av.open(url, "w", format="flv") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        begun = time.monotonic()
        for packet in source.demux(stream):
            if packet.dts is None:
                continue
            time.sleep(max(0.0, begun + float(packet.dts * packet.time_base) / fast - time.monotonic()))
            packet.stream = copy
            out.mux(packet)


def list_segments(playlist: Path, names: Sequence[str]) -> Path:
    """A playlist of segments of two seconds that has ended; where ``|`` stands, another clock or sender begins."""
    lines = [line for name in names for line in (("#EXT-X-DISCONTINUITY",) if name == "|" else ("#EXTINF:2,", name))]
    head = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:0"]
    playlist.write_text("\n".join([*head, *lines, "#EXT-X-ENDLIST"]) + "\n")
    return playlist
