"""Which rules a case is shown: those that it names, those that are retrieved for it, or none. ``excerpt`` in recipes.

>>> RetrievalConfig(retrieve="bm25").k
8
"""

from typing import Annotated, Literal, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

USUAL = 8
"""How many rules are shown where nobody says."""


class RetrievalConfig(BaseModel):
    """Rules are looked for in the whole book, whatever a case names. Gold must then speak of the whole book: what it
    says is never projected on what was found, and what retrieval loses is a miss."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retrieve: Literal["bm25", "dense", "hybrid"]
    """By words, by an encoder's vectors, or by both, fused by their ranks."""
    k: int | None = Field(default=None, ge=1, le=100_000)
    """How many rules are shown; 8 where ``tokens`` says nothing either."""
    tokens: int | None = Field(default=None, ge=1, le=10_000_000)
    """Instead of ``k``: as many rules as fit into about so many tokens, the best ones first, and one at least."""
    encoder: str | None = Field(default=None, min_length=1)
    """For ``dense`` and ``hybrid``: the folder, the run or the name of an encoder that transformers or
    sentence-transformers saved."""

    @model_validator(mode="after")
    def _complete(self) -> "RetrievalConfig":
        if self.k is not None and self.tokens is not None:
            raise ValueError("give 'k' or 'tokens', not both: each says how many rules are shown")
        if self.k is None and self.tokens is None:
            object.__setattr__(self, "k", USUAL)
        if (self.retrieve != "bm25") != (self.encoder is not None):
            does = "compares words, and takes no 'encoder'" if self.retrieve == "bm25" else "needs an 'encoder'"
            raise ValueError(f"'{self.retrieve}' {does}")
        return self


ExcerptChoice = Annotated[
    Union[Annotated[Literal["named", "none"], Tag("str")], Annotated[RetrievalConfig, Tag("RetrievalConfig")]],
    Discriminator(lambda given: "str" if isinstance(given, str) else "RetrievalConfig"),
]
"""``named``: those that a case names. ``none``: no rule is shown, and a reviewer at the desk looks them up. Else they
are retrieved."""
