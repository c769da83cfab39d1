"""A tokenizer with a family's own tokens, and the sizes that go with it."""

from dataclasses import dataclass, field
from typing import Any

from rl.models.tiny import END_OF_TEXT, END_OF_TURN, train_tokenizer

CONTEXT = 1024
"""Tokens."""


@dataclass
class Words:
    """A tokenizer for these texts, with a family's own tokens in it."""

    texts: list[str]
    template: str
    specials: tuple[str, ...] = ()
    named: dict[str, str] = field(default_factory=dict)
    """What the family's processor asks its tokenizer for by name: ``image_token``."""
    begins: bool = False
    """Whether there is a token that a text begins with."""

    def __post_init__(self) -> None:
        self.tokenizer: Any = train_tokenizer(self.texts, 512, CONTEXT)
        own = [*self.specials, *self.named.values()]
        # Which tokens are special goes by the shape; those that are named are attributes.
        self.tokenizer.add_special_tokens({"additional_special_tokens": [*self.tokenizer.all_special_tokens, *own]})
        if self.named:
            self.tokenizer._set_model_specific_special_tokens(special_tokens=self.named)
        if self.begins:
            self.tokenizer.add_special_tokens({"bos_token": "<bos>"})
        self.tokenizer.chat_template = self.template

    def id(self, token: str) -> int:
        found: int = self.tokenizer.convert_tokens_to_ids(token)
        assert found is not None and found != self.tokenizer.unk_token_id, token
        return found

    @property
    def language(self) -> dict[str, Any]:
        """Of the language model, under the names that most families have for it."""
        return {
            "vocab_size": len(self.tokenizer), "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": CONTEXT,
            "bos_token_id": self.tokenizer.bos_token_id, "eos_token_id": self.id(END_OF_TURN),
            "pad_token_id": self.id(END_OF_TEXT), "tie_word_embeddings": True,
        }  # fmt: skip
