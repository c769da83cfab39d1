"""Page: where an ad leads. A saved file or an address on the web, and what it says in titled sections."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(min_length=1)]

PAGE = "page"
"""The field name under which a quote from the page is cited."""
SCHEMES = ("http://", "https://")


class Section(BaseModel):
    """A stretch of a page under one heading."""

    model_config = ConfigDict(extra="forbid")

    title: str = ""
    """Its heading; empty above the first."""
    text: str = ""
    hidden: bool = False
    """Whether visitors do not see it, though it stands on the page."""
    shown: bool = True
    """Whether models are shown its text; of others, beyond the budget, only the title."""

    @property
    def whole(self) -> str:
        """All that a quote of it can come from."""
        return f"{self.title}\n{self.text}" if self.title and self.text else self.title or self.text


class Page(BaseModel):
    """The page that an ad leads to. In a case file, a path or an address (``https://…``) alone says it, too."""

    model_config = ConfigDict(extra="forbid")

    path: Name | None = None
    """A saved page: an HTML file, or a WARC record; relative to the case file."""
    address: Name | None = None
    """Where it lies on the web; of a captured page, after all redirects."""
    screenshot: Name | None = None
    """A picture of it, as it looked when it was captured."""
    sections: list[Section] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, content: Any) -> Any:
        if not isinstance(content, str):
            return content
        return {"address" if content.lower().startswith(SCHEMES) else "path": content}

    @property
    def media(self) -> Iterator[tuple[str, str]]:
        """Its files, by the field that names each."""
        yield from ((field, name) for field in ("path", "screenshot") if (name := getattr(self, field)) is not None)
