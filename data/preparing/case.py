"""One case, prepared: its video as frames, its sound as a transcript and perhaps a picture, its page as sections."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from data.case import FILES, Case, Frame
from data.errors import DataError
from data.media.audio.asr import recognizer, transcribe
from data.media.audio.recognizer import Recognizer
from data.media.audio.sound_picture import sound_picture
from data.media.audio.track import read_track
from data.media.page.saved import read_page
from data.media.recording import length_of
from data.media.video.frames import read_frames
from data.page import Page, Section
from data.preparing.settings import PrepareSettings
from data.preparing.store import Store
from data.transcript import Line

QUALITY = 92
"""Of the JPEGs that frames are kept as, with colour at full resolution: thin letters stay letters."""


@dataclass(frozen=True)
class Preparation:
    """One case and what is to be done with it."""

    case: Case
    out: Path
    settings: PrepareSettings
    by: Recognizer | None = None
    """The speech recognition, where it is handed in; the settings' if None."""


def prepared(task: Preparation) -> Case:
    """The case with its media made into what models are shown; every file that it names lies in the new folder.

    Raises:
        DataError: a file is missing, damaged or not what it should be; names the field.
    """
    case, store = task.case, Store(task.out)
    changes: dict[str, Any] = {}
    recording = case.audio or case.video
    if case.video is not None and not case.frames:
        changes["frames"] = _at("video", lambda: _frames(case.path(case.video or ""), task.settings, store))
    place = "audio" if case.audio is not None else "video"
    if recording is not None and not case.transcript and (task.by or task.settings.speech):
        changes["transcript"] = _at(place, lambda: _transcript(task, case.path(recording), store))
    if recording is not None and case.sound is None and task.settings.sound_picture:
        changes["sound"] = _at(place, lambda: _sound(case.path(recording), store))
    if recording is not None and case.duration is None and changes:
        length = _at(place, lambda: length_of(case.path(recording)))
        changes["duration"] = round(length, 3) if length is not None else None
    kept = kept_files(case, store)
    if (page := case.page) is not None:
        sections = _at("page", lambda: _sections(case, page, store))
        changes["page"] = kept["page"].model_copy(update={"sections": task.settings.page.spend(sections)})
    return case.model_copy(update=kept | changes).with_root(task.out)


def _at(field: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except DataError as error:
        raise DataError(error.message, file=error.file, field=field) from error


def _frames(path: Path, settings: PrepareSettings, store: Store) -> list[Frame]:
    def make(folder: Path) -> Any:
        times = []
        for number, frame in enumerate(read_frames(path, settings.video)):
            frame.image.save(folder / f"{number:03}.jpg", "JPEG", quality=QUALITY, subsampling=0)
            times.append(round(frame.time, 3))
        return times

    _check(path)
    folder, times = store.made("frames", path, settings.video.model_dump(), make)
    return [Frame(path=f"{folder}/{number:03}.jpg", time=time) for number, time in enumerate(times)]


def _transcript(task: Preparation, path: Path, store: Store) -> list[Line]:
    speech = task.settings.speech
    by = task.by or _loaded(speech.model, speech.served_model) if speech is not None else task.by
    assert by is not None
    language = task.case.lang or (speech.language if speech is not None else None)

    def make(folder: Path) -> Any:
        lines = transcribe(path, by, language).lines
        return [line.model_dump(exclude_defaults=True) for line in lines]

    _check(path)
    _, lines = store.made("speech", path, [by.identity, language], make)
    return [Line.model_validate(line) for line in lines]


def _sound(path: Path, store: Store) -> str | None:
    def make(folder: Path) -> Any:
        samples = read_track(path)
        if samples is None or not samples.any():
            return False
        sound_picture(samples).save(folder / "sound.png", "PNG")
        return True

    _check(path)
    folder, heard = store.made("sound", path, None, make)
    return f"{folder}/sound.png" if heard else None


def _sections(case: Case, page: Page, store: Store) -> list[Section]:
    if page.path is None or page.sections:
        return page.sections
    path = case.path(page.path)
    _check(path)
    record = page.address if path.suffix.lower() in (".warc", ".gz") else None

    def make(folder: Path) -> Any:
        return [section.model_dump(exclude_defaults=True) for section in read_page(path, record)]

    _, found = store.made("pages", path, record, make)
    return [Section.model_validate(section) for section in found]


def kept_files(case: Case, store: Store) -> dict[str, Any]:
    """The fields of a case that name files, these files being in the new folder.

    Raises:
        DataError: a file is missing; names the field.
    """

    def kept(field: str, name: str) -> str:
        return str(_at(field, lambda: store.kept(_there(case.path(name)))))

    changes: dict[str, Any] = {
        "images": [kept(f"images.{i}", name) for i, name in enumerate(case.images)],
        "originals": [kept(f"originals.{i}", name) for i, name in enumerate(case.originals)],
        "frames": [f.model_copy(update={"path": kept(f"frames.{i}.path", f.path)}) for i, f in enumerate(case.frames)],
    }
    changes |= {field: kept(field, name) for field in FILES if (name := getattr(case, field)) is not None}
    if case.page is not None:
        files = {field: kept(f"page.{field}", name) for field, name in case.page.media}
        changes["page"] = case.page.model_copy(update=files)
    return changes


def _check(path: Path) -> None:
    if not os.path.isfile(path):
        raise DataError("no such file", file=path)


def _there(path: Path) -> Path:
    _check(path)
    return path


@lru_cache(maxsize=1)
def _loaded(model: str, served: str) -> Recognizer:
    """One a process: weights are loaded once."""
    return recognizer(model, served)
