"""Build: the benchmark's files. ``train``, ``valid``, ``test`` and ``changed`` splits, media, and the rulebook.

Every ad comes twice, as twins of one group, under two excerpts. These call for different verdicts, so that the ad
alone never tells its verdict; in ``changed``, they differ in one rule. The same seed gives the same bytes.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from data.billboard.ads import MECHANISMS, Ad, AdMaker
from data.billboard.catalogue import Pool, catalogue, rulebook
from data.billboard.changed import DEMO_CHANGES, FULL_CHANGES, NEVER_FLIP, RuleChanger
from data.billboard.config import MOVING, SPLITS, BillboardConfig
from data.billboard.draw import picture_of
from data.billboard.edits import edits_for
from data.billboard.excerpts import ExcerptChooser
from data.billboard.judge import judge
from data.billboard.mended import PICTURE, picture_facts
from data.billboard.motion.split import MotionSplitMaker
from data.billboard.teacher import Teacher
from data.billboard.variants import Variant
from data.case import Case
from data.files import whole_file
from data.reading.loading import save_cases
from data.ruling import VERDICTS, Verdict

SIZES: dict[str, tuple[int, ...]] = {"demo": (2, 3, 4), "full": (4, 6, 8)}
MORE_OF: dict[str, tuple[str, ...]] = {
    "demo": ("exception", "number", "number", "number"),
    "full": ("exception", "number"),
}
"""Mechanisms that come more often: exceptions and thresholds are what rules are changed by, and the hardest to read.
A model that learns to read as it goes compares numbers last of all."""
TWO_AT_ONCE = ("several",) * 3
"""The same, of training ads alone, which also come under the rules that they break more often. A small model that
hardly ever sees two rules broken at once learns to find both and to cite one, and a gate closes on that."""
UNDECIDABLE = 0.3
"""Share of ads that some excerpt leaves undecidable: a third of them is escalated, a tenth of all cases."""


def build(config: BillboardConfig, out: str | Path, progress: Callable[[int], None] | None = None) -> Path:
    """Writes ``train.jsonl``, ``valid.jsonl``, ``test.jsonl``, ``changed.jsonl``, ``rulebook.yaml`` and ``media/``.

    Args:
        config: what to build.
        out: the folder to write to.
        progress: told how many of all cases are done.
    """
    out = Path(out)
    (out / "media").mkdir(parents=True, exist_ok=True)
    rulebook().dump(out / "rulebook.yaml")
    maker = MotionSplitMaker if config.level in MOVING else SplitMaker
    done = 0
    for split in SPLITS:
        cases = []
        for case in maker(config, split, out).cases():
            cases.append(case)
            done += 1
            if progress:
                progress(done)
        save_cases(cases, out / f"{split}.jsonl")
    return out


class SplitMaker:
    """Makes the cases of one split, and draws their pictures."""

    def __init__(self, config: BillboardConfig, split: str, out: Path):
        self.config, self.split, self.out = config, split, out
        self.rng = random.Random(f"billboard {config.seed} {config.level} {split}")
        self.pool: Pool = "test" if split == "changed" else split  # type: ignore[assignment]
        rules = catalogue().rules_of(config.level)
        unseen = catalogue().unseen if config.level == "full" else ()
        seen = tuple(rule for rule in rules if rule not in unseen)
        around = rules if split == "changed" else seen
        self.maker = AdMaker(self.pool, around, self.rng)
        own = 0.9 if split == "train" else 0.5
        self.chooser = ExcerptChooser(seen, SIZES[config.level], self.rng, own)
        self.changer = RuleChanger(self.chooser, unseen)
        noise = config.teacher_noise if split == "train" else 0.0
        self.teacher = Teacher(SIZES[config.level], noise, self.rng) if noise else None
        self.turn = 0
        self.wanted = config.sizes[split]

    def cases(self) -> Iterator[Case]:
        """The split's cases, two to an ad."""
        made = index = 0
        while made < self.wanted:
            ad = self.maker.make(f"{self.split}-{index:05d}", self._mechanism())
            pair = self._twins(ad, made // 2) if self.split == "changed" else self._two_verdicts(ad)
            index += 1
            if pair is None:
                continue
            self._draw(ad)
            for letter, other, (excerpt, meta) in zip("ab", "ba", pair, strict=True):
                yield self._case(ad, letter, other, excerpt, meta)
            made += 2

    def _mechanism(self) -> str:
        """The mechanisms in turn, the undecidable ones at their share."""
        if self.rng.random() < UNDECIDABLE:
            return "obscured"
        others = [m for m in MECHANISMS if m != "obscured"] + [*MORE_OF[self.config.level]]
        others += TWO_AT_ONCE if self.split == "train" else ()
        self.turn += 1
        return others[self.turn % len(others)]

    def _two_verdicts(self, ad: Ad) -> list[tuple[list[Variant], dict[str, object]]] | None:
        """Two excerpts of one ad with different verdicts, each verdict as likely as the other."""
        possible: list[Verdict] = list(VERDICTS) if ad.undecidable else ["approve", "reject"]
        size = self.chooser.size()
        pair: list[tuple[list[Variant], dict[str, object]]] = []
        for wanted in self.rng.sample(possible, 2):
            excerpt = self.chooser.choose(ad, wanted, size)
            if excerpt is None:
                return None
            pair.append((excerpt, {}))
        return pair

    def _twins(self, ad: Ad, number: int) -> list[tuple[list[Variant], dict[str, object]]] | None:
        """Two excerpts that differ in one rule; every other pair flips the verdict."""
        changes = FULL_CHANGES if self.config.level == "full" else DEMO_CHANGES
        flips = number % 2 == 0
        usable = [change for change in changes if not (flips and change in NEVER_FLIP)]
        change = usable[(number // 2) % len(usable)]
        possible: list[Verdict] = list(VERDICTS) if ad.undecidable else ["approve", "reject"]
        before = self.chooser.choose(ad, self.rng.choice(possible), self.chooser.size())
        after = self.changer.change(ad, before, change, flips) if before else None
        if before is None or after is None:
            return None
        return [(before, {"change": change}), (after, {"change": change})]

    def _case(self, ad: Ad, letter: str, other: str, excerpt: list[Variant], meta: dict[str, object]) -> Case:
        gold = judge(ad, excerpt, advice=self.config.level == "full")
        if self.config.edits:
            gold = gold.model_copy(update={"edits": edits_for(ad, excerpt)})
            meta = {**meta, PICTURE: picture_facts(ad)}
        rules = [variant.ref for variant in excerpt]
        shown = rulebook().excerpt(rules)
        layout = ad.layout
        where = {"x": layout.x, "y": layout.y, "headline_on_top": layout.headline_on_top}
        where |= {"badge_left": layout.badge_left, "palette": layout.palette}
        return Case(
            id=f"{ad.id}-{letter}",
            group=ad.id,
            twin=f"{ad.id}-{other}",
            lang="en",
            text={"title": ad.title, "body": ad.body},
            images=[self._picture(ad)],
            meta={"mechanism": ad.mechanism, "layout": where, **meta},
            rules=rules,
            gold=gold,
            teacher=self.teacher.rule_on(gold, shown, ad.body) if self.teacher else None,
        )

    def _picture(self, ad: Ad) -> str:
        return f"media/{ad.id}.png"

    def _draw(self, ad: Ad) -> None:
        # To wait for the disk at each picture takes longer than to draw it; the same seed draws a lost one again.
        with whole_file(self.out / self._picture(ad), flushed=False) as picture:
            picture_of(ad).save(picture, "PNG", compress_level=1)
