"""Watching: windows are put to an engine as a watcher would see them, each told of what it itself found before.

Windows of one stream come one after another; those of all streams that have as many are asked for at once.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from data import Brief, Briefs, Ruling
from data.windows import Memory, Sighting, WindowSettings
from data.windows.cut import remembered
from data.windows.memory import sightings
from prompts import Episode, ParseFailure, parse
from rewards.pure.reasoning import contradiction
from rl.config.decoding import Decoding
from rl.generation.engine import Engine, Key
from rl.generation.episodes import Written, write_episodes


def sighted(ruling: Ruling | None, window: Brief, reasoned: bool = True) -> list[Sighting] | None:
    """What a ruling on a window finds, in seconds of the stream; None where it is not to be relied on: there is none,
    or its answer contradicts its reasoning.

    Args:
        reasoned: whether it has a reasoning that the answer can be held against.
    """
    if ruling is None or (reasoned and contradiction(ruling, window.case, window.excerpt)):
        return None
    return sightings(ruling.violations, window.case, window.excerpt)


class Watching:
    """The order in which windows are asked for; each sample of a stream remembers its own findings.

    Args:
        windows: of whole streams, in order.
        samples: of each.
    """

    def __init__(self, windows: Briefs, settings: WindowSettings, samples: int = 1):
        self.windows, self.settings, self.samples = windows, settings, samples

    @property
    def identity(self) -> dict[str, Any]:
        return {"windows": self.settings.model_dump(mode="json"), "memory": "its own"}

    def __call__(self, written: Written) -> Iterator[tuple[Briefs, list[Key]]]:
        memories: dict[tuple[str, int], Memory] = {}
        for number, windows in enumerate(self._rounds()):
            for sample in range(self.samples):
                asked = [self._told(window, number, memories, sample) for window in windows]
                yield Briefs(asked, self.windows.book), [(window.id, sample) for window in asked]
                for window in asked:
                    found = _found(written[window.id, sample], window)
                    memories[_stream(window), sample].add(found or ())

    def told(self, written: Written) -> dict[Key, Brief]:
        """Each window as it was asked for, by its id and the sample, once all are written."""
        return {
            (window.id, sample): window
            for windows, keys in self(written)
            for window, (_, sample) in zip(windows, keys, strict=True)
        }

    def _rounds(self) -> Iterator[list[Brief]]:
        """The first windows of all streams, then the second ones."""
        by_stream: dict[str, list[Brief]] = {}
        for window in self.windows:
            by_stream.setdefault(_stream(window), []).append(window)
        for some in zip_longest(*by_stream.values()):
            yield [window for window in some if window is not None]

    def _told(self, window: Brief, number: int, memories: dict[tuple[str, int], Memory], sample: int) -> Brief:
        memory = memories.setdefault((_stream(window), sample), Memory(self.settings))
        assert window.case.window is not None
        return remembered(window, memory, self.settings.span(number, window.case.window.end))


def own_windows(engine: Engine, windows: Briefs, settings: WindowSettings, decoding: Decoding) -> Briefs:
    """Windows, each told of what an engine itself finds in those of its stream before it, in place of what it was.

    Args:
        windows: of whole streams, in order.
    """
    watching = Watching(windows, settings)
    written = write_episodes(engine, windows, decoding, doing="watching", rounds=watching)
    told = watching.told({(episode.case, episode.sample): episode for episode in written})
    return Briefs((told[window.id, 0] for window in windows), windows.book)


def _stream(window: Brief) -> str:
    assert window.case.window is not None, "a case that was not cut"
    return window.case.window.stream


def _found(episode: Episode, window: Brief) -> Sequence[Sighting] | None:
    parsed = parse(episode.completion) if episode.refused is None else None
    return sighted(None if isinstance(parsed, ParseFailure) else parsed, window)
