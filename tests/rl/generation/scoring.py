"""A server that says how likely the tokens of what it reads are, as vLLM's OpenAI API has it; by a tiny model."""

import base64
import io
import threading
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from prompts.processor import reads_media, tokenizer_of
from rl.config.model import ModelConfig
from rl.models.load import load_model, load_processor

from .zoo import Handler, Zoo


class ScoringServer(Zoo):
    """Scores what it reads by a model.

    Args:
        folder: of the model.
        tokenizer: where to take another tokenizer from.
    """

    def __init__(self, folder: Path, tokenizer: Path | None = None):
        super().__init__(self.score, everywhere=True)
        self.model: Any = load_model(ModelConfig(path=str(folder)), trainable=False).eval()
        self.processor: Any = load_processor(tokenizer or folder)
        self._one_at_a_time = threading.Lock()

    def score(self, handler: Handler, body: dict[str, Any]) -> None:
        chat = handler.path.endswith("/chat/completions")
        with self._one_at_a_time, torch.no_grad():
            inputs = self._chat(body) if chat else self._text(body)
            ids = inputs["input_ids"][0].tolist()
            likely = self.model(**inputs).logits[0].float().log_softmax(dim=-1)
        said: list[Any] = [None]
        for log_probs, token in zip(likely[:-1], ids[1:], strict=True):
            known = {*log_probs.topk(body["prompt_logprobs"]).indices.tolist(), token}
            said.append({str(one): {"logprob": log_probs[one].item(), "rank": 1} for one in sorted(known)})
        read = {"prompt_logprobs": said, "prompt_token_ids": ids}
        choice = {"index": 0, "finish_reason": "length"}
        choice |= {"message": {"role": "assistant", "content": "a"}} if chat else {"text": "a", **read}
        handler.say({"choices": [choice], "model": body["model"], **(read if chat else {})})

    def _text(self, body: dict[str, Any]) -> dict[str, torch.Tensor]:
        ids = body["prompt"]
        if isinstance(ids, str):
            add = body.get("add_special_tokens", True)
            ids = tokenizer_of(self.processor)(ids, add_special_tokens=add)["input_ids"]
        return {"input_ids": torch.tensor([ids])}

    def _chat(self, body: dict[str, Any]) -> Any:
        assert reads_media(self.processor) and not body["add_generation_prompt"]
        messages = [{**message, "content": _parts(message["content"])} for message in body["messages"]]
        return self.processor.apply_chat_template(
            conversation=[messages],
            add_generation_prompt=False,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )


def _parts(content: Any) -> list[dict[str, Any]]:
    """As a processor takes them."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [part if part["type"] == "text" else {"type": "image", "image": _opened(part)} for part in content]


def _opened(part: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(part["image_url"]["url"].partition(",")[2])))
