"""Sounds: a clip's track, synthesised. A faint hiss, so that silence does not tell, and effects that sound apart."""

from typing import TYPE_CHECKING

from data.billboard.motion.clip import Clip
from data.media.audio.track import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HISS, LOUD = 0.002, 0.5
"""Amplitudes, of 1."""


def track(clip: Clip) -> "NDArray[np.int16]":
    """The samples, 16,000 a second, of shape [length · 16,000]; the same for the same clip."""
    import numpy as np

    rng = np.random.default_rng(clip.seed)
    count = round(clip.seconds * RATE)
    # Drawn whole before the effects: twins with different effects hiss alike.
    samples = HISS * rng.standard_normal(count * len(clip.scenes))
    for place, scene in enumerate(clip.scenes):
        noise = rng.standard_normal(count)
        if scene.sound:
            samples[place * count : (place + 1) * count] += LOUD * _effect(scene.sound, noise)
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


def _effect(name: str, noise: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """An effect as long as the noise that it may use, -1..1."""
    import numpy as np

    time = np.arange(len(noise)) / RATE
    if name == "siren":  # up and down, twice a second
        return np.asarray(np.sin(2 * np.pi * np.cumsum(900 + 400 * np.sin(4 * np.pi * time)) / RATE))
    if name == "shots":  # bursts of noise, four a second
        return np.asarray(0.4 * noise * np.exp(-25 * (time % 0.25)))
    if name == "bell":  # one stroke of three partials
        return np.asarray(sum(np.sin(2 * np.pi * f * time) for f in (880, 2217, 3520)) * np.exp(-2 * time) / 3)
    assert name == "applause", name  # steady noise
    return np.asarray(0.15 * noise)
