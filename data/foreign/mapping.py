"""Mapping: how the rows of somebody else's file become cases. YAML, and no code.

Wherever a mapping names a value of the row, it gives a column name or a dotted path into JSON
(``request.adCopy``, ``boxes.0.label``). A column that holds JSON is read as JSON where a path leads into it.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from data.errors import DataError, suggest
from data.rulebook import Rulebook
from data.ruling import VERDICTS, Verdict
from data.yaml_model import find_yaml, load_yaml

SHIPPED = Path(__file__).parent.parent / "mappings"
NEAR_DUPLICATES = "near_duplicates"
IGNORE = "ignore"

Name = Annotated[str, Field(min_length=1)]


class From(BaseModel):
    """A value that is read from the row, where a plain string would be the value itself."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source: Name = Field(alias="from")


class Said(BaseModel):
    """Where the transcript comes from: one text, a list of texts, or a list of objects with ``text`` and, in seconds,
    ``start`` and ``end``. What has no times becomes lines without times."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source: Name = Field(alias="from")
    separator: Name | None = None
    """Between the lines of one text; without it, it is one line."""


class Outcome(BaseModel):
    """What a label stands for, where one verdict or rule is not enough."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    rules: list[Name] = Field(default_factory=list)
    """Every one of them is broken."""
    alternatives: list[Name] = Field(default_factory=list, alias="or")
    """Rules that count as right in place of the (one) rule."""
    verdict: Verdict | None = None
    """The verdict, where it is not the one that the rules call for."""

    @model_validator(mode="after")
    def _says_something(self) -> "Outcome":
        if not self.rules and self.verdict is None:
            raise ValueError("want 'rules', a 'verdict', or both")
        if self.alternatives and len(self.rules) != 1:
            raise ValueError("'or' goes with exactly one rule")
        return self


class Labels(BaseModel):
    """How a row's labels become a verdict and violations."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source: Name = Field(alias="from")
    separator: str | None = None
    """Between several labels in one value; a JSON list needs none."""
    table: dict[str, Union[str, Outcome]]
    """What each label stands for: a verdict, a rule id, or an `Outcome`; ``""`` is for rows without a label."""
    exhaustive: bool = True
    """Whether a row that is labelled with a violation has a label for every one. A row labelled as approved always
    has no other."""

    def outcome(self, label: str) -> Outcome | None:
        """What a label stands for; None if the table lacks it."""
        found = self.table.get(label)
        if isinstance(found, str):
            return Outcome(verdict=found) if found in VERDICTS else Outcome(rules=[found])
        return found


class Boxes(BaseModel):
    """Boxes on an image, in pixels ``[x, y, width, height]`` from the upper left corner of the upright picture."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source: Name = Field(alias="from")
    """A list of boxes, or JSON of one."""
    label: Name = "label"
    """Path to a box's label, looked up in the labels' table. Boxes whose label breaks no rule are left out."""
    box: Name = "bbox"
    """Path to a box's four numbers."""
    image: int = Field(default=0, ge=0)
    """Which of the case's images the boxes are on."""


class Mapping(BaseModel):
    """How the rows of a foreign file become cases."""

    model_config = ConfigDict(extra="forbid")

    rulebook: Name
    """A shipped rulebook's name, or the path of one relative to the mapping."""
    format: Literal["csv", "tsv", "json", "jsonl"] | None = None
    """By the file's suffix if not given."""
    records: Name | None = None
    """In a JSON file that is not a list: the path to the list."""
    id: Name = "{file}-{row}-{hash}"
    """With values of the row in braces. ``{row}`` is its number, from 1. Unless the row has a value of that name,
    ``{file}`` is the source's name without its suffix, and ``{hash}`` 8 hexadecimal digits of all the row's values, so
    that ids of one file are not those of another."""
    lang: Union[str, From, None] = None
    text: dict[Name, Name] = Field(default_factory=dict)
    """Text field of the case: where it comes from. Lists of strings are joined by line breaks."""
    strip: bool = False
    """Take the spaces off both ends of every text."""
    empty: list[str] = Field(default_factory=list)
    """Texts that stand for no text, such as ``null``."""
    transcript: Said | None = None
    images: Union[Literal["ignore"], Name, list[Name]] = IGNORE
    """Where image paths come from (a path or a list of them), relative to the source; ``ignore`` leaves them out."""
    media: Literal["copy", "link"] = "copy"
    """Whether ``media/`` holds copies of the images or hard links to them."""
    group: Union[Literal["near_duplicates"], Name, None] = None
    """Where the group comes from; ``near_duplicates`` finds the groups by comparing texts and images."""
    meta: dict[Name, Name] = Field(default_factory=dict)
    labels: Labels | None = None
    quote: Name | None = None
    """The text field that, as a whole, is the evidence for every violation."""
    boxes: Boxes | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Mapping":
        if not self.text and self.transcript is None and self.images == IGNORE:
            raise ValueError("maps neither text nor images, nor a transcript")
        if self.quote is not None and self.quote not in self.text:
            raise ValueError(f"quote: '{self.quote}' is not one of the text fields{suggest(self.quote, self.text)}")
        if self.boxes is not None and (self.labels is None or self.images == IGNORE):
            raise ValueError("boxes need both labels and images")
        return self

    _folder: Path = PrivateAttr(default=Path())

    @classmethod
    def load(cls, source: str | Path) -> "Mapping":
        """Reads a mapping from a YAML file, or a shipped one by name.

        Raises:
            DataError: it or its rulebook is missing or wrong, or its label table names a rule that is not in the book.
        """
        path = find_yaml(source, SHIPPED, "mapping")
        mapping = load_yaml(cls, path)
        mapping._folder = path.parent
        book = mapping.book
        for label in mapping.labels.table if mapping.labels else ():
            outcome = mapping.labels and mapping.labels.outcome(label)
            for rule in (*outcome.rules, *outcome.alternatives) if outcome else ():
                if rule not in book:
                    near = suggest(rule, [*book.ids, *VERDICTS])
                    message = f"'{rule}' is neither a verdict nor a rule of rulebook '{book.name}'{near}"
                    raise DataError(message, file=path, field=f"labels.table.{label}")
        return mapping

    @cached_property
    def book(self) -> Rulebook:
        """The rulebook that the labels are mapped to.

        Raises:
            DataError: there is none of that name or path.
        """
        beside = self._folder / self.rulebook
        return Rulebook.load(beside if os.path.isfile(beside) else self.rulebook)
