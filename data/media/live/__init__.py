"""Live: recordings and streams as they go on: a file at its own pace, HLS, RTMP, RTSP, a folder that grows."""

from data.media.live.buffer import Buffer
from data.media.live.feed import Feed
from data.media.live.item import Lost, Opened, Place, Sound, View
from data.media.live.source import Source, source_of

__all__ = ["Buffer", "Feed", "Lost", "Opened", "Place", "Sound", "Source", "View", "source_of"]
