"""Splits of clips: cases with a video, a transcript and a page, and the files beside them, for `ruling data prepare`.

A square gives four cases, each clip with its twin under another excerpt. In ``changed``, twins' excerpts differ in one
rule: of every other square both pairs flip the verdict, of the rest both hold it.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from data.billboard.catalogue import Pool, rulebook
from data.billboard.config import BillboardConfig
from data.billboard.motion.clip import Clip
from data.billboard.motion.hasty import HastyTeacher
from data.billboard.motion.hearing import transcript
from data.billboard.motion.judge import judge
from data.billboard.motion.recording import record
from data.billboard.motion.script import script
from data.billboard.motion.square import Square, SquareMaker
from data.case import Case
from data.files import whole_file
from data.page import Page

SIZES = (2, 3)
"""How many rules an excerpt has."""


class MotionSplitMaker:
    """Makes the cases of one split, and records their clips."""

    def __init__(self, config: BillboardConfig, split: str, out: Path):
        self.split, self.out, self.wanted = split, out, config.sizes[split]
        self.rng = random.Random(f"billboard {config.seed} {config.level} {split}")
        pool: Pool = "test" if split == "changed" else split  # type: ignore[assignment]
        self.mechanisms = script().levels[config.level]
        self.maker = SquareMaker(pool, config.level, self.rng)
        noise = config.teacher_noise if split == "train" else 0.0
        self.teacher = HastyTeacher(SIZES, noise, self.rng) if noise else None

    def cases(self) -> Iterator[Case]:
        """The split's cases, four to a square; as many of the last square as are wanted."""
        for index in range(-(-self.wanted // 4)):
            square = self.maker.make(self.mechanisms[index % len(self.mechanisms)])
            id_, left = f"{self.split}-{index:05d}", self.wanted - 4 * index
            names = [f"media/{id_}-{number}" for number in range(len(square.clips))]
            for clip, name in zip(square.clips, names, strict=True):
                self._write(clip, name)
            letters = "abcd"[:left]
            for letter, other, case in zip(letters, "badc", self._four(square, id_, names, index), strict=False):
                twin = f"{id_}-{other}" if other in letters else None
                yield case.model_copy(update={"id": f"{id_}-{letter}", "twin": twin})

    def _four(self, square: Square, id_: str, names: Sequence[str], index: int) -> Iterator[Case]:
        excerpts = self._excerpts(square)
        for number, (clip, name) in enumerate(zip(square.clips, names, strict=True)):
            pair: Sequence[tuple[Sequence[str], str | None]] = [(excerpt, None) for excerpt in excerpts]
            if self.split == "changed":
                # One square flips and the next does not, and of one mechanism one time and not the next.
                pair = self._twins(square, excerpts, number, flips=sum(divmod(index, len(self.mechanisms))) % 2 == 0)
            for excerpt, change in pair:
                yield self._case(square, clip, name, excerpt, change).model_copy(update={"group": id_})

    def _excerpts(self, square: Square) -> list[list[str]]:
        """Two excerpts that are alike but for the rule that the first or the second clip breaks."""
        fillers = self.rng.sample(square.fillers, self.rng.choice(SIZES) - 1)
        place = self.rng.randrange(len(fillers) + 1)
        return [[*fillers[:place], rule, *fillers[place:]] for rule in square.rules]

    def _twins(
        self, square: Square, excerpts: Sequence[list[str]], number: int, flips: bool
    ) -> list[tuple[Sequence[str], str]]:
        """A rule gives way to another: the one that the clip breaks, or one that it does not."""
        before = excerpts[number]
        after = excerpts[1 - number]
        change = "left_out"
        if not flips:
            idle = [at for at, rule in enumerate(before) if rule not in square.rules]
            others = [rule for rule in square.fillers if rule not in before]
            at, other = self.rng.choice(idle), self.rng.choice(others)
            after = [other if place == at else rule for place, rule in enumerate(before)]
            change = "replaced"
        elif self.rng.random() < 0.5:
            before, after, change = after, before, "added"
        return [(before, change), (after, change)]

    def _case(self, square: Square, clip: Clip, name: str, excerpt: Sequence[str], change: str | None) -> Case:
        gold = judge(clip, excerpt)
        shown = rulebook().excerpt(list(excerpt))
        return Case(
            id="unnamed",
            lang="en",
            text={"title": clip.title, "body": clip.body},
            video=f"{name}.mp4",
            transcript=transcript(clip),
            page=Page(path=f"{name}.html") if clip.landing is not None else None,
            meta={"mechanism": square.mechanism, "seconds": clip.length} | ({"change": change} if change else {}),
            rules=list(excerpt),
            gold=gold,
            teacher=self.teacher.rule_on(gold, shown, clip.body) if self.teacher else None,
        )

    def _write(self, clip: Clip, name: str) -> None:
        record(clip, self.out / f"{name}.mp4")
        if clip.landing is not None:
            with whole_file(self.out / f"{name}.html", flushed=False) as draft:
                draft.write_text(clip.landing.html(clip.name), encoding="utf-8")
