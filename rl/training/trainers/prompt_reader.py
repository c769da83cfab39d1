"""PromptReader: rows as the prompts that a model reads, each through the processor once."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from trl.data_utils import prepare_multimodal_messages

from prompts.processor import Processor, reads_media
from rl.generation.pictures_once import PicturesOnce
from rl.shared_prefix.prompt import Prompt

KEPT = 1 << 28
"""Bytes of prompts that are kept for when a case is drawn again."""


class PromptReader:
    """Reads rows as TRL does (trl 1.16), but once for each case, and each distinct picture once; what was read last
    is kept.

    Args:
        template: a chat template to take instead of the processor's own, if there is one.
        variables: for the chat template.
    """

    def __init__(self, processor: Processor, template: str | None, variables: Mapping[str, Any]):
        self.processor, self.template, self.variables = processor, template, variables
        self._pictures = PicturesOnce(processor)
        self._kept: OrderedDict[str, Prompt] = OrderedDict()

    def read(self, rows: Sequence[Mapping[str, Any]]) -> list[Prompt]:
        """The prompt of each row: one object for the rows of one case.

        Args:
            rows: with the columns ``case``, ``prompt`` and, where there are pictures, ``images``.
        """
        prompts: list[Prompt] = []
        for row in rows:
            if row["case"] not in self._kept:
                self._kept[row["case"]] = self._processed(row)
            self._kept.move_to_end(row["case"])
            prompts.append(self._kept[row["case"]])
        size = sum(prompt.bytes for prompt in self._kept.values())
        while size > KEPT and self._kept:
            _, oldest = self._kept.popitem(last=False)
            size -= oldest.bytes
        return prompts

    def _processed(self, row: Mapping[str, Any]) -> Prompt:
        messages = row["prompt"]
        if reads_media(self.processor):
            messages = prepare_multimodal_messages(messages, images=row.get("images") or [])
        processor: Any = self.processor
        with self._pictures.at_work():
            return Prompt.of(
                processor.apply_chat_template(
                    conversation=[messages],
                    chat_template=self.template,
                    add_generation_prompt=True,
                    tokenize=True,
                    return_dict=True,
                    return_tensors="pt",
                    **self.variables,
                )
            )
