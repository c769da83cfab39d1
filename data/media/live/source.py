"""Source: what can be watched, by its name: a file, an address (HLS, RTMP, RTSP), or a folder that grows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from data.errors import DataError
from data.media.live.item import Item, Place, View


class Source(Protocol):
    """Gives what it shows, as it goes on."""

    @property
    def name(self) -> str:
        """What people see: no password, no key."""

    @property
    def is_live(self) -> bool:
        """Whether it goes on whether anybody watches or not: who is too slow misses something, and where it breaks
        off it may come back.
        """

    def items(self, view: View, place: Place) -> Iterator[Item]:
        """What it shows from a place on, until it ends or breaks off; first of all that it was opened.

        Raises:
            DataError: it cannot be watched at all.
            OSError: it broke off; what PyAV raises is one.
        """


def source_of(name: str) -> Source:
    """The source of a name.

    Raises:
        DataError: there is no such file or folder, or no such kind of address.
    """
    from data.media.live.address import PROTOCOLS, AddressSource
    from data.media.live.file import FileSource
    from data.media.live.folder import FolderSource

    scheme = name.partition("://")[0].lower() if "://" in name else ""
    if scheme in PROTOCOLS:
        return AddressSource(name)
    if scheme:
        raise DataError(f"cannot be watched: give a file, a folder or an address of {', '.join(PROTOCOLS)}")
    if Path(name).is_dir():
        return FolderSource(Path(name))
    if not Path(name).exists():
        raise DataError("no such recording or folder", file=name)
    return FileSource(Path(name))
