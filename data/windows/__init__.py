"""Windows: a stream as a sequence of cases, each a few seconds with what was found before them."""

from data.windows.alarms import Alarm, Alarms
from data.windows.cut import cut, windows_of
from data.windows.memory import Memory, Sighting
from data.windows.settings import Span, WindowSettings

__all__ = ["Alarm", "Alarms", "Memory", "Sighting", "Span", "WindowSettings", "cut", "windows_of"]
