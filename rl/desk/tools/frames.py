"""frames: what a video shows between two seconds."""

from data.evidence import Region
from rl.desk.material import Material, stretch
from rl.desk.shown import Shown, ToolError

MOST = 4
"""Frames that are shown at once."""


def frames(material: Material, start: float, end: float) -> Shown:
    """Look at the frames between two seconds of the video, larger.

    Args:
        start: second that it starts at.
        end: second that it ends at.
    """
    interval = stretch(start, end)
    within = [place for place, frame in enumerate(material.case.frames) if start <= frame.time <= end]
    if not within:
        times = ", ".join(f"{frame.time:g}" for frame in material.case.frames)
        raise ToolError(f"there is no frame then: there are frames at {times} s" if times else "there are no frames")
    chosen = within if len(within) <= MOST else [within[at * (len(within) - 1) // (MOST - 1)] for at in range(MOST)]
    items: list[object] = []
    for place in chosen:
        items += [f"frame {place} at {material.case.frames[place].time:g} s", material.scaled(material.frame(place))]
    regions = tuple(Region(frame=place, region=(0, 0, 1, 1)) for place in chosen)
    return Shown(tuple(items), regions=regions, interval=interval)  # type: ignore[arg-type]
