"""Layout: where each token of several prompts and their completions stands in one row, and what it attends to.

    [ p₁ … pₙ₋₁ | pₙ c₁ … | pₙ c₁ … |   p'₁ … p'ₘ₋₁ | p'ₘ c'₁ … ]
      prefix       branch    branch       prefix        branch

A prompt without its last token is a *prefix*; each completion is a *branch*, which begins with a copy of that last
token of its own, since its first token is predicted there, and ends before its last token, which predicts nothing. A
branch sees its prefix and itself, in the order in which the path was written, and no other branch. The row has no
padding. Positions are not the layout's: see `rl.shared_prefix.positions`.

What all prompts begin with may have been read before, as a `Stem`; then it does not stand in the row, and all of the
row sees it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import pad

from rl.shared_prefix.prompt import Prompt

if TYPE_CHECKING:
    from rl.shared_prefix.stem import Stem


@dataclass(frozen=True, eq=False)
class Layout:
    """A packed row of L tokens: n prompts, and B completions on them of at most T tokens."""

    prefix: torch.Tensor
    """(n, P) place in the row of each prefix's tokens; 0 behind its end."""
    prefix_lengths: torch.Tensor
    """(n,)"""
    branch: torch.Tensor
    """(B, T) place in the row of the token that predicts the completion's t-th; 0 behind its end."""
    branch_lengths: torch.Tensor
    """(B,)"""
    prompt_of: torch.Tensor
    """(B,) which prompt each completion is on."""
    inverse: torch.Tensor
    """(L,) where each token of the row is found behind one another in ``prefix``, then ``branch``, flattened."""
    blocks: torch.Tensor | None = None
    """(n, P) tokens of a prefix that see each other in both directions have the same number ≥ 0; others −1."""
    branch_blocks: torch.Tensor | None = None
    """(B, T) the same of branches."""
    stem: "Stem | None" = None
    """What stands before every prefix."""

    @classmethod
    def of(
        cls,
        prompts: Sequence[Prompt],
        prompt_of: Sequence[int],
        lengths: Sequence[int],
        stem: "Stem | None" = None,
        pictured: Sequence[Prompt | None] = (),
    ) -> "Layout":
        """
        Args:
            prompts: distinct ones.
            prompt_of: which prompt each completion is on; those on one prompt need not stand side by side.
            lengths: tokens of each completion; may be 0.
            stem: what the prompts begin with, which is left out.
            pictured: of each completion, itself where there are media in it.
        """
        device, begin = prompts[0].ids.device, stem.length if stem is not None else 0
        sizes = [len(prompt.ids) - 1 - begin for prompt in prompts]
        widest = max(1, *sizes)
        longest = max(1, *lengths) if lengths else 1
        prefix = torch.zeros(len(prompts), widest, dtype=torch.long)
        branch = torch.zeros(len(prompt_of), longest, dtype=torch.long)
        inverse: list[torch.Tensor] = []
        start = 0
        for place, size in enumerate(sizes):
            prefix[place, :size] = torch.arange(start, start + size)
            inverse.append(place * widest + torch.arange(size))
            start += size
            for row in (row for row, on in enumerate(prompt_of) if on == place):
                size = lengths[row]
                branch[row, :size] = torch.arange(start, start + size)
                inverse.append(prefix.numel() + row * longest + torch.arange(size))
                start += size
        return cls(
            prefix.to(device),
            torch.tensor(sizes, device=device),
            branch.to(device),
            torch.tensor(lengths, dtype=torch.long, device=device),
            torch.tensor(prompt_of, dtype=torch.long, device=device),
            torch.cat(inverse).to(device),
            _blocks(prompts, widest, begin),
            _shifted(_blocks(pictured, longest - 1, 0)),
            stem,
        )

    @property
    def begin(self) -> int:
        """How many tokens stand before every prefix."""
        return self.stem.length if self.stem is not None else 0

    @property
    def length(self) -> int:
        """L"""
        return len(self.inverse)

    @cached_property
    def written(self) -> torch.Tensor:
        """(B, T) whether there is a t-th token."""
        return torch.arange(self.branch.shape[1], device=self.branch.device) < self.branch_lengths[:, None]

    def rows(self, packed: torch.Tensor) -> torch.Tensor:
        """What is said of the tokens of the row (1, L), as (B, T): of those that predict; 0 where there is none."""
        return packed[0][self.branch].masked_fill(~self.written, 0)

    def prefix_mask(self, window: int | None) -> torch.Tensor | None:
        """(n or 1, 1, P, S + P), true where a token of a prefix sees one of the stem, if there is one, or of itself;
        None where that is all before it, and no stem.
        """
        if window is None and self.blocks is None and self.stem is None:
            return None
        return self._cached("prefix", window, self._prefix_mask)

    def branch_mask(self, window: int | None) -> torch.Tensor:
        """(B, 1, T, S + P + T), true where a token of a branch sees one of the stem, its prefix or itself."""
        return self._cached("branch", window, self._branch_mask)

    def _cached(self, name: str, window: int | None, make: Callable[[int | None], torch.Tensor]) -> torch.Tensor:
        known: dict[tuple[str, int | None], torch.Tensor] = self.__dict__.setdefault("_masks", {})
        if (name, window) not in known:
            known[name, window] = make(window)
        return known[name, window]

    def _prefix_mask(self, window: int | None) -> torch.Tensor:
        places = torch.arange(self.prefix.shape[1], device=self.prefix.device)
        back = places[:, None] - places[None, :]
        seen = (back >= 0)[None]
        if self.blocks is not None:
            blocks = self.blocks
            seen = seen | ((blocks[:, :, None] == blocks[:, None, :]) & (blocks[:, :, None] >= 0))
        if window is not None:
            seen = seen & (back < window)
        return torch.cat([self._stem_mask(places[None], window).expand(len(seen), -1, -1), seen], dim=2)[:, None]

    def _branch_mask(self, window: int | None) -> torch.Tensor:
        size, device = self.branch.shape[1], self.branch.device
        own = torch.arange(size, device=device)
        before = torch.arange(self.prefix.shape[1], device=device)
        lengths = self.prefix_lengths[self.prompt_of]
        seen = before < lengths[:, None]
        in_prefix = seen[:, None, :].expand(-1, size, -1)
        back = own[:, None] - own[None, :]
        in_branch = (back >= 0).expand(len(lengths), size, size)
        if self.branch_blocks is not None:
            blocks = self.branch_blocks
            in_branch = in_branch | ((blocks[:, :, None] == blocks[:, None, :]) & (blocks[:, :, None] >= 0))
        if window is not None:
            place = lengths[:, None, None] + own[None, :, None]
            in_prefix = in_prefix & (place - before < window)
            in_branch = in_branch & (back < window)
        in_stem = self._stem_mask(lengths[:, None] + own, window)
        return torch.cat([in_stem, in_prefix, in_branch], dim=2)[:, None]

    def _stem_mask(self, places: torch.Tensor, window: int | None) -> torch.Tensor:
        """(m, X, S), true where tokens that stand so far behind the stem's end (m, X) see one of it."""
        back = self.begin + places[:, :, None] - torch.arange(self.begin, device=places.device)
        return back < window if window is not None else torch.ones_like(back, dtype=torch.bool)


def _blocks(pieces: Sequence[Prompt | None], widest: int, begin: int) -> torch.Tensor | None:
    """Gemma 3 says by ``token_type_ids`` which tokens are of a picture; side by side, they see each other."""
    typed = {n: piece for n, piece in enumerate(pieces) if piece is not None and "token_type_ids" in piece.media}
    if not typed:
        return None
    blocks = torch.full((len(pieces), widest), -1, device=next(iter(typed.values())).ids.device)
    for place, piece in typed.items():
        picture = piece.media["token_type_ids"].view(-1)[begin:-1][:widest] == 1
        begins = picture & ~torch.cat([picture.new_zeros(1), picture[:-1]])
        blocks[place, : len(picture)] = torch.where(picture, begins.cumsum(0) - 1, -1)
    return blocks


def _shifted(blocks: torch.Tensor | None) -> torch.Tensor | None:
    """Those of completions, as those of branches, which begin a token earlier."""
    return None if blocks is None else pad(blocks, (1, 0), value=-1)
