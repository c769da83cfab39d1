"""Recipes: everything that makes a run, in one YAML file.

What is Ruling's own (data, rulebook, template, model, rubric) has a typed field; a trainer's fields have TRL's own
names (`rl.config.train`). Any key can be overridden from the command line by its dotted name, a trainer's field also
by its bare name.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from data import DataError
from data.errors import suggest
from data.yaml_model import load_yaml

SHIPPED = Path(__file__).parent.parent / "recipes"

MOST_SEED = 2**32 - 1
"""The largest seed that every library takes."""

Files = Annotated[list[str], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]
"""Files, folders, saved datasets or ``hub:NAME:SPLIT``; one of them needs no list."""
AnyRecipe = TypeVar("AnyRecipe", bound="Recipe")


class Recipe(BaseModel):
    """What every recipe has."""

    model_config = ConfigDict(extra="forbid")

    kind: ClassVar[str]
    """What a shipped recipe of this class is called: ``sft`` in ``billboard/sft``."""

    name: str = Field(pattern=r"^[\w.-]+$")
    seed: int = Field(default=0, ge=0, le=MOST_SEED)
    """Of initialisation, order of the data, and sampling."""
    output: Path = Path()
    """Folder of the run; ``runs/NAME`` where not given."""

    @model_validator(mode="after")
    def _default_output(self: AnyRecipe) -> AnyRecipe:
        if self.output == Path():
            self.output = Path("runs") / self.name
        return self

    @classmethod
    def load(cls: type[AnyRecipe], source: str | Path, overrides: Mapping[str, Any] | None = None) -> AnyRecipe:
        """Reads a recipe from a YAML file, or a shipped one by name (``billboard/sft``, or just ``billboard``).

        Args:
            overrides: dotted keys to values; strings are read as YAML. A trainer's field needs no ``trainer.``.

        Raises:
            DataError: no such recipe, an unknown key, or a value that does not fit; names the file and the field.
        """
        path = find_recipe(source, cls.kind)
        return load_yaml(cls, path, {cls._dotted(key): value for key, value in (overrides or {}).items()})

    @classmethod
    def _dotted(cls, key: str) -> str:
        return key


def find_recipe(source: str | Path, kind: str = "") -> Path:
    """The file of a recipe that is given by path, or by name where it is shipped.

    Args:
        kind: which of the recipes called ``source`` is meant, where the name does not say it.

    Raises:
        DataError: there is no such file and no such name.
    """
    path = Path(source)
    if path.is_file():
        return path
    names = shipped_recipes()
    for name in (str(source), f"{source}/{kind}"):
        if name in names:
            return SHIPPED / f"{name}.yaml"
    message = f"no such recipe{suggest(str(source), names)}: give a YAML file or one of {', '.join(names)}"
    raise DataError(message, file=source)


def shipped_recipes(kind: str = "*") -> list[str]:
    """The names of the recipes that come with Ruling, such as ``billboard/sft``.

    Args:
        kind: only those of one kind.
    """
    return sorted(path.relative_to(SHIPPED).with_suffix("").as_posix() for path in SHIPPED.glob(f"*/{kind}.yaml"))
