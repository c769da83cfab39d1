"""Origin: whose predictions an evaluation holds, how the model was asked, and by what rules, as ``run.json`` says it.

What holds for one model says nothing of another, so its thresholds are not applied to another's risks, and its files
are not written over with another's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from data import Briefs, DataError, RetrievalFacts
from data.files import read_json
from rl.config.decoding import Decoding
from rl.generation.engine import Engine
from rl.runs.folder import RUN

KEY = "origin"
"""Where ``run.json`` has it."""


class Part(BaseModel):
    """What ``run.json`` says of an evaluation under one key."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    key: ClassVar[str]
    says: ClassVar[str]

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Self | None:
        """That of an evaluation's provenance; None where it does not say.

        Raises:
            DataError: it is damaged.
        """
        if cls.key not in facts:
            return None
        try:
            return cls.model_validate(facts[cls.key])
        except ValidationError as error:
            raise DataError(f"'{RUN}' does not say {cls.says}: {error}", field=cls.key) from error


class Origin(Part):
    """A model, asked in one way, under one rulebook. Evaluations of earlier versions do not say it."""

    key, says = KEY, "where the evaluation comes from"

    name: str
    """What tables call the model; of predictions made elsewhere nothing else is known."""
    model: dict[str, Any]
    """What tells it from other models: the hash of its weights, the server's address, the file of predictions."""
    template: str | None = None
    """The prompt template; None for predictions made elsewhere."""
    rulebook: str
    """The fingerprint of the rulebook."""
    retrieval: RetrievalFacts | None = None
    """How the rules that cases were shown were retrieved; None where they name them."""

    @classmethod
    def of(cls, engine: Engine, decoding: Decoding, briefs: Briefs, name: str) -> "Origin":
        """That of an engine, asked with a template that is settled."""
        model = {key: value for key, value in engine.identity(decoding).items() if key != "decoding"}
        return cls(name=name, model=model, template=decoding.template, **_rules(briefs))

    @classmethod
    def of_file(cls, path: str | Path, briefs: Briefs, name: str) -> "Origin":
        """That of predictions made elsewhere."""
        return cls(name=name, model={"predictions": str(Path(path).resolve())}, **_rules(briefs))

    def differs_from(self, other: "Origin") -> str | None:
        """What makes it no use for the other: ``model``, ``template``, ``rulebook`` or ``retrieval``; None if nothing
        does.

        Two files of predictions are one model's if the model is called alike.
        """
        made_elsewhere = all("predictions" in origin.model for origin in (self, other))
        same = self.name == other.name if made_elsewhere else self.model == other.model
        if not same:
            return "model"
        rest = ("template", "rulebook", "retrieval")
        return next((what for what in rest if getattr(self, what) != getattr(other, what)), None)

    def claim(self, folder: str | Path) -> None:
        """Makes sure that a folder holds nobody else's evaluation.

        Raises:
            DataError: it holds another model's, or predictions from another file.
        """
        file = Path(folder) / RUN
        there = Origin.read(read_json(file)) if file.is_file() else None
        if there is not None and there.model != self.model:
            raise DataError(
                f"holds the evaluation of '{there.name}' ({_told(there.model)}), not of '{self.name}' "
                f"({_told(self.model)}): choose another --out",
                file=folder,
            )


def _rules(briefs: Briefs) -> dict[str, Any]:
    """By which rules cases are judged."""
    return {"rulebook": briefs.book.fingerprint, "retrieval": briefs.retrieval}


def _told(model: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in model.items())
