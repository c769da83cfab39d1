"""Decoding what goes on: the frames of each tick and the sound, from a position on.

Whatever lies before the position is passed over, decoded only as far as the first frame rests on it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.media.audio.track import RATE
from data.media.live.clock import Clock
from data.media.live.item import Sound, View
from data.media.video.frames import VideoFrame, picture_of

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

MOST_PENDING = 2000
"""Most pictures that are kept to decode another one that rests on them."""
MOST_DAMAGED = 1000
"""Packets in a row that cannot be decoded, after which nothing of a broadcast can be: it may be joined in the middle,
and shows nothing before its next key frame."""


def decoded(
    container: "InputContainer",
    video: "VideoStream",
    name: str | Path,
    view: View,
    clock: Clock,
    position: float,
    lenient: bool = False,
) -> Iterator[VideoFrame | Sound]:
    """The wanted frames and sounds, in the order in which they come.

    Args:
        name: of the source, for errors.
        clock: what a time of the container is by that of the stream.
        lenient: pass over what is damaged, and go on with what comes next.

    Raises:
        DataError: its pictures are too large or too thin.
        FFmpegError: something is damaged; where that is passed over, all of it is.
    """
    video.thread_type, video.codec_context.thread_count = "NONE", 1
    decoder = _Decoder(lenient)
    pictures = _Pictures(video, name, view, clock, position, decoder)
    audio = container.streams.audio[0] if view.sound and container.streams.audio else None
    sounds = _Sounds(audio, clock.of_sound(), position, decoder) if audio is not None else None
    for packet in _packets(container, [video, *([audio] if audio is not None else [])]):
        if packet.stream is video:
            yield from pictures.of(packet)
        elif sounds is not None:
            yield from sounds.of(packet)


def _packets(container: "InputContainer", streams: "Sequence[VideoStream | AudioStream]") -> "Iterator[Packet]":
    try:
        yield from container.demux(list(streams))
    except IndexError:  # at the end, PyAV asks for streams that were not there at the beginning
        return


class _Decoder:
    """Decodes packets.

    Args:
        lenient: those that are damaged give nothing, unless all of them are.
    """

    def __init__(self, lenient: bool):
        self._lenient, self._damaged = lenient, 0

    def of(self, packet: "Packet") -> list[Any]:
        from av.error import FFmpegError

        try:
            frames = list(packet.decode())
        except FFmpegError:
            self._damaged += 1
            if not self._lenient or self._damaged > MOST_DAMAGED:
                raise
            return []
        self._damaged = 0 if frames else self._damaged
        return frames


class _Pictures:
    def __init__(
        self,
        stream: "VideoStream",
        name: str | Path,
        view: View,
        clock: Clock,
        position: float,
        decoder: _Decoder,
    ):
        self._stream, self._name, self._view, self._clock, self._position = stream, name, view, clock, position
        self._decoder, self._next = decoder, view.first(position)
        self._pending: list[Packet] = []

    def of(self, packet: "Packet") -> Iterator[VideoFrame]:
        stamp = packet.pts if packet.pts is not None else packet.dts
        unit = self._stream.time_base
        size = packet.size if packet.is_keyframe else 0
        if packet.size and stamp is not None and unit is not None:
            early = self._clock.read(float(stamp * unit), size) < self._position
        else:
            early = False
        if early:
            self._pending = [] if packet.is_keyframe else self._pending[-MOST_PENDING:]
            self._pending.append(packet)
            return
        pending, self._pending = self._pending, []
        for one in (*pending, packet):
            for frame in self._decoder.of(one):
                yield from self._wanted(frame)

    def _wanted(self, frame: "av.VideoFrame") -> Iterator[VideoFrame]:
        if frame.time is None or frame.is_corrupt:  # the next one will do for its tick
            return
        time = self._clock.shown(frame.time)
        tick = self._view.tick(time)
        if tick >= self._next:
            self._next = tick + 1
            yield VideoFrame(picture_of(frame, self._stream, self._view.pixels, self._name), round(max(0.0, time), 3))


class _Sounds:
    def __init__(self, stream: "AudioStream", clock: Clock, position: float, decoder: _Decoder):
        self._clock, self._position, self._decoder = clock, position, decoder
        self._kind: object = None
        """Of the last piece of sound: how many samples a second of how many channels."""
        self._ends = 0.0
        """When the last one ends, by the container's time."""

    def of(self, packet: "Packet") -> Iterator[Sound]:
        from av import AudioResampler

        for frame in self._decoder.of(packet):
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            if kind != self._kind:  # it may change on the way
                self._kind, self._resampler = kind, AudioResampler("s16", "mono", RATE)
            stamp = frame.time if frame.time is not None else self._ends
            self._ends = stamp + frame.samples / frame.sample_rate
            time = self._clock.read(stamp)
            for resampled in self._resampler.resample(frame):
                samples = resampled.to_ndarray()[0]
                if time + len(samples) / RATE > self._position:
                    yield Sound(samples, max(0.0, time))
