"""Decoding what goes on: the frames of each tick and the sound, from a position on.

Whatever lies before the position is passed over, decoded only as far as the first frame rests on it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from data.media.audio.track import RATE
from data.media.live.item import Sound, View
from data.media.video.frames import VideoFrame, picture_of
from data.media.video.timeline import video_of

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

MOST_PENDING = 2000
"""Most pictures that are kept to decode another one that rests on them."""


def decoded(
    container: "InputContainer", name: str | Path, view: View, clock: Callable[[float], float], position: float
) -> Iterator[VideoFrame | Sound]:
    """The wanted frames and sounds, in the order in which they come.

    Args:
        name: of the source, for errors.
        clock: what a time of the container is by that of the stream.

    Raises:
        DataError: there is no video in it, or its pictures are too large.
    """
    video = video_of(container, name)
    video.thread_type, video.codec_context.thread_count = "NONE", 1
    pictures = _Pictures(video, name, view, clock, position)
    audio = container.streams.audio[0] if view.sound and container.streams.audio else None
    sounds = _Sounds(audio, clock, position) if audio is not None else None
    for packet in container.demux([video, *([audio] if audio is not None else [])]):
        if packet.stream is video:
            yield from pictures.of(packet)
        elif sounds is not None:
            yield from sounds.of(packet)


class _Pictures:
    def __init__(
        self, stream: "VideoStream", name: str | Path, view: View, clock: Callable[[float], float], position: float
    ):
        self._stream, self._name, self._view, self._clock, self._position = stream, name, view, clock, position
        self._next = view.first(position)
        self._pending: list[Packet] = []

    def of(self, packet: "Packet") -> Iterator[VideoFrame]:
        stamp = packet.pts if packet.pts is not None else packet.dts
        unit = self._stream.time_base
        timed = packet.size and stamp is not None and unit is not None
        if timed and self._clock(float(stamp * unit)) < self._position:  # type: ignore[operator]  # neither is None
            self._pending = [] if packet.is_keyframe else self._pending[-MOST_PENDING:]
            self._pending.append(packet)
            return
        for one in (*self._pending, packet):
            for frame in one.decode():
                yield from self._wanted(frame)
        self._pending = []

    def _wanted(self, frame: "av.VideoFrame") -> Iterator[VideoFrame]:
        if frame.time is None or frame.is_corrupt:  # the next one will do for its tick
            return
        time = self._clock(frame.time)
        tick = self._view.tick(time)
        if tick >= self._next:
            self._next = tick + 1
            yield VideoFrame(picture_of(frame, self._stream, self._view.pixels, self._name), round(max(0.0, time), 3))


class _Sounds:
    def __init__(self, stream: "AudioStream", clock: Callable[[float], float], position: float):
        import av

        self._clock, self._position = clock, position
        self._resampler = av.AudioResampler("s16", "mono", RATE)

    def of(self, packet: "Packet") -> Iterator[Sound]:
        for frame in packet.decode():
            time = self._clock(frame.time or 0.0)
            for resampled in self._resampler.resample(frame):  # type: ignore[arg-type]  # of a sound's packets
                samples = resampled.to_ndarray()[0]
                if time + len(samples) / RATE > self._position:
                    yield Sound(samples, max(0.0, time))
