"""TransformersWhisper: a Whisper in transformers' format, piece by piece of thirty seconds, as the model was trained.

Pieces without sound are left out. A piece is one line, as sure as its tokens are on the average (geometric mean).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.media.audio.recognizer import Speech, unavailable
from data.media.audio.track import RATE
from data.transcript import Line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE = 30
"""Seconds that Whisper hears at once."""
SILENCE = 0.003
"""Loudness (root of the mean square, in shares of the largest) below which nobody speaks."""


class TransformersWhisper:
    """A model of transformers, loaded when it is first used.

    Args:
        name: a folder, or a name on the Hub; nothing is downloaded where ``HF_HUB_OFFLINE`` is set.
    """

    def __init__(self, name: str):
        self.name = name
        self._loaded: tuple[Any, Any] | None = None

    @property
    def identity(self) -> str:
        size = sum(file.stat().st_size for file in Path(self.name).glob("*")) if Path(self.name).is_dir() else ""
        return f"transformers {Path(self.name).name} {size}"

    def hear(self, samples: "NDArray[np.int16]", language: str | None) -> Speech:
        """See `Recognizer.hear`."""
        import numpy as np

        lines = []
        for start in range(0, len(samples), PIECE * RATE):
            piece = samples[start : start + PIECE * RATE].astype(np.float32) / 32768
            if np.sqrt(np.square(piece).mean()) < SILENCE:
                continue
            text, confidence = self._heard(piece, language)
            if text:
                first = start / RATE
                last = first + len(piece) / RATE
                lines.append(Line(start=first, end=round(last, 2), text=text, confidence=confidence))
        return Speech(lines, language)

    def _heard(self, piece: Any, language: str | None) -> tuple[str, float | None]:
        import torch

        processor, model = self._load()
        inputs = processor(piece, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True).to(model.device)
        spoken = {"language": language.lower()[:2]} if language and model.generation_config.is_multilingual else {}
        with torch.inference_mode():
            made = model.generate(
                **inputs, **spoken, do_sample=False, return_dict_in_generate=True, output_scores=True
            )
        tokens = made.sequences[0][-len(made.scores) :] if made.scores else made.sequences[0][:0]
        sure = [score[0].log_softmax(-1)[token] for score, token in zip(made.scores or (), tokens, strict=True)]
        confidence = round(float(torch.stack(sure).mean().exp()), 3) if sure else None
        return " ".join(processor.decode(tokens, skip_special_tokens=True).split()), confidence

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            from transformers import AutoModelForSpeechSeq2Seq, AutoProcessor

            try:
                processor = AutoProcessor.from_pretrained(self.name)
                model = AutoModelForSpeechSeq2Seq.from_pretrained(self.name)
            except (OSError, ValueError, KeyError, ImportError) as error:
                first = str(error).strip().splitlines()[0]
                raise unavailable(self.name, ValueError(first)) from error
            self._loaded = processor, model.eval()
        return self._loaded
