"""Refill: groups whose completions all earn the same give way to groups on other cases, before anything is learned.

Round by round, every process draws as many groups as the one that lacks most, on cases that this generation has not
had, and puts those that differ in the place of its flat ones. Which cases are drawn depends on the seed, the step and
the round alone, and when to stop on what all processes have: none waits for another, and a resumed run draws the same.
"""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from accelerate.utils import gather, gather_object

from rl.training.trainers.draw import Draw, joined


@dataclass(frozen=True)
class Refilled:
    """What has come of it in this process."""

    draw: Draw
    """As large as it was, the groups in their old places."""
    left_out: list[Draw]
    """Groups that were written and are not learned from."""
    rounds: list[int]
    """Of each completion of the draw, the round that it comes from."""


class Refill:
    """Draws for one run.

    Args:
        rounds: how often to draw anew for what is flat, at most.
        names: the cases of the training data, in their order.
        processes: how many there are.
        process: which of them this is.
    """

    def __init__(self, rounds: int, names: Sequence[str], seed: int, processes: int = 1, process: int = 0):
        self.rounds, self._names, self._seed = rounds, names, seed
        self._processes, self._process = processes, process
        self._generation = (-1, 0)
        """The step of the last generation, and how many there have been in that step."""

    def fill(
        self,
        first: Draw,
        size: int,
        step: int,
        write: Callable[[Sequence[int]], Draw],
        device: torch.device,
        spared: Collection[str] = (),
    ) -> Refilled:
        """A draw without flat groups, as far as the rounds allow.

        Args:
            size: of a group.
            step: optimiser steps that were done before.
            write: draws a group for each of some places in the data, and scores it.
            device: to gather from all processes on.
            spared: cases not to draw.
        """
        before, count = self._generation
        self._generation = (step, count + 1 if step == before else 0)
        groups, left_out = first.groups(size), []
        seen = {*spared, *gather_object([row["case"] for row in first.rows])}
        for number in range(1, self.rounds + 1):
            flat = [place for place, group in enumerate(groups) if is_flat(group.totals)]
            lacking = int(gather(torch.tensor([len(flat)], device=device)).max())
            places = self._others(lacking, seen, number)
            if not places:
                break
            drawn = replace(write(places), round=number).groups(size)
            differ = [group for group in drawn if not is_flat(group.totals)]
            left_out += [group for group in drawn if is_flat(group.totals)] + differ[len(flat) :]
            for place, group in zip(flat, differ, strict=False):
                left_out.append(groups[place])
                groups[place] = group
        rounds = [group.round for group in groups for _ in range(size)]
        return Refilled(joined(groups) if left_out else first, left_out, rounds)

    def _others(self, lacking: int, seen: set[str], number: int) -> list[int]:
        """This process's places of cases that are not in ``seen``; adds all processes' to it."""
        left = [place for place, name in enumerate(self._names) if name not in seen] if lacking else []
        each = min(lacking, len(left) // self._processes)
        key: Any = f"{self._seed} {self._generation} {number}"
        chosen = random.Random(key).sample(left, each * self._processes)
        seen.update(self._names[place] for place in chosen)
        return chosen[self._process * each : (self._process + 1) * each]


def is_flat(totals: torch.Tensor) -> bool:
    """Whether a group's completions have nothing to teach: all that could be scored earn the same."""
    scored = totals[~totals.isnan()]
    return not len(scored) or bool(scored.max() <= scored.min())
