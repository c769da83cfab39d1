"""Keys and values of prompts, and of what is being written on them: each prompt's stand once, however many rows read
them, and so do those of a stem.

A row attends to the stem, to its prompt and to its own; all scores meet in one softmax (cascade attention). Nothing is
concatenated and no prompt is copied: new keys are written where there is room for them, rows that have ended are left
out.
"""

from collections.abc import Mapping
from typing import Any

import torch
from transformers import Cache

from rl.shared_prefix.layout import Layout

ROOM = 64
"""Tokens that there is room for at first; doubled whenever it is full."""
States = Mapping[int, tuple[torch.Tensor, torch.Tensor]]
"""Keys and values by layer."""


class PrefillCache(Cache):
    """Holds what a packed row has computed of its prompts, layer by layer."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.states: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> Any:
        self.states[layer_idx] = (key_states, value_states)
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0, *args: Any) -> int:
        return 0


class Level:
    """n texts, and B rows that each read one of them.

    Args:
        states: (n, K, P, D) by layer, padded behind.
        lengths: (n,)
        start: the place of the first token, in all of them or, (n,), in each.
        text_of: (B,) which text each row reads, those on one side by side.
    """

    def __init__(self, states: States, lengths: torch.Tensor, start: int | torch.Tensor, text_of: torch.Tensor):
        self.states, self.lengths = states, lengths
        self.start = torch.as_tensor(start, device=lengths.device).expand(len(lengths))
        self._place(text_of)

    def _place(self, text_of: torch.Tensor) -> None:
        self.text_of = text_of
        counts = torch.bincount(text_of, minlength=len(self.lengths))
        first = counts.cumsum(0) - counts
        self._slot = torch.arange(len(text_of), device=text_of.device) - first[text_of]
        """(B,) which of its text's rows each is."""
        self._slots = int(counts.max())
        self._even = bool((counts == self._slots).all())
        padded = torch.arange(int(self.lengths.max()), device=text_of.device) >= self.lengths[:, None]
        self._padding = padded[text_of][:, None, None] if padded.any() else None

    def keep(self, rows: torch.Tensor) -> None:
        """Leaves out all rows but some, and the texts that have none left."""
        texts, text_of = self.text_of[rows].unique(return_inverse=True)
        if len(texts) < len(self.lengths):
            self.lengths, self.start = self.lengths[texts], self.start[texts]
            longest = int(self.lengths.max())
            self.states = {
                layer: (keys[texts, :, :longest], values[texts, :, :longest])
                for layer, (keys, values) in self.states.items()
            }
        self._place(text_of)

    @property
    def ends(self) -> torch.Tensor:
        """(B,) the place behind the text that each row reads."""
        return (self.start + self.lengths)[self.text_of]

    def scores(self, layer: int, queries: torch.Tensor, first: torch.Tensor | None) -> torch.Tensor:
        """(B, K, r, D) queries → (B, K, r, P) scores of the tokens, −∞ where a row does not see one.

        Args:
            first: (B,) the first place that each row sees; all if None.
        """
        seen = self._by_row(self._by_text(queries) @ self.states[layer][0].transpose(2, 3))
        if self._padding is not None:
            seen = seen.masked_fill(self._padding, -torch.inf)
        if first is not None:
            places = self.start[self.text_of][:, None] + torch.arange(seen.shape[-1], device=seen.device)
            seen = seen.masked_fill((places < first[:, None])[:, None, None], -torch.inf)
        return seen

    def read(self, layer: int, weights: torch.Tensor) -> torch.Tensor:
        """(B, K, r, P) weights of the tokens → (B, K, r, D)."""
        return self._by_row(self._by_text(weights) @ self.states[layer][1])

    def _by_text(self, of_rows: torch.Tensor) -> torch.Tensor:
        """(B, K, r, x) → (n, K, S·r, x), S being the most rows that a text has."""
        _, shared, repeat, size = of_rows.shape
        if not self._even:
            placed = of_rows.new_zeros(len(self.lengths), self._slots, shared, repeat, size)
            placed[self.text_of, self._slot] = of_rows
        else:
            placed = of_rows.view(len(self.lengths), self._slots, shared, repeat, size)
        return placed.transpose(1, 2).reshape(len(self.lengths), shared, self._slots * repeat, size)

    def _by_row(self, of_texts: torch.Tensor) -> torch.Tensor:
        """The way back."""
        count, shared, rows, size = of_texts.shape
        placed = of_texts.view(count, shared, self._slots, rows // self._slots, size).transpose(1, 2)
        return placed.flatten(0, 1) if self._even else placed[self.text_of, self._slot]


class BranchCache(Cache):
    """n prompts, and B rows that are being written on them; `attend` is what a prepared model attends by.

    Args:
        filled: after the forward pass over a layout in which each prompt has one branch of one token, its last; or
            each row a branch of its own, which is what it has written so far.
        layout: that layout.
        prompt_of: (B,) which prompt each row is on, those on one side by side.
        begun: whether rows have branches of their own.
    """

    def __init__(self, filled: PrefillCache, layout: Layout, prompt_of: torch.Tensor, begun: bool = False):
        super().__init__(layers=[])
        self._levels = _begun(filled, layout) if begun else [_whole_prompts(filled, layout, prompt_of)]
        if layout.stem is not None:
            of_stem = {layer: (keys[None], values[None]) for layer, (keys, values) in layout.stem.states.items()}
            length = torch.full_like(layout.prefix_lengths[:1], layout.begin)
            self._levels.insert(0, Level(of_stem, length, 0, torch.zeros_like(prompt_of)))
        self._own: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        """(B, K, room, D) keys and values of each layer."""
        self.written = 0
        """Tokens that every row has written."""

    def keep(self, rows: torch.Tensor) -> None:
        """Leaves out all rows but some, and the prompts that have none left.

        Args:
            rows: places of those that stay, in their order.
        """
        self._own = {layer: (keys[rows], values[rows]) for layer, (keys, values) in self._own.items()}
        for level in self._levels:
            level.keep(rows)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> Any:
        room = self._own[layer_idx][0].shape[2] if layer_idx in self._own else 0
        if self.written == room:
            more = key_states.new_empty(*key_states.shape[:2], max(room, ROOM), key_states.shape[3])
            own = self._own.get(layer_idx, (more[:, :, :0], more[:, :, :0]))
            self._own[layer_idx] = (torch.cat([own[0], more], dim=2), torch.cat([own[1], more], dim=2))
        keys, values = self._own[layer_idx]
        keys[:, :, self.written], values[:, :, self.written] = key_states[:, :, 0], value_states[:, :, 0]
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0, *args: Any) -> int:
        return int(self._levels[-1].ends.max()) + self.written

    def attend(
        self,
        module: torch.nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        scaling: float | None,
        window: int | None,
    ) -> torch.Tensor:
        """(B, H, 1, D) queries of the token that is read → (B, 1, H, D)."""
        layer: Any = module.layer_idx
        own_keys, own_values = (states[:, :, : self.written + 1] for states in self._own[layer])
        rows, shared = len(query), key.shape[1]
        queries = query.view(rows, shared, -1, query.shape[-1]) * (scaling or query.shape[-1] ** -0.5)
        first = None
        if window is not None:
            first = self._levels[-1].ends + self.written - window + 1
        scores = [level.scores(layer, queries, first) for level in self._levels]
        scores.append(queries @ own_keys.transpose(2, 3))
        if window is not None:
            scores[-1][..., : max(0, self.written + 1 - window)] = -torch.inf
        weights = torch.cat(scores, dim=-1).softmax(dim=-1, dtype=torch.float32).to(query.dtype)
        *of_levels, of_own = weights.split([part.shape[-1] for part in scores], dim=-1)
        found = of_own @ own_values
        for level, of_level in zip(self._levels, of_levels, strict=True):
            found = found + level.read(layer, of_level)
        return found.reshape(rows, 1, -1, query.shape[-1])


def _whole_prompts(filled: PrefillCache, layout: Layout, prompt_of: torch.Tensor) -> Level:
    """Prompts with their last token, which stands in a branch."""
    lengths = layout.prefix_lengths + 1
    places = torch.arange(int(lengths.max()), device=lengths.device).expand(len(lengths), -1)
    last = layout.branch[:, :1]
    padded = torch.cat([layout.prefix, last], dim=1)[:, : places.shape[1]]
    where = torch.where(places == lengths[:, None] - 1, last, padded)
    return Level(_at(filled, where), lengths, layout.begin, prompt_of)


def _begun(filled: PrefillCache, layout: Layout) -> list[Level]:
    """Prompts without their last token, and the row's own behind them."""
    ends, rows = layout.begin + layout.prefix_lengths[layout.prompt_of], torch.arange(len(layout.prompt_of))
    return [
        Level(_at(filled, layout.prefix), layout.prefix_lengths, layout.begin, layout.prompt_of),
        Level(_at(filled, layout.branch), layout.branch_lengths, ends, rows.to(ends.device)),
    ]


def _at(filled: PrefillCache, places: torch.Tensor) -> States:
    """What was computed of tokens at places (n, P) of the row: (n, K, P, D) by layer."""
    return {
        layer: (keys[0][:, places].transpose(0, 1), values[0][:, places].transpose(0, 1))
        for layer, (keys, values) in filled.states.items()
    }
