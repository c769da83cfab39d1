"""Depth: how many layers a model has, and what a deep one holds, told from shallow ones.

Layers that are alike hold alike, so that what passes hold grows by as much with each: two models that differ in one
layer say how much, and a deep one need not be imagined layer by layer.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

SHALLOW = 2
"""Layers of what is imagined in the place of a deep model."""


@dataclass(frozen=True)
class Depth:
    """Layers of the language model and of the vision tower; 0 where there is none."""

    language: int
    vision: int

    @classmethod
    def of(cls, config: Any) -> "Depth | None":
        """That of a model whose layers are alike; None where it is not known that they are."""
        text, vision = config.get_text_config(), getattr(config, "vision_config", None)
        kinds, layers = getattr(text, "layer_types", None), getattr(text, "num_hidden_layers", None)
        if layers is None or len(set(kinds or ())) > 1 or getattr(config, "is_encoder_decoder", False):
            return None
        if vision is None:
            return cls(layers, 0)
        # Features of certain layers that are handed on make these unlike the others.
        unlike = getattr(vision, "deepstack_visual_indexes", None) or getattr(config, "vision_feature_layer", None)
        depth = getattr(vision, "depth", None)
        return None if unlike or depth is None else cls(layers, depth)

    def cut(self, config: Any) -> None:
        """Gives a model's configuration so many layers."""
        text, vision = config.get_text_config(), getattr(config, "vision_config", None)
        text.num_hidden_layers = self.language
        if getattr(text, "layer_types", None):
            text.layer_types = text.layer_types[: self.language]
        if self.vision and vision is not None:
            vision.depth = self.vision
            if hasattr(vision, "fullatt_block_indexes"):
                vision.fullatt_block_indexes = [at for at in vision.fullatt_block_indexes if at < self.vision]

    @property
    def is_deep(self) -> bool:
        """Whether it takes less to imagine three shallow models."""
        return self.language + self.vision > 4 * (SHALLOW + 1)

    def told_from(self, held: Callable[["Depth"], tuple[int, ...]]) -> tuple[int, ...]:
        """Figures that are affine in the number of layers of each kind. The most held at once is the highest of many
        moments, each of which is: told too low where another moment is the highest in a deep model.

        Args:
            held: those of a shallow model.
        """
        base = Depth(min(SHALLOW, self.language), min(SHALLOW, self.vision))
        first = held(base)
        found = list(first)
        for kind in ("language", "vision"):
            more = getattr(self, kind) - getattr(base, kind)
            if more:
                deeper = held(replace(base, **{kind: getattr(base, kind) + 1}))
                found = [one + more * (other - own) for one, other, own in zip(found, deeper, first, strict=True)]
        return tuple(found)
