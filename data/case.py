"""Case: one thing under review, with its media and, in training data, its gold.

Everything but ``id`` is optional. Media paths are relative to the file that the case was read from, and stay in its
folder; `Case.path` resolves them.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from data.corpus import Corpus
from data.evidence import Quote, Seconds
from data.gold import Gold
from data.media.folder import MediaFolder
from data.page import PAGE, Name, Page
from data.quotes import Span, find_quote
from data.rulebook import Rulebook, RuleRef
from data.ruling import Ruling
from data.transcript import TRANSCRIPT, Line, as_heard
from data.window import Window

FILES = ("video", "audio", "sound")
"""Fields of a case that name one file each."""


class Frame(BaseModel):
    """A video frame at a time, in seconds."""

    model_config = ConfigDict(extra="forbid")

    path: Name
    time: Seconds


class Case(BaseModel):
    """One thing under review."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    id: Name
    group: str | None = None
    """Near-duplicate cluster or advertiser: the unit of splitting and of statistical clustering."""
    twin: Name | None = None
    """The id of the same thing under other rules, which names this one in turn; see `data.reading.twins`."""
    lang: str | None = None
    weight: float = Field(default=1.0, ge=0.0, le=1e6)
    text: dict[str, str] = Field(default_factory=dict)
    images: list[Name] = Field(default_factory=list)
    originals: list[Name] = Field(default_factory=list)
    """Larger versions of the images, one of each, which no prompt shows: what a reviewer at the desk zooms into. Empty
    where the images are all that there is."""
    frames: list[Frame] = Field(default_factory=list)
    video: Name | None = None
    audio: Name | None = None
    duration: Seconds | None = None
    """How long the recording lasts, in seconds, where that is known."""
    sound: Name | None = None
    """A picture of the sound over time (`data.media.audio.sound_picture`), for models that see and do not hear."""
    transcript: list[Line] = Field(default_factory=list)
    page: Page | None = None
    """Where the ad leads."""
    window: Window | None = None
    """Which stretch of a stream it shows; None for what is reviewed as a whole."""
    meta: dict[str, Any] = Field(default_factory=dict)
    rules: list[RuleRef] | None = None
    """The excerpt: ids, or whole rules where the wording is the case's own; None is the whole book."""
    gold: Gold | None = None
    teacher: Ruling | None = None
    """What a fallible annotator wrote, for SFT to imitate; gold is what is right, and what rewards and metrics use."""

    _media: MediaFolder | None = PrivateAttr(default=None)
    _corpus: Corpus | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _names_are_free(self) -> "Case":
        for name in (TRANSCRIPT, PAGE):
            if name in self.text and self.fields[name] != self.text[name]:
                raise ValueError(f"a text field may not be called {name}, beside the case's own {name}: rename it")
        return self

    @model_validator(mode="after")
    def _originals_are_of_images(self) -> "Case":
        if self.originals and len(self.originals) != len(self.images):
            raise ValueError(
                f"there are {len(self.originals)} originals of {len(self.images)} images: give one of each"
            )
        return self

    @property
    def cluster(self) -> str:
        """The group, or the case itself where it stands alone."""
        return self.group or self.id

    @property
    def fields(self) -> dict[str, str]:
        """Every text that a quote can come from: its fields, the joined transcript, the joined page."""
        fields = self.text
        if self.transcript:
            fields = {**fields, TRANSCRIPT: "\n".join(line.text for line in self.transcript)}
        if self.page is not None and self.page.sections:
            fields = {**fields, PAGE: "\n".join(section.whole for section in self.page.sections)}
        return fields

    @property
    def wording(self) -> str:
        """Hash of all its texts, 12 hex digits: an ad that was rewritten has another."""
        return hashlib.sha256(json.dumps(self.fields, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def runs(self) -> bool:
        """Whether anything of it runs in time, so that seconds of it can be cited."""
        timed = any(line.seconds is not None for line in self.transcript)
        return bool(self.video or self.audio or self.sound or self.frames or timed)

    @property
    def last_second(self) -> float | None:
        """The last second at which anything is known to be shown or said, if any."""
        if self.window is not None:
            return self.window.length
        ends = [line.end for line in self.transcript if line.end is not None] + [frame.time for frame in self.frames]
        return max(ends if self.duration is None else [*ends, self.duration], default=None)

    @property
    def media(self) -> Iterator[tuple[str, str]]:
        """Every media file that the case names, as the field and the path in it."""
        yield from ((f"images.{i}", name) for i, name in enumerate(self.images))
        yield from ((f"originals.{i}", name) for i, name in enumerate(self.originals))
        yield from ((f"frames.{i}.path", frame.path) for i, frame in enumerate(self.frames))
        yield from ((field, name) for field in FILES if (name := getattr(self, field)) is not None)
        if self.page is not None:
            yield from ((f"page.{field}", name) for field, name in self.page.media)

    def text_of(self, quote: Quote) -> str | None:
        """The text that a quote is looked for in: that of its field or, where it names one, of its section of the
        page; None where there is none.
        """
        if quote.section is None:
            return self.fields.get(quote.field)
        sections = self.page.sections if self.page is not None and quote.field == PAGE else []
        return sections[quote.section].whole if quote.section < len(sections) else None

    def heard(self, words: str) -> str | None:
        """The words of the transcript that these mean, where recognition may have misheard (`as_heard`)."""
        return as_heard(words, self.transcript, self.lang)

    def as_shown(self, quote: Quote) -> Quote:
        """A quote in the words in which it stands in the case: those that were heard, where it is one of the
        transcript; else as it is.
        """
        if quote.field != TRANSCRIPT or (words := self.heard(quote.quote)) in (None, quote.quote):
            return quote
        return quote.model_copy(update={"quote": words})

    def find(self, quote: Quote) -> Span | None:
        """Where a quote stands in its text (`text_of`), in characters; None if it does not."""
        text = self.text_of(quote)
        return None if text is None else find_quote(self.as_shown(quote).quote, text)

    def path(self, media: str) -> Path:
        """Where one of the case's media files lies. The paths of a case that was read from no file are taken as they
        are.

        Raises:
            DataError: it lies outside of the folder of the cases, and is not allowed; see `data.media.folder`.
        """
        return self._media.path(media) if self._media is not None else Path(media)

    def with_root(self, root: str | Path | MediaFolder) -> "Case":
        """The same case with its media under ``root``, and nowhere else."""
        case = self.model_copy()
        case._media = root if isinstance(root, MediaFolder) else MediaFolder(Path(root))
        return case

    def allowing(self, folder: str | Path) -> "Case":
        """The same case, whose media may lie in another folder too."""
        if self._media is None:
            return self
        within = self._media.within or (self._media.root,)
        return self.with_root(MediaFolder(self._media.root, (*within, Path(folder))))

    def among(self, corpus: Corpus) -> "Case":
        """The same case as one of a set, whose boilerplate it can then tell."""
        case = self.model_copy()
        case._corpus = corpus
        return case

    def is_boilerplate(self, words: str) -> bool:
        """Whether many of the set's cases say these words; False where no set is known."""
        return self._corpus is not None and self._corpus.is_boilerplate(words)

    def gold_for(self, excerpt: Rulebook) -> Gold | None:
        """The gold as it stands under an excerpt; see `Gold.under`."""
        return self.gold.under(excerpt) if self.gold is not None else None
