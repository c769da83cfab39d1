"""Models with a scalar head: a text, and perhaps pictures, in; one number out.

Two kinds of checkpoint, both ordinary folders with the processor (or tokenizer and chat template) beside the weights:

- ``score.safetensors``, whose ``score.weight`` [1, hidden] is applied to the hidden state of the last token, beside
  what ``AutoModel`` loads, or an adapter for that: what ``ruling train reward`` leaves, of text models as well as of
  vision-language models, for most of which transformers has no scalar heads;
- of text models, what transformers' ``AutoModelForSequenceClassification`` loads, with ``num_labels`` = 1.

Loads torch: to be imported where a reward is built, or trained.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModel, AutoModelForSequenceClassification, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from data import DataError
from data.files import whole_file
from prompts.processor import Processor, tokenizer_of
from rewards.models.checkpoint import base_of_adapter, load_adapter, load_weights
from rewards.models.local_model import unsharded

HEAD = "score.safetensors"


class ScalarHead(nn.Module):
    """A backbone with a linear head on the last token of each row, read like a classifier with one label.

    Args:
        backbone: a model without a language-modelling head, such as ``AutoModel`` loads, perhaps with an adapter.
        weight: the head's, [1, hidden]; zeros if None, so that training starts from no opinion.
    """

    def __init__(self, backbone: PreTrainedModel, weight: torch.Tensor | None = None):
        super().__init__()
        self.backbone, self.config = backbone, backbone.config
        self.score = linear_head(backbone.config, backbone.dtype, weight)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.score.weight.device

    def forward(self, attention_mask: torch.Tensor, **inputs: Any) -> SequenceClassifierOutput:
        """``logits`` [rows, 1], whichever side the rows are padded on."""
        # No token follows, so nothing of what attention works out is needed again.
        output = self.backbone(attention_mask=attention_mask, **inputs, use_cache=False)
        hidden = output.last_hidden_state
        places = torch.arange(attention_mask.shape[1], device=attention_mask.device)
        last = (attention_mask * places).argmax(dim=1)
        return SequenceClassifierOutput(logits=self.score(hidden[torch.arange(len(hidden)), last]))

    def gradient_checkpointing_enable(self, **settings: Any) -> None:
        """Has the backward pass work activations out again; called by a trainer."""
        self.backbone.gradient_checkpointing_enable(**settings)
        self.backbone.enable_input_require_grads()  # else frozen weights under an adapter would cut the graph

    def save_pretrained(self, folder: str | Path, state_dict: Mapping[str, torch.Tensor] | None = None) -> None:
        """Writes the checkpoint that `load_scorer` reads; the processor saves itself.

        Args:
            state_dict: every weight by its name here, where this process holds only shares of them.
        """
        of_backbone = None
        if state_dict is not None:
            inside = ((name.removeprefix("backbone."), weight) for name, weight in state_dict.items())
            of_backbone = {name: weight for name, weight in inside if f"backbone.{name}" in state_dict}
        self.backbone.save_pretrained(folder, state_dict=of_backbone)
        weight = self.score.weight if state_dict is None else state_dict["score.weight"]
        with whole_file(Path(folder) / HEAD) as draft:
            save_file({"score.weight": weight.detach().contiguous().cpu()}, draft)


def load_scorer(path: str, processor: Processor, dtype: str = "auto") -> PreTrainedModel | ScalarHead:
    """The model of a checkpoint; ``model(**inputs).logits[:, 0]`` are its scores, of any size, more being better.

    Raises:
        DataError: there is no such model, a weight is missing, or it gives more than one number.
    """
    with unsharded():
        if has_head(path):
            base = base_of_adapter(path)
            backbone: Any = load_weights(base or path, dtype, architecture=AutoModel)
            if base is not None:
                backbone = load_adapter(backbone, path, trainable=False).merge_and_unload()
            return ScalarHead(backbone, read_head(path, backbone.config))
        model = load_weights(path, dtype, architecture=AutoModelForSequenceClassification)
    if model.config.num_labels != 1:
        raise DataError(f"a reward model has num_labels 1, this one has {model.config.num_labels}", file=path)
    # The head is read at the last token that is no padding.
    model.config.get_text_config().pad_token_id = tokenizer_of(processor).pad_token_id
    return model


def has_head(path: str | Path) -> bool:
    """Whether the folder of a checkpoint holds a scalar head of its own."""
    return (Path(path) / HEAD).is_file()


def read_head(path: str | Path, config: Any) -> torch.Tensor:
    """The head of a checkpoint, [1, hidden].

    Args:
        config: of the backbone.

    Raises:
        DataError: it is damaged, or for another backbone.
    """
    file, wanted = Path(path) / HEAD, (1, config.get_text_config().hidden_size)
    try:
        weight = load_file(file).get("score.weight")
    except (SafetensorError, OSError) as error:
        raise DataError(f"cannot be read: {error}", file=file) from error
    if weight is None or tuple(weight.shape) != wanted:
        found = "no score.weight" if weight is None else f"one of {tuple(weight.shape)}"
        raise DataError(f"want a score.weight of {wanted}, found {found}", file=file)
    return weight


def trunk_and_head(scorer: PreTrainedModel | ScalarHead) -> tuple[PreTrainedModel, torch.Tensor]:
    """What a scorer is made of: the model below its head, and the head's weight, [1, hidden].

    Raises:
        DataError: it is of an architecture whose head is more than that.
    """
    if isinstance(scorer, ScalarHead):
        return scorer.backbone, scorer.score.weight
    head = getattr(scorer, "score", None)
    if not isinstance(head, nn.Linear) or head.bias is not None:
        raise DataError("its head is not one linear layer, called score", file=scorer.config.name_or_path)
    backbone: Any = scorer.base_model
    return backbone, head.weight


def linear_head(config: Any, dtype: torch.dtype, weight: torch.Tensor | None = None) -> nn.Linear:
    """From a hidden state of a model to one number.

    Args:
        config: the model's.
        weight: [1, hidden]; zeros if None, so that training starts from no opinion.
    """
    hidden = config.get_text_config().hidden_size
    head = nn.Linear(hidden, 1, bias=False, dtype=dtype)
    with torch.no_grad():
        head.weight.copy_(torch.zeros(1, hidden) if weight is None else weight)
    return head
