"""Manifest: what a checkpoint holds, file by file, and what run it is of. Written last, so that it is there only where
everything else is on the disk. Loads no torch.

``complete.json`` holds what tells the run from others, each file's size in bytes and XXH3 (128 bits), and a ``seal``,
the same hash of all that. XXH3 tells damage, not forgery, at the speed of memory: what has just been written is read
back from the machine's cache, in less time than the disk takes to keep it.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import xxhash
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data import DataError
from data.errors import explain
from data.files import DRAFT, flush, read_json, write_json

COMPLETE = "complete.json"
"""What the manifest is called."""
_BLOCK = 2**22
"""Bytes that are read at once."""


class FileFacts(BaseModel):
    """What tells a file from a damaged one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int = Field(ge=0)
    xxh3: str

    @classmethod
    def of(cls, file: Path) -> "FileFacts":
        """Those of a file as it is.

        Raises:
            OSError: it cannot be read.
        """
        digest, size = xxhash.xxh3_128(), 0
        with file.open("rb", buffering=0) as content:
            while block := content.read(_BLOCK):
                digest.update(block)
                size += len(block)
        return cls(size=size, xxh3=digest.hexdigest())


class Manifest(BaseModel):
    """What ``complete.json`` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity: dict[str, Any]
    """What the run is, by names, as its recipe has it: see `rl.training.identity`. A run that goes on is the same."""
    pace: dict[str, Any]
    """What the trainer made of it, by names: a run that goes on keeps it."""
    files: dict[str, FileFacts]
    """By their paths in the checkpoint."""
    seal: str

    @classmethod
    def write(cls, checkpoint: Path, identity: Mapping[str, Any], pace: Mapping[str, Any]) -> "Manifest":
        """Waits until all that a checkpoint holds is on the disk, and then calls it complete.

        Raises:
            OSError: something cannot be written.
        """
        flush(checkpoint)  # a power cut must not leave the name without the weights
        files = {name: FileFacts.of(checkpoint / name) for name in sorted(_names(checkpoint))}
        manifest = cls(identity=dict(identity), pace=dict(pace), files=files, seal="")
        manifest = manifest.model_copy(update={"seal": manifest._sealed()})
        write_json(checkpoint / COMPLETE, manifest.model_dump())
        return manifest

    @classmethod
    def read(cls, checkpoint: Path) -> "Manifest":
        """What a checkpoint says of itself.

        Raises:
            DataError: its manifest is not there, or is not as it was written.
        """
        file = checkpoint / COMPLETE
        try:
            manifest = cls.model_validate(read_json(file))
        except ValidationError as error:
            field, message = explain(error)
            raise DataError(message, file=file, field=field) from error
        if manifest.seal != manifest._sealed():
            raise DataError("is not as it was written", file=file)
        return manifest

    @classmethod
    def checked(cls, checkpoint: Path) -> "Manifest":
        """What a checkpoint says of itself, where every file is what it says.

        Raises:
            DataError: one is not; names it.
        """
        manifest = cls.read(checkpoint)
        for name, facts in manifest.files.items():
            file = checkpoint / name
            try:
                size = file.stat().st_size
                if size != facts.size:
                    raise DataError(f"has {size:,} bytes, and had {facts.size:,} when it was saved", file=file)
                if FileFacts.of(file) != facts:
                    raise DataError("is not what was saved", file=file)
            except FileNotFoundError:
                raise DataError("is missing", file=file) from None
            except OSError as error:
                raise DataError(f"cannot be read: {error.strerror}", file=file) from error
        return manifest

    def _sealed(self) -> str:
        content = json.dumps(self.model_dump(exclude={"seal"}), sort_keys=True)
        return xxhash.xxh3_128(content.encode()).hexdigest()


def _names(checkpoint: Path) -> Iterator[str]:
    for place, _, files in os.walk(checkpoint):
        for name in files:
            path = (Path(place) / name).relative_to(checkpoint).as_posix()
            if path != COMPLETE and not name.endswith(DRAFT):
                yield path
