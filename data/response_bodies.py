"""Response bodies: of what a server sends, no more is read than a limit.

An HTTP client reads the body of an error by itself, to its end and unpacked, however long it is. Servers are as
hostile as what they are asked about.
"""

from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from typing import Any

MOST_OF_AN_ERROR = 100_000
"""Bytes, as they come over the wire."""


async def read_beginning_of_error(response: Any) -> None:
    """A hook on responses, for the ``event_hooks`` of an ``AsyncClient`` of whichever httpx the openai package has."""
    if response.is_error:
        shorten(response, MOST_OF_AN_ERROR)


def shorten(response: Any, most: int) -> None:
    """Has no more than so many bytes of a response read, and leaves them packed if they are: a bomb is no message."""
    response.headers.pop("content-encoding", None)
    httpx = import_module(type(response).__module__.partition(".")[0])
    kind = type("Beginning", (_Beginning, httpx.AsyncByteStream, httpx.SyncByteStream), {})
    response.stream = kind(response.stream, most)


class _Beginning:
    """The first bytes of a stream, of either kind."""

    def __init__(self, stream: Any, most: int):
        self.stream, self.left = stream, most

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.stream:
            yield self._cut(chunk)
            if not self.left:
                break

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self.stream:
            yield self._cut(chunk)
            if not self.left:
                break

    def close(self) -> None:
        self.stream.close()

    async def aclose(self) -> None:
        await self.stream.aclose()

    def _cut(self, chunk: bytes) -> bytes:
        kept = chunk[: self.left]
        self.left -= len(kept)
        return kept
