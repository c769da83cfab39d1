"""PageBudget: how much of a long page is shown at once.

Nothing is thrown away: sections beyond the budget stay in the case with their titles shown and their text not. Both
ends go first, since the offer stands at the top of a page and its terms at the bottom, what is hidden from visitors
before all.
"""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict, Field

from data.page import Section


class PageBudget(BaseModel):
    """The most that is shown of one page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sections: int = Field(default=24, ge=1)
    characters: int = Field(default=8_000, ge=1)
    """Of titles and texts together: some 2,000 tokens of English."""

    def spend(self, sections: Sequence[Section]) -> list[Section]:
        """The sections in their order, each marked whether it is shown; a later one may fit where an earlier did not.

        Example:
            >>> sections = [Section(text=name * 10) for name in "abcde"]
            >>> "".join(s.text[0] for s in PageBudget(sections=3).spend(sections) if s.shown)
            'abe'
        """
        left, shown = self.characters, set[int]()
        for at in _order(sections):
            size = len(sections[at].whole)
            if len(shown) < self.sections and size <= left:
                shown.add(at)
                left -= size
        return [section.model_copy(update={"shown": at in shown}) for at, section in enumerate(sections)]


def _order(sections: Sequence[Section]) -> Iterator[int]:
    """What is hidden, then the rest from both ends, the top first."""
    yield from (at for at, section in enumerate(sections) if section.hidden)
    seen = [at for at, section in enumerate(sections) if not section.hidden]
    while seen:
        yield seen.pop(0)
        if seen:
            yield seen.pop()
