"""Part: a reward's place in a rubric, as it is written there."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Part(BaseModel):
    """A reward's weight, and values for its settings: ``{weight: 0.1, start: 2000}``, or only ``0.1``."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)

    weight: float = Field(ge=0)
    time_limit: float | None = Field(default=None, gt=0)
    """Seconds that it may take for one batch, where not the rubric's."""

    @model_validator(mode="before")
    @classmethod
    def _weight_alone(cls, value: Any) -> Any:
        return {"weight": value} if isinstance(value, int | float) and not isinstance(value, bool) else value

    @property
    def settings(self) -> dict[str, Any]:
        return self.model_extra or {}


class Override(BaseModel):
    """What is different for the cases of a category: some prices, weights and settings, in a rubric's own form."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    prices: dict[str, Any] = {}
    calibration: float | None = None
    craft: dict[str, Any] = {}
    penalties: dict[str, Any] = {}

    def applied(self, content: dict[str, Any]) -> dict[str, Any]:
        """A rubric's content with the differences put in."""
        return _merged(content, self.model_dump(exclude_unset=True))


def _merged(content: Any, changes: Any) -> Any:
    if not isinstance(content, dict):
        return changes
    if not isinstance(changes, dict):
        return {**content, "weight": changes}  # a part with settings, of which only the weight is another
    return {**content, **{key: _merged(content.get(key), value) for key, value in changes.items()}}
