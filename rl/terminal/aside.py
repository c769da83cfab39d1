"""Aside: a stream that takes the place of stderr, and gives whole lines to whoever keeps them.

Lines that rewrite themselves are bars: how far something is, of no use once it is done. They are not kept; what is
downloaded meanwhile, and how far, can be asked for.
"""

import io
import re
from collections.abc import Callable
from threading import RLock
from typing import TextIO

_REWRITES = re.compile(r"\r|\x1b\[A")
_DOWNLOAD = re.compile(r"\r(?P<file>[^\r|]*?):? +(?P<percent>\d+)%\|[^\r]*B/s")
"""How tqdm draws the bar of a download: the file, how much of it, the bar, and bytes a second."""


class Aside(io.TextIOBase):
    """Whole lines go to a function, from whatever thread they come.

    Args:
        terminal: the stream whose place this takes; what is written once it is closed goes there.
        keep: is given each line, without its end.
    """

    def __init__(self, terminal: TextIO, keep: Callable[[str], None]):
        self.terminal, self._keep = terminal, keep
        self._rest, self._lock, self._stands_aside = "", RLock(), True
        self.downloading: str | None = None
        """What was last seen to be downloaded, and how far it was."""

    def write(self, text: str) -> int:
        with self._lock:
            if not self._stands_aside:
                return self.terminal.write(text)
            *lines, rest = (self._rest + text).split("\n")
            # A bar that redraws itself for hours is one line all the same.
            self._rest = rest[max(0, rest.rfind("\r")) :]
            if found := _DOWNLOAD.match(self._rest):
                self.downloading = f"{found['file'].strip()} {found['percent']} %"
            for line in lines:
                self._give(line)
            return len(text)

    def stand_back(self, stream: TextIO) -> None:
        """From now on, what is written goes to a stream: whoever has taken hold of this one may write on."""
        with self._lock:
            self._give(self._rest)
            self._rest, self._stands_aside, self.terminal = "", False, stream

    def flush(self) -> None:
        self.terminal.flush()

    def fileno(self) -> int:
        return self.terminal.fileno()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of a text stream, which this is
        return self.terminal.encoding

    def _give(self, line: str) -> None:
        line = line.removesuffix("\r")
        if line.strip() and not _REWRITES.search(line):
            self._keep(line)
