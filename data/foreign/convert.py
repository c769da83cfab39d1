"""`convert_file`: somebody else's file and a mapping become ``cases.jsonl`` and ``media/``.

A row that cannot be converted goes to ``rejected.jsonl`` with the reason: nothing is lost, and nothing is guessed.
"""

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data.case import Case
from data.checking.duplicates import SIDE, clusters_of
from data.errors import DataError, explain
from data.files import check_not_read, link_or_copy, whole_file, write_whole
from data.foreign.labelling import gold_of
from data.foreign.mapping import IGNORE, NEAR_DUPLICATES, From, Mapping
from data.foreign.records import Record, read_records, text_of, value_at
from data.media.folder import MediaFolder
from data.media.images import open_thumbnail
from data.reading.loading import REJECTED, case_json, save_cases
from data.reading.row import MAX_LINE
from data.transcript import Line


@dataclass
class Conversion:
    """What became of a file."""

    out: Path
    """The folder of ``cases.jsonl``, ``media/`` and ``rejected.jsonl``."""
    cases: list[Case] = field(default_factory=list)
    rejected: list[tuple[Record, DataError]] = field(default_factory=list)
    warnings: list[DataError] = field(default_factory=list)
    """What was mended on the way, such as boxes that were clipped."""

    @property
    def reasons(self) -> Counter[str]:
        """How many rows were rejected for which reason."""
        return Counter(f"{e.field}: {e.message}" if e.field else e.message for _, e in self.rejected)


def convert_file(source: str | Path, mapping: str | Path | Mapping, out: str | Path) -> Conversion:
    """Converts a foreign file and writes ``cases.jsonl``, ``media/`` and, if need be, ``rejected.jsonl``.

    Args:
        source: a CSV, TSV, JSON or JSONL file; image paths in it are relative to it, and stay in its folder.
        mapping: a `Mapping`, or the path or shipped name of one.
        out: the folder to write to; the files of an earlier conversion are replaced.

    Raises:
        DataError: the source or the mapping cannot be read, the source would be written over, a path of the mapping
            leads to nothing in any row, or not one row could be converted.
    """
    mapping = mapping if isinstance(mapping, Mapping) else Mapping.load(mapping)
    for name in ("cases.jsonl", REJECTED):
        check_not_read(Path(out) / name, [source])
    converter = _Converter(Path(source), mapping, Path(out))
    for record in read_records(Path(source), mapping.format, mapping.records):
        converter.take(record)
    return converter.finish()


class _Converter:
    def __init__(self, source: Path, mapping: Mapping, out: Path):
        self.source, self.mapping = source, mapping
        self.folder = MediaFolder(source.parent)
        self.result = Conversion(out)
        self.thumbnails: list[tuple[bytes, ...]] = []
        self.rows: dict[str, int] = {}
        """Case id to row."""
        self.media: dict[Path, str] = {}
        """Image to its name under media/."""
        self.misses: dict[str, list[DataError]] = {}

    def take(self, record: Record) -> None:
        try:
            if record.problem is not None:
                raise DataError(record.problem)
            self._convert(record)
        except DataError as error:
            self.result.rejected.append((record, self._placed(error, record)))

    def finish(self) -> Conversion:
        """Writes everything out."""
        result = self.result
        total = len(result.cases) + len(result.rejected)
        for misses in self.misses.values():
            if len(misses) == total:
                raise DataError(f"{misses[0].message} in any row", file=self.source, field=misses[0].field)
        if self.mapping.group == NEAR_DUPLICATES:
            self._group()
        result.out.mkdir(parents=True, exist_ok=True)
        (result.out / REJECTED).unlink(missing_ok=True)
        if result.rejected:
            lines = (json.dumps(_as_rejected(*pair), ensure_ascii=False) + "\n" for pair in result.rejected)
            write_whole(result.out / REJECTED, "".join(lines))
        if not result.cases:
            worst = result.reasons.most_common(1)
            reason = f"; most often: {worst[0][0]}" if worst else ""
            raise DataError(f"not one of {total} rows could be converted{reason}", file=self.source)
        for image, name in self.media.items():
            self._place(image, result.out / name)
        save_cases(result.cases, result.out / "cases.jsonl")
        return result

    def _convert(self, record: Record) -> None:
        mapping = self.mapping
        case_id = self._id(record)
        text = {name: self._text(record, path) for name, path in mapping.text.items()}
        text = {name: content for name, content in text.items() if content}
        transcript = self._transcript(record)
        images = [self.folder.path(name) for name in self._images(record)]
        if not text and not transcript and not images:
            raise DataError("there is nothing to review: no text and no image")
        opened = [open_thumbnail(image, SIDE) for image in images]
        gold = None
        if mapping.labels is not None:
            gold = gold_of(
                lambda path: self._get(record, path),
                mapping,
                text,
                [size for _, size in opened],
                lambda message: self.result.warnings.append(self._placed(DataError(message), record)),
            )
        lang = self._get(record, mapping.lang.source) if isinstance(mapping.lang, From) else mapping.lang
        group = self._get(record, mapping.group) if mapping.group and mapping.group != NEAR_DUPLICATES else None
        try:
            case = Case(
                id=case_id,
                group=text_of(group) or None,
                lang=text_of(lang) or None,
                text=text,
                transcript=transcript,
                images=[self._media_name(image) for image in images],
                meta={name: self._get(record, path) for name, path in mapping.meta.items()},
                gold=gold,
            )
        except ValidationError as error:
            place, message = explain(error, Case)
            raise DataError(message, field=place) from error
        if (size := len(case_json(case).encode())) > MAX_LINE:
            raise DataError(f"a case of {size:,} bytes, and it may have at most {MAX_LINE:,}")
        self.rows[case_id] = record.row
        self.result.cases.append(case.with_root(self.result.out))
        self.thumbnails.append(tuple(thumbnail.tobytes() for thumbnail, _ in opened))

    def _id(self, record: Record) -> str:
        def fill(match: re.Match[str]) -> str:
            if match[1] == "row":
                return str(record.row)
            if match[1] in ("file", "hash") and match[1] not in record.values:
                return self.source.stem if match[1] == "file" else _hash(record)
            return text_of(value_at(record.values, match[1])).strip()

        case_id = re.sub(r"\{([^{}]+)\}", fill, self.mapping.id)
        if case_id in self.rows:
            raise DataError(f"duplicate id '{case_id}', first in row {self.rows[case_id]}", field="id")
        return case_id

    def _text(self, record: Record, path: str) -> str:
        return self._plain(text_of(self._get(record, path)))

    def _plain(self, text: str) -> str:
        if text.strip() in self.mapping.empty or not text.strip():
            return ""
        return text.strip() if self.mapping.strip else text

    def _transcript(self, record: Record) -> list[Line]:
        said = self.mapping.transcript
        if said is None:
            return []
        found = self._get(record, said.source)
        if isinstance(found, str) and self._plain(found):
            found = found.split(said.separator) if said.separator is not None else [found]
        elif not isinstance(found, list):
            found = []
        lines = []
        for at, item in enumerate(found):
            try:
                line = Line.model_validate(item if isinstance(item, dict) else {"text": text_of(item)})
            except ValidationError as error:
                place, message = explain(error, Line)
                raise DataError(message, field=".".join(filter(None, [said.source, str(at), place]))) from error
            if text := self._plain(line.text):
                lines.append(line if line.words else line.model_copy(update={"text": text}))
        return lines

    def _images(self, record: Record) -> list[str]:
        paths = self.mapping.images
        if paths == IGNORE:
            return []
        names: list[str] = []
        for path in [paths] if isinstance(paths, str) else paths:
            value = self._get(record, path)
            names += [text_of(item).strip() for item in (value if isinstance(value, list) else [value])]
        return [name for name in names if name]

    def _get(self, record: Record, path: str) -> Any:
        """The value at a path. A row may lack it, but a path that no row has is a mistake in the mapping."""
        try:
            return value_at(record.values, path)
        except DataError as error:
            self.misses.setdefault(path, []).append(error)
            return None

    def _media_name(self, image: Path) -> str:
        image = Path(os.path.abspath(image))
        if image not in self.media:
            name, taken = f"media/{image.name}", set(self.media.values())
            number = 2
            while name in taken:
                name, number = f"media/{image.stem}-{number}{image.suffix}", number + 1
            self.media[image] = name
        return self.media[image]

    def _place(self, image: Path, target: Path) -> None:
        with whole_file(target, flushed=False) as draft:
            (link_or_copy if self.mapping.media == "link" else shutil.copyfile)(image, draft)

    def _group(self) -> None:
        """Near-duplicates share a group, named after the first of them."""
        cases = self.result.cases
        words = ["\n".join(text for _, text in sorted(case.fields.items())) for case in cases]
        clusters = clusters_of(words, self.thumbnails).contents
        sizes = Counter(clusters)
        for case, cluster in zip(cases, clusters, strict=True):
            if sizes[cluster] > 1:
                case.group = cases[cluster].id

    def _placed(self, error: DataError, record: Record) -> DataError:
        """The error with its place in the source, and in the message what else it is about."""
        message = error.message if error.file is None else f"{error.file}: {error.message}"
        if record.line is None:
            message = f"row {record.row}: {message}"
        return DataError(message, file=self.source, line=record.line, field=error.field)


def _hash(record: Record) -> str:
    """Of all that the row says, whatever the order of its keys and wherever it stands."""
    values = json.dumps(record.values, sort_keys=True).encode()
    return hashlib.sha256(values).hexdigest()[:8]


def _as_rejected(record: Record, error: DataError) -> dict[str, Any]:
    return {
        "row": record.row,
        "line": record.line,
        "field": error.field,
        "reason": error.message,
        "source": record.values,
    }
