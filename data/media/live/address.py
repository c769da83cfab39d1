"""AddressSource: a broadcast at an address: HLS over HTTP, RTMP, RTSP.

Whoever sends it may stop and begin again. Where its clock goes on, times do; where it was set back, they go on after
what was reached, as many seconds later as went by. HLS keeps some of its past: who comes back finds what it missed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data.address import without_credentials
from data.errors import DataError
from data.media.live.clock import SLACK, BroadcastClock, Marks
from data.media.live.decode import decoded
from data.media.live.item import Item, Opened, Place, View
from data.media.recording import MAX_PIXELS, MICROSECONDS
from data.media.video.timeline import first_video

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

PROTOCOLS = {
    "http": "http,https,tcp,tls,crypto",
    "https": "http,https,tcp,tls,crypto",
    "rtmp": "rtmp,tcp",
    "rtmps": "rtmps,tls,tcp",
    "rtsp": "rtsp,rtp,rtcp,udp,tcp",
    "rtsps": "rtsps,rtp,rtcp,udp,tls,tcp",
    "tcp": "tcp",
}
"""By the scheme of an address, FFmpeg's protocols that it may lead to: no files of this machine among them."""
FORMATS = "hls,mpegts,mov,mp4,aac,webvtt,flv,live_flv,rtsp,rtp,sdp"
TRIES = 20
"""How often FFmpeg asks for a piece of HLS that is listed, and for the list, until it says that the stream is over.

Left to itself it goes on behind a piece that it could not have at once. A server that is away for a moment would cost
just that; opened anew, it is asked again, and passed only if that brings nothing (`Place.passing`).
"""


@dataclass(frozen=True)
class AddressSource:
    """A broadcast. Nothing in it waits.

    Args:
        url: its address. A password in it is sent, and never shown.
        patience: seconds that opening and reading may take.
        options: for FFmpeg, such as ``{"listen": "1"}`` to be called instead of calling.
    """

    url: str = field(repr=False)
    options: dict[str, str] = field(default_factory=dict, hash=False)
    patience: tuple[float, float] = (10.0, 15.0)
    _marks: Marks = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        return without_credentials(self.url)

    @property
    def is_live(self) -> bool:
        return True

    @property
    def _has_past(self) -> bool:
        return self.url.lower().startswith("http")

    def items(self, view: View, place: Place) -> Iterator[Item]:
        """As `Source.items`.

        Raises:
            ConnectionError: nobody answers, it breaks off, or what comes cannot be read.
        """
        try:
            from av.error import FFmpegError
        except ImportError as error:
            raise DataError("broadcasts are read with PyAV: pip install 'ruling[media]'", file=self.name) from error
        try:
            yield from self._items(view, place)
        except FFmpegError as error:  # not all of them are errors of the system
            raise ConnectionError(error.strerror or type(error).__name__) from error

    def _items(self, view: View, place: Place) -> Iterator[Item]:
        with self._opened(place) as container:
            video = self._video(container, place)
            clock = BroadcastClock(self._offset(container, place), place, self._marks)
            known = clock.offset
            yield Opened(self.name, round(_start(container) + known, 3), known)
            for item in decoded(container, video, self.name, view, clock, place.position, lenient=True):
                if clock.offset != known:
                    known = clock.offset
                    yield Opened(self.name, item.time, known)
                yield item

    def _video(self, container: "InputContainer", place: Place) -> "VideoStream":
        """Its video. Nothing that it lacks at a time is lacking for ever, but for what it never had.

        Raises:
            DataError: it has sound alone.
            ConnectionError: it has nothing yet.
        """
        try:
            return first_video(container, self.name)
        except DataError as error:
            if {stream.type for stream in container.streams} == {"audio"} and not place.opened:
                raise
            raise ConnectionError(error.message) from error

    def _offset(self, container: "InputContainer", place: Place) -> float:
        start, clock = _start(container), place.clock
        if clock is None:
            return place.position + place.gap - start
        if not self._has_past and start + clock < place.position - SLACK:
            return place.position + place.gap - start
        return clock

    def _opened(self, place: Place) -> "InputContainer":
        import av

        av.logging.set_level(None)
        scheme = self.url.partition("://")[0].lower()
        options = {
            "protocol_whitelist": PROTOCOLS[scheme],
            "format_whitelist": FORMATS,
            "max_pixels": str(MAX_PIXELS),
            "analyzeduration": "500000",
        }
        if self._has_past:
            options |= {"live_start_index": "0", "seg_format_options": "merge_pmt_versions=1"}
            options |= {} if place.passing else {"m3u8_hold_counters": str(TRIES), "seg_max_retry": str(2 * TRIES)}
        else:
            options |= {"probesize": "1000000"} | ({"merge_pmt_versions": "1"} if scheme == "tcp" else {})
        return av.open(self.url, options=options | self.options, timeout=self.patience, metadata_errors="ignore")


def _start(container: "InputContainer") -> float:
    """When a broadcast begins by its own clock, in seconds."""
    return (container.start_time or 0) / MICROSECONDS
