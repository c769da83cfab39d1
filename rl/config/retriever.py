"""RetrieverRecipe: an encoder that learns to find the rules that a case breaks.

>>> recipe = RetrieverRecipe.load("billboard/retriever", {"negatives": "2"})
>>> recipe.negatives, recipe.model.tiny.kind
(2, 'encoder')
"""

from typing import Any, ClassVar

from pydantic import Field, model_validator

from rl.config.train import TrainRecipe


class RetrieverRecipe(TrainRecipe):
    """A dense encoder, fitted to the rules of gold: a case's vector comes near those of the rules that it breaks, and
    away from those of the others in its batch and of rules that BM25 takes for them.

    Cases are held against the whole book, whatever they name; one that breaks nothing teaches nothing.
    """

    kind = "retriever"
    reserved: ClassVar[dict[str, str]] = {
        **{key: why for key, why in TrainRecipe.reserved.items() if "chat_template" not in key},
        "label_names": "the loss is Ruling's own",
    }

    negatives: int = Field(default=4, ge=0, le=1000)
    """For each rule to be found, so many that BM25 ranks highest and gold does not name, beside those of the batch."""
    temperature: float = Field(default=0.05, gt=0, le=10, allow_inf_nan=False)
    """What cosines are divided by."""

    @model_validator(mode="after")
    def _of_an_encoder(self) -> "RetrieverRecipe":
        model = self.model
        if model.tiny is not None and model.tiny.kind != "encoder":
            raise ValueError(f"model.tiny.kind: a retriever is an 'encoder', not '{model.tiny.kind}'")
        if model.lora is not None or model.load_in_4bit or model.chat_template_kwargs:
            raise ValueError("model: an encoder is trained whole, and is told nothing by a chat template")
        if self.data.excerpt != "named":
            raise ValueError("data.excerpt: a retriever looks through the whole book: leave it out")
        if self.data.windows is not None:
            raise ValueError("data.windows: rules are retrieved for whole cases: leave it out")
        return self

    @classmethod
    def config_class(cls) -> Any:
        from transformers import TrainingArguments

        return TrainingArguments

    def _fixed(self) -> dict[str, Any]:
        return super()._fixed() | {"remove_unused_columns": False}
