"""WatchSettings: how a stream is watched."""

from pydantic import BaseModel, ConfigDict, Field

from data.windows import WindowSettings


class WatchSettings(BaseModel):
    """How a stream is cut into windows, and when an alarm is raised."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    windows: WindowSettings = Field(default_factory=WindowSettings)
    agree: int = Field(default=2, ge=1, le=100)
    """Windows in a row that must find a rule broken for an alarm, and not broken for it to be cleared."""
    pixels: int = Field(default=200_704, ge=1024)
    """Most pixels of a frame (448 × 448)."""
    most_lag: float = Field(default=20.0, gt=0, le=3600)
    """Seconds that watching may be behind: beyond them, windows are left out."""
