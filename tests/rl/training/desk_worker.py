"""`killable.py` with a policy that has learned nothing and looks things up all the same: what it says of its own is
drawn from what it has read, turn by turn, so that any number of processes, and a run that goes on, write the same.

    python desk_worker.py RECIPE.json {grpo,ppo} [the options of killable.py]
"""

import random
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from rl.training.trainers.policy import PolicyTrainer
from tests.rl.training import killable

CALLS = (
    '<think>a</think><tool_call>{"name": "zoom", "arguments": {"image": 0, "box": [0, 0, 0.5, 0.5]}}</tool_call>',
    '<think>b</think><tool_call>{"name": "read", "arguments": {"field": "title"}}</tool_call>',
)


def main() -> None:
    generate = PolicyTrainer._generate_single_turn

    def asks(self: PolicyTrainer, prompts: list[list[int]], *arguments: Any, **options: Any) -> Any:
        written, logprobs = generate(self, prompts, *arguments, **options)
        first = self.accelerator.process_index * len(written)
        said = []
        for place, (prompt, ids) in enumerate(zip(prompts, written, strict=True)):
            draw = random.Random(f"{prompt} {(first + place) % self.group_size if len(prompts) > 8 else 0} {ids}")
            text = f"{draw.choice(CALLS)}<|im_end|>"
            if draw.random() < 0.5:
                said.append(self._tokenizer(text, add_special_tokens=False)["input_ids"])
            else:
                said.append([*ids[:-1], self._tokenizer.eos_token_id])
        return said, logprobs

    PolicyTrainer._generate_single_turn = asks  # type: ignore[method-assign]
    killable.main()


if __name__ == "__main__":
    main()
