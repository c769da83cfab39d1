"""transcript: what is said between two seconds."""

from data.transcript import TRANSCRIPT
from rl.desk.material import Material, stretch
from rl.desk.shown import Shown, ToolError


def transcript(material: Material, start: float, end: float) -> Shown:
    """Read what is said between two seconds of the recording.

    Args:
        start: second that it starts at.
        end: second that it ends at.
    """
    interval = stretch(start, end)
    lines = material.case.transcript
    if not lines:
        raise ToolError("there is no transcript")
    said = [
        f"[{line.start:g}-{line.end:g}] {line.text}"
        for line in lines
        if line.start is not None and line.end is not None and line.start <= end and line.end >= start
    ]
    return Shown(tuple(said) or ("nothing is said then",), interval=interval, source=TRANSCRIPT)
