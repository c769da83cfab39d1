"""Gold follows from what was recorded: worked out anew from decoded pictures, decoded sound and the page's file."""

from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data import Case, Interval, Quote
from data.billboard.catalogue import catalogue
from data.billboard.layouts import PALETTES
from data.billboard.motion.clip import Clip, Look, Scene
from data.billboard.motion.picture import picture
from data.billboard.motion.script import kind_of, script
from data.media.audio.track import RATE, read_track
from data.media.video.choice import FrameChoice
from data.media.video.frames import read_frames


def sample(image: Image.Image) -> np.ndarray:
    """Every third pixel of every third row, which is enough to tell objects apart."""
    return np.asarray(image, dtype=np.int16)[::3, ::3]


@cache
def sheet() -> tuple[list[str], np.ndarray]:
    """Every object in the middle of its scene, in every look; which each is, and the pictures."""
    names, pictures = [], []
    for name in catalogue().objects:
        for look in (Look(x, y, p) for x in (0.05, 0.15, 0.25) for y in (0.05, 0.12) for p in range(len(PALETTES))):
            clip = Clip(0, "", "tea", "", False, look, 1.0, (Scene(name),))
            names.append(name)
            pictures.append(sample(picture(clip, 0.5)))
    return names, np.stack(pictures)


def object_in(image: Image.Image) -> str:
    names, pictures = sheet()
    return names[int(np.abs(pictures - sample(image)).mean((1, 2, 3)).argmin())]


def sound_in(samples: np.ndarray) -> str:
    """Which effect: tones or noise, steady or in strokes."""
    pieces = samples[: len(samples) // 800 * 800].astype(float).reshape(-1, 800)
    loud = np.sqrt((pieces**2).mean(1))
    if loud.max() < 500:
        return ""
    power = np.abs(np.fft.rfft(samples)) ** 2
    tonal = np.sort(power)[-len(power) // 8 :].sum() / power.sum() > 0.9
    if tonal:
        return "bell" if loud[-1] < 0.5 * loud[1] else "siren"
    return "shots" if loud.max() > 3 * loud.min() else "applause"


def runs(names: list[str], wanted: str, seconds: float) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for place, name in enumerate(names):
        if name == wanted:
            start = found.pop()[0] if found and found[-1][1] == place * seconds else place * seconds
            found.append((start, (place + 1) * seconds))
    return found


def scenes_of(case: Case) -> tuple[list[str], list[str], float]:
    """The objects and the sounds, scene by scene, and how long a scene is."""
    return scenes_in(case.path(case.video or ""), case.meta["seconds"])


@cache
def scenes_in(path: Path, length: float) -> tuple[list[str], list[str], float]:
    seconds = length / 4
    frames = read_frames(path, FrameChoice(frames=4))
    assert [frame.time for frame in frames] == [seconds * (place + 0.5) for place in range(4)]
    samples = read_track(path)
    assert samples is not None and len(samples) / RATE == pytest.approx(length, abs=0.15)
    count = round(seconds * RATE)
    parts = [samples[place * count + 2400 : (place + 1) * count - 2400] for place in range(4)]
    return [object_in(frame.image) for frame in frames], [sound_in(part) for part in parts], seconds


def test_intervals_are_those_of_the_decoded_clip(clips: list[Case]):
    effects = script().sounds
    checked: defaultdict[str, int] = defaultdict(int)
    for case in clips:
        seen, heard, seconds = scenes_of(case)
        broken = {violation.rule: violation for violation in (case.gold.violations if case.gold else None) or []}
        for rule in case.rules or ():
            assert isinstance(rule, str)
            shown = catalogue().rules[rule].object if rule in catalogue().rules else None
            if shown is None and rule not in effects:
                continue
            wanted = runs(seen, shown, seconds) if shown else runs(heard, effects[rule], seconds)
            evidence = (broken[rule].evidence or []) if rule in broken else []
            assert [item.interval for item in evidence if isinstance(item, Interval)] == wanted, (case.id, rule)
            checked[rule] += bool(wanted)
    assert all(checked[rule] for rule in (*script().mechanisms["flash"], *effects))


def test_words_to_kids_count_while_the_object_is_seen(clips: list[Case]):
    found = set()
    for case in clips:
        if case.meta["mechanism"] != "during":
            continue
        seen, _, seconds = scenes_of(case)
        to_kids = [line for line in case.transcript if line.text.strip(".") in catalogue().rules["KIDS-1"].claims]
        with_ = {seen[int(line.start / seconds)] for line in to_kids}
        broken = {violation.rule for violation in (case.gold.violations if case.gold else None) or []}
        for rule, shown in script().to_kids_with.items():
            if rule in (case.rules or ()):
                assert (rule in broken) == (shown in with_)
                found.add((rule, rule in broken))
    assert len(found) == 4


def test_the_page_says_what_gold_says_of_it(shown: list[Case]):
    broken_once = set()
    for case in shown:
        assert case.page is not None and case.gold and case.gold.violations is not None
        heading, price, last = case.page.sections
        sold = heading.title.split(maxsplit=1)[1]
        product = case.text["title"].split(maxsplit=1)[1]
        free = any(claim in case.text["body"].lower() for claim in catalogue().rules["FREE-1"].claims)
        facts = {
            "PRODUCT-1": kind_of(sold) != kind_of(product),
            "PROMISE-1": free and "every month" in price.text,
            "TERMS-1": last.title != "Terms",
        }
        broken = {violation.rule: violation for violation in case.gold.violations}
        for rule in facts.keys() & set(case.rules or ()):
            assert (rule in broken) == facts[rule]
        for rule in broken.keys() & facts.keys():
            broken_once.add(rule)
            quotes = [item for item in broken[rule].evidence or [] if isinstance(item, Quote)]
            assert all(item.section is not None and case.find(item) for item in quotes)
            assert len(quotes) == 1
    assert len(broken_once) == 3
