"""Live: how soon the alarms of watched streams came, how many were about nothing, and how much of gold was seen."""

from rl.evaluation.live.events import Event, events_of
from rl.evaluation.live.figures import LiveFigures, measure_alarms
from rl.evaluation.live.watched import Raised, Watched, read_watched

__all__ = ["Event", "LiveFigures", "Raised", "Watched", "events_of", "measure_alarms", "read_watched"]
