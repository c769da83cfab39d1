"""Video: timed frames of a file, chosen evenly or by scene, within a budget."""

from data.media.video.choice import FrameChoice
from data.media.video.frames import VideoFrame, read_frames

__all__ = ["FrameChoice", "VideoFrame", "read_frames"]
