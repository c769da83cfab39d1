"""Error bodies: of what a server says went wrong, only the beginning is read.

An HTTP client reads the body of an error by itself, to its end and unpacked, however long it is. Servers are as
hostile as what they are asked about.
"""

from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

MOST_BYTES = 100_000
"""Of an error's body, as it comes over the wire."""


async def read_beginning(response: Any) -> None:
    """A hook on responses, for the ``event_hooks`` of an ``AsyncClient`` of whichever httpx the openai package has."""
    if response.is_error:
        response.headers.pop("content-encoding", None)  # left packed: a bomb is no message
        httpx = import_module(type(response).__module__.partition(".")[0])
        response.stream = type("Beginning", (_Beginning, httpx.AsyncByteStream), {})(response.stream)


class _Beginning:
    """The first bytes of a stream."""

    def __init__(self, stream: Any):
        self.stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MOST_BYTES
        async for chunk in self.stream:
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                break

    async def aclose(self) -> None:
        await self.stream.aclose()
