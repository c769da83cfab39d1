"""Rows that carry what the processor made of their own prompts say what each prompt says alone."""

import pytest
import torch

from rl.shared_prefix.prompt import Prompt, media_of
from rl.training.trainers.shared_prefix import row_inputs
from tests.rl.shared_prefix.families import FAMILIES


def alone(model: torch.nn.Module, prompt: Prompt, completion: torch.Tensor) -> torch.Tensor:
    """(T, vocabulary): what comes next at each token of a completion, in a batch of one."""
    ids = torch.cat([prompt.ids, completion])[None]
    types = {
        name: torch.cat([value, value.new_zeros(1, len(completion))], dim=1) for name, value in prompt.types.items()
    }
    media = media_of([prompt], in_one_row=False)
    return model(input_ids=ids, attention_mask=torch.ones_like(ids), **media, **types).logits[0, -len(completion) :]


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.pictures])
def test_a_batch_of_unlike_prompts(name: str) -> None:
    """One has a picture, one has two, one has none; each is of another length, and the first comes twice."""
    family = FAMILIES[name]
    model = family.model()
    first, second, third = (family.prompt(size, pictures, seed=size) for size, pictures in ((9, 1), (14, 2), (6, 0)))
    prompts, lengths = [first, first, second, third], [5, 3, 4, 5]
    completions = [torch.randint(4, 59, (length,), generator=torch.Generator().manual_seed(n)) for n, length in
                   enumerate(lengths)]  # fmt: skip
    longest, size = max(len(prompt.ids) for prompt in prompts), max(lengths)
    ids = torch.zeros(len(prompts), longest + size, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        start = longest - len(prompt.ids)
        ids[row, start : longest + len(completion)] = torch.cat([prompt.ids, completion])
        mask[row, start : longest + len(completion)] = 1

    inputs = row_inputs(prompts, ids, mask, size)
    assert (inputs["labels"] != -100).sum(dim=1).tolist() == lengths
    labels = inputs.pop("labels")
    with torch.no_grad():
        found = model(**inputs).logits
        for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
            expected = alone(model, prompt, completion)
            told = found[row, longest : longest + len(completion)]
            torch.testing.assert_close(
                told, expected, atol=2e-4, rtol=1e-4, msg=lambda said, r=row: f"row {r}: {said}"
            )
            assert labels[row, longest : longest + len(completion)].tolist() == completion.tolist()
