"""Cases from Arrow and Hub datasets.

A dataset has the keys of a case as its columns. Arrow pads structs with nulls, which are dropped; a column may also
hold the JSON of its value. Images that come as bytes are written to a cache folder, named by their content, so that
every case names its media by path.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.errors import DataError
from data.files import whole_file
from data.media.folder import MediaFolder
from data.reading.row import Row, read_row

_SUFFIXES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp", b"GIF8": ".gif", b"BM": ".bmp"}


def hub_rows(source: str) -> Iterator[Row]:
    """The rows of ``hub:NAME`` or ``hub:NAME:SPLIT`` (split `train` by default).

    Raises:
        DataError: there is no such dataset or split.
    """
    import datasets

    name, _, split = source.removeprefix("hub:").partition(":")
    try:
        dataset = datasets.load_dataset(name, split=split or "train")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be loaded: {error}", file=source) from error
    return dataset_rows(dataset, Path(source), MediaFolder(Path(), _caches()))


def folder_rows(folder: Path) -> Iterator[Row]:
    """The rows of a dataset, or of every split of a dataset, that `save_to_disk` wrote."""
    import datasets

    try:
        dataset = datasets.load_from_disk(str(folder))
    except Exception as error:  # anything may be raised on damaged files, and none of it is our bug
        raise DataError(f"not a dataset that can be loaded: {type(error).__name__}: {error}", file=folder) from error
    return dataset_rows(dataset, folder, MediaFolder(folder, (folder, media_cache())))


def dataset_rows(dataset: Any, name: Path, media: MediaFolder | None = None) -> Iterator[Row]:
    """The rows of a `datasets.Dataset`, `DatasetDict`, `IterableDataset` or `IterableDatasetDict`.

    Args:
        media: what paths of media are relative to; the folder that the program is in if None.

    Raises:
        DataError: it is something else.
    """
    import pyarrow as pa

    media = MediaFolder(Path(), (Path(), *_caches())) if media is None else media
    if isinstance(dataset, dict):
        for split, part in dataset.items():
            yield from dataset_rows(part, name / split, media)
        return
    if not hasattr(dataset, "with_format"):
        kind = type(dataset).__name__
        raise DataError(f"cannot read cases from {kind}: give a path or a datasets.Dataset", file=name)
    line = 0
    # Arrow tables leave images encoded; the default format would decode each of them.
    for table in dataset.with_format("arrow").iter(batch_size=64):
        try:
            table.validate(full=True)  # a damaged file is believed otherwise, whatever it says of its lengths
            records = table.to_pylist()
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise DataError(f"a damaged dataset: {error}", file=name) from error
        for record in records:
            line += 1
            raw = json.dumps(_case_content(record), ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")
            yield read_row(raw, name, line, media)


def media_cache() -> Path:
    """Where images that come as bytes are kept: ``ruling/media`` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ruling" / "media"


def _caches() -> tuple[Path, ...]:
    """Where datasets keep what they have loaded: images that come as files may be named by their path in there."""
    import datasets
    from huggingface_hub.constants import HF_HUB_CACHE

    return media_cache(), Path(datasets.config.HF_DATASETS_CACHE), Path(HF_HUB_CACHE)


def _case_content(record: dict[str, Any]) -> dict[str, Any]:
    """A dataset row as the content of a JSONL line."""
    content = _without_nulls({key: _from_json(value) for key, value in record.items()})
    if "image" in content:
        content.setdefault("images", [content.pop("image")])
    if "images" in content:
        content["images"] = [_as_path(image) for image in content["images"]]
    for frame in content.get("frames", []):
        frame["path"] = _as_path(frame.pop("image", frame.get("path")))
    return content


def _from_json(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):  # text that begins like JSON
            return value
    return value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def _as_path(image: Any) -> Any:
    """The path of an image column's value; its bytes, if it has any, go to the cache."""
    if not isinstance(image, dict):
        return image
    content = image.get("bytes")
    if not content:
        return image.get("path")
    suffix = next((s for magic, s in _SUFFIXES.items() if content.startswith(magic)), ".img")
    path = media_cache() / f"{hashlib.sha256(content).hexdigest()[:32]}{suffix}"
    # One that a power cut has emptied is written anew.
    if not path.is_file() or path.stat().st_size != len(content):
        with whole_file(path, flushed=False) as draft:
            draft.write_bytes(content)
    return str(path)
