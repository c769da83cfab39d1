"""Live: how soon the alarms of a watched stream came, how many were about nothing, and what was seen of what gold has."""

from rl.evaluation.live.events import Event, events_of
from rl.evaluation.live.figures import LiveFigures, measure_alarms
from rl.evaluation.live.watched import Raised, Watched, read_watched

__all__ = ["Event", "LiveFigures", "Raised", "Watched", "events_of", "measure_alarms", "read_watched"]
