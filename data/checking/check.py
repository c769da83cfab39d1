"""`check_files`: everything worth knowing about case files before training on them, as one typed report."""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

from data.brief import Brief
from data.case import Case
from data.checking.duplicates import SIDE, Clusters, clusters_of
from data.checking.inspection import EXCERPT_KINDS, inspect
from data.checking.report import UNANNOTATED, FileReport, Report, Spread, spread
from data.errors import DataError
from data.media.images import open_thumbnail
from data.reading.loading import read_rows
from data.reading.problem import Problem
from data.reading.row import Row
from data.reading.twins import contradictions, left_alone
from data.rulebook import Rulebook

UNOPENED = ("video", "audio", "page.path")
"""Media of which only is looked whether they are there; `ruling data prepare` opens them."""


def check_files(*sources: Any, book: Rulebook) -> Report:
    """Checks cases against the rulebook, row by row and across all the files.

    Args:
        sources: as for `load_cases`; each file counts as a split.

    Raises:
        DataError: a source is missing or cannot be read at all.
    """
    rows = list(read_rows(*sources))
    files = {row.file: FileReport(row.file) for row in rows}
    album = _Album()
    problems: list[Problem] = []
    for row in rows:
        report = files[row.file]
        report.rows += 1
        if row.problem is not None:
            problems.append(row.problem)
        if row.case is not None:
            found = [*_problems(row, row.case, book), *album.look(row, row.case)]
            problems += found
            _count(report, row.case, book, usable=not any(p.kind in EXCERPT_KINDS for p in found))
    good = [(row, row.case) for row in rows if row.case is not None]
    if not good:
        problems.append(Problem("no cases", "there is not a single case to train on", Path(str(sources[0]))))
    clusters = clusters_of([_words(case) for _, case in good], [album.thumbnails(case) for _, case in good])
    problems += _leaks(good, clusters)
    problems += _contradictions(good, album)
    problems += _stray_spaces(good)
    problems += contradictions(rows)
    problems += left_alone(rows, {(p.file, p.line) for p in problems if p.level == "error"})
    lengths: dict[str, list[int]] = defaultdict(list)
    for _, case in good:
        for name, text in case.fields.items():
            lengths[name].append(len(text))
    return Report(
        files=list(files.values()),
        text={name: spread(values) for name, values in lengths.items()},
        images=album.sizes(),
        duplicates=len(good) - len(set(clusters.contents)),
        problems=sorted(problems, key=lambda p: (p.level, str(p.file), p.line or 0)),
        rows=rows,
    )


class _Album:
    """Every image that the cases name, opened once."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[bytes, bytes, tuple[int, int]] | str] = {}

    def look(self, row: Row, case: Case) -> Iterator[Problem]:
        """The media of a case that are missing or cannot be opened."""
        for place, name in case.media:
            if place in UNOPENED:
                if not os.path.isfile(case.path(name)):
                    message = f"{name}: no such file (case '{case.id}')"
                    yield Problem("missing media", message, row.file, row.line, place)
            elif isinstance(found := self._open(case.path(name)), str):
                yield Problem("unreadable image", f"{name}: {found} (case '{case.id}')", row.file, row.line, place)

    def thumbnails(self, case: Case) -> tuple[bytes, ...]:
        return tuple(found[1] for found in self._of(case, *_pictures(case)))

    def digests(self, case: Case) -> tuple[bytes, ...]:
        """Of all that is seen of a case, the picture of its sound too."""
        sound = [case.sound] if case.sound is not None else []
        return tuple(found[0] for found in self._of(case, *_pictures(case), *sound))

    def sizes(self) -> dict[str, Spread]:
        sizes = [found[2] for found in self._seen.values() if not isinstance(found, str)]
        if not sizes:
            return {}
        return {"width": spread([width for width, _ in sizes]), "height": spread([height for _, height in sizes])}

    def _of(self, case: Case, *names: str) -> Iterator[tuple[bytes, bytes, tuple[int, int]]]:
        for name in names:
            found = self._open(case.path(name))
            if not isinstance(found, str):
                yield found

    def _open(self, path: Path) -> tuple[bytes, bytes, tuple[int, int]] | str:
        if path not in self._seen:
            try:
                thumbnail, size = open_thumbnail(path, SIDE)
                self._seen[path] = (hashlib.sha256(path.read_bytes()).digest(), thumbnail.tobytes(), size)
            except DataError as error:
                self._seen[path] = error.message
        return self._seen[path]


def _problems(row: Row, case: Case, book: Rulebook) -> Iterator[Problem]:
    for remark in inspect(case, book):
        yield Problem(remark.kind, remark.message, row.file, row.line, remark.field, remark.level)


def _count(report: FileReport, case: Case, book: Rulebook, usable: bool) -> None:
    report.cases += 1
    report.groups.add(case.cluster)
    if not usable:
        return
    brief = Brief.of(case, book)
    report.shown.update(brief.excerpt.ids)
    gold = brief.gold
    report.verdicts[(gold and gold.verdict) or UNANNOTATED] += 1
    report.broken.update({violation.rule for violation in (gold and gold.violations) or []})


def _pictures(case: Case) -> list[str]:
    return [*case.images, *(frame.path for frame in case.frames)]


def _words(case: Case) -> str:
    return "\n".join(text for _, text in sorted(case.fields.items()))


def _times(case: Case) -> tuple[float, ...]:
    """When its frames are seen and its lines said."""
    return (
        *(frame.time for frame in case.frames),
        *(time for line in case.transcript for time in line.seconds or ()),
    )


def _leaks(good: list[tuple[Row, Case]], clusters: Clusters) -> Iterator[Problem]:
    """Near-duplicates that are in different files or, within one, in different groups, which a split could part: what
    is learned on one is tested on the other. Across files, the same text or the same picture is told of as well.
    """

    def like(other: int) -> str:
        first, twin = good[other]
        return f"nearly the same as {first.file}:{first.line} (case '{twin.id}')"

    # Files come one after the other, so that the first of a cluster is in another file wherever any earlier one is.
    for i, (row, case) in enumerate(good):
        whole = clusters.contents[i]
        if good[whole][0].file != row.file:
            message = f"{like(whole)}: put both into one split"
            yield Problem("near-duplicate across files", message, row.file, row.line, level="warning")
            continue
        if good[whole][1].cluster != case.cluster:
            message = f"{like(whole)}: give both the same group"
            yield Problem("near-duplicate across groups", message, row.file, row.line, "group", "warning")
        for what, others in (("text", [clusters.texts[i]]), ("picture", clusters.pictures[i])):
            other = next((other for other in others if good[other][0].file != row.file), None)
            if other is not None:
                message = f"its {what} is {like(other)}, though not all of it is"
                yield Problem(f"near-duplicate {what} across files", message, row.file, row.line, level="warning")


def _contradictions(good: list[tuple[Row, Case]], album: _Album) -> Iterator[Problem]:
    """Cases that are the same to the letter, excerpt and all, but not in their verdict."""
    seen: dict[Hashable, tuple[Row, Case]] = {}
    for row, case in good:
        if case.gold is None or case.gold.verdict is None:
            continue
        key = (_words(case), _times(case), album.digests(case), repr(case.rules), repr(case.meta))
        first, other = seen.setdefault(key, (row, case))
        if other.gold is not None and other.gold.verdict != case.gold.verdict:
            message = f"{case.gold.verdict}, but {first.file}:{first.line} with the same content {other.gold.verdict}"
            yield Problem("contradictory gold", message, row.file, row.line, "gold.verdict", "warning")


def _stray_spaces(good: list[tuple[Row, Case]]) -> Iterator[Problem]:
    """Spaces around texts, which a model may learn in place of what the texts say."""
    stray: dict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for _, case in good:
        verdict = (case.gold and case.gold.verdict) or UNANNOTATED
        total[verdict] += 1
        for name, text in case.text.items():
            stray[name][verdict] += bool(text.strip()) and text != text.strip()
    for name, counts in stray.items():
        if counts.total():
            shares = ", ".join(f"{n / total[verdict]:.0%} of {verdict}" for verdict, n in sorted(counts.items()))
            message = f"{counts.total()} texts begin or end with spaces ({shares}): strip them, or a model learns them"
            yield Problem("stray spaces", message, good[0][0].file, field=f"text.{name}", level="warning")
