"""The picture of a sound: how loud it is at each pitch (log-mel, as Whisper hears it) over time, low tones below.

Sirens, shots and applause are no speech: no transcript holds them. A model with eyes only can learn to see them.
"""

from typing import TYPE_CHECKING

from data.media.audio.track import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

SIZE = (448, 84)
"""Width and height in pixels, without the axis."""
AXIS = 14
"""Height of the axis of seconds below it."""
BANDS, WINDOW, HOP = 80, 400, 160
MARKS = 10
"""About how many times are written on the axis."""


def sound_picture(samples: "NDArray[np.int16]") -> "Image.Image":
    """The picture, grey in RGB, seconds written along its bottom; the same for the same samples.

    Args:
        samples: 16,000 a second, at least one.
    """
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont
    from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

    # A window holds some 25 ms: what is shorter is made so long with silence.
    sound = np.pad(samples.astype(np.float64) / 32768, (0, max(0, WINDOW - len(samples))))
    filters = mel_filter_bank(WINDOW // 2 + 1, BANDS, 0.0, RATE / 2, RATE, norm="slaney", mel_scale="slaney")
    loud = spectrogram(
        sound, window_function(WINDOW, "hann"), WINDOW, HOP, power=2.0, mel_filters=filters, log_mel="log10"
    )
    # Whisper's own scale: eight powers of ten below the loudest.
    grey = np.clip((np.maximum(loud, loud.max() - 8.0) - loud.max() + 8.0) / 8.0, 0, 1)
    bands = Image.fromarray(np.rint(grey[::-1] * 255).astype(np.uint8)).resize(SIZE, Image.Resampling.BOX)
    picture = Image.new("RGB", (SIZE[0], SIZE[1] + AXIS), "white")
    picture.paste(bands.convert("RGB"), (0, 0))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=10)
    seconds = len(samples) / RATE
    step = next(step for step in _steps() if seconds / step <= MARKS)
    for mark in range(int(seconds / step) + 1):
        x = round(mark * step / seconds * (SIZE[0] - 1)) if seconds else 0
        draw.line([(x, SIZE[1]), (x, SIZE[1] + 3)], fill="black")
        draw.text((min(x + 2, SIZE[0] - 16), SIZE[1] + 2), f"{mark * step:g}", fill="black", font=font)
    return picture


def _steps() -> "tuple[float, ...]":
    return (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800)
