"""Look: one call of a tool, and what it let the policy see: kept with episodes, so that rewards and pages can read it.

>>> look = Look(tool="zoom", arguments='{"image": 0}', regions=[{"image": 0, "region": [0, 0.5, 0.5, 1]}])
>>> look.told, Look.model_validate(look.kept()) == look
('zoom: image 0 at [0, 0.5, 0.5, 1]', True)
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from data.evidence import Region, Seconds


class Look(BaseModel):
    """What one call showed. Nothing of the case or the book is shown where there is an ``error``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: str
    """Its name, as the policy wrote it; empty where a call could not be read."""
    arguments: str = "{}"
    """What it was asked with: JSON, as text, since the arguments of tools have no shape in common."""
    rules: tuple[str, ...] = ()
    """Ids of the rules whose whole wording was shown."""
    regions: tuple[Region, ...] = ()
    """Parts of the case's pictures and frames; of a whole one, ``[0, 0, 1, 1]``."""
    interval: tuple[Seconds, Seconds] | None = None
    """Seconds of the recording that were shown or read."""
    field: str | None = None
    """The text field, ``transcript`` or ``page`` that was read from."""
    section: int | None = Field(default=None, ge=0)
    """Which section of the page."""
    tokens: int = Field(default=0, ge=0)
    """About how many tokens of text came back."""
    pictures: int = Field(default=0, ge=0)
    """How many pictures came back."""
    error: str = ""
    """Why nothing was shown."""

    @property
    def told(self) -> str:
        """In a few words, for people: ``read: page, section 2``."""
        places = [f"rules {', '.join(self.rules)}" if len(self.rules) > 1 else ", ".join(self.rules)]
        for region in self.regions:
            name = f"image {region.image}" if region.image is not None else f"frame {region.frame}"
            whole = region.region == (0, 0, 1, 1)
            places.append(name if whole else f"{name} at [{', '.join(f'{value:g}' for value in region.region)}]")
        if self.field is not None:
            places.append(self.field if self.section is None else f"{self.field}, section {self.section}")
        if self.interval is not None:
            places.append(f"{self.interval[0]:g} to {self.interval[1]:g} s")
        shown = self.error or "; ".join(filter(None, places)) or self.arguments
        return f"{self.tool or 'no tool'}: {shown}"

    def kept(self) -> dict[str, Any]:
        """As JSON, without what is not said."""
        return self.model_dump(mode="json", exclude_defaults=True)
