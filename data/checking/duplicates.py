"""Near-duplicates: cases that say nearly the same, so that they belong into one group and one split.

Texts are compared by the Jaccard overlap of their character 4-grams after normalising (NFKC, case, digits, spaces,
punctuation), found through MinHash. Images are compared by the difference of their thumbnails, found through an
average hash; and, so that a picture made darker, paler or grey is known again, by a perceptual hash: the signs of the
differences between neighbouring pixels (dHash), and the correlation of the thumbnails where most of these agree.
What is reported is near; a pair at the threshold may be missed.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

NEAR = 0.8
"""Texts are near-duplicates from this overlap on."""
SIDE = 16
"""Images are compared as thumbnails of SIDE × SIDE pixels."""
MAX_RMS = 10.0
"""Images are near-duplicates up to this root mean square difference of their thumbnails, of 255. Screenshots of one
page taken twice differ by 0 to 7, those of two pages by 13 and more."""

MAX_BITS, MIN_CORRELATION = 32, 0.99
"""Or from this correlation on, where no more than so many of the 240 bits of their dHashes differ. JPEG at quality 20,
half the size, 30 % less light or contrast, and grey for colours change up to 24 bits in 19 of 20 screenshots, and the
correlation by .001. Cut edges, or a mark across the picture, change more."""

_SHINGLE = 4
_BANDS, _PER_BAND = 20, 4
_SLICES, _SIGN_SLICES = 8, 15
_LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue are: a colour and the grey that is made of it are equally so."""
_FLAT = 4.0
"""A thumbnail whose grey values deviate by less has nothing on it to compare: noise would decide."""
_FEW = 12


def normalise(text: str) -> str:
    """The text without what near-duplicates differ in: case, width, spacing, punctuation; every number becomes 0."""
    folded = re.sub(r"\d+", "0", unicodedata.normalize("NFKC", text).casefold())
    words = re.findall(r"\w+", folded)
    return " ".join(words or folded.split())


def text_clusters(texts: Sequence[str]) -> list[int]:
    """The cluster of each text, named by the index of its first member. Empty texts stand alone."""
    keys = [normalise(text) for text in texts]
    unique = sorted(set(keys) - {""})
    cluster = dict(zip(unique, _near_texts(unique), strict=True))
    # Clusters are named by position in the sorted texts, so that their members do not hang on the order given.
    return _first_of(cluster[key] if key else (i,) for i, key in enumerate(keys))


@dataclass(frozen=True)
class Clusters:
    """The clusters of cases, each named by the index of the first case in it."""

    texts: list[int]
    """Of each case, by its text. One without stands alone."""
    pictures: list[tuple[int, ...]]
    """Of each case, those of its images."""
    contents: list[int]
    """Of each case: near in text and in every image."""


def clusters_of(texts: Sequence[str], images: Sequence[tuple[bytes, ...]]) -> Clusters:
    """What is near what.

    Args:
        texts: all of a case's text.
        images: thumbnails of a case's images, as for `image_clusters`.
    """
    flat = image_clusters([image for own in images for image in own])
    ends = list(accumulate(len(own) for own in images))
    owner = [i for i, own in enumerate(images) for _ in own]
    pictures = [tuple(flat[end - len(own) : end]) for end, own in zip(ends, images, strict=True)]
    words = text_clusters(texts)
    pairs = zip(words, map(normalise, texts), pictures, strict=True)
    # A case without words is as good as its pictures; one without either stands alone.
    keys = [(cluster if text or not picture else None, picture) for cluster, text, picture in pairs]
    return Clusters(words, [tuple(owner[at] for at in own) for own in pictures], _first_of(keys))


def image_clusters(thumbnails: Sequence[bytes]) -> list[int]:
    """The cluster of each image, named by the index of its first member.

    Args:
        thumbnails: SIDE × SIDE × 3 bytes each, RGB.
    """
    import numpy as np

    if not thumbnails:
        return []
    unique = sorted(set(thumbnails))
    pixels = np.frombuffer(b"".join(unique), dtype=np.uint8).reshape(len(unique), -1).astype(np.float32)
    grey = pixels.reshape(len(unique), SIDE * SIDE, 3) @ np.array(_LUMA, dtype=np.float32)
    # Clearly brighter than the mean: else the noise of a flat picture decides.
    bits = grey > grey.mean(axis=1, keepdims=True) + 8
    signs = np.diff(grey.reshape(-1, SIDE, SIDE), axis=2).reshape(len(unique), -1) > 0
    spread = grey.std(axis=1)
    form = (grey - grey.mean(axis=1, keepdims=True)) / np.maximum(spread, _FLAT)[:, None]
    slices = np.packbits(bits, axis=1).reshape(len(unique), _SLICES, -1)
    sign_slices = np.packbits(signs, axis=1).reshape(len(unique), _SIGN_SLICES, -1)
    buckets = [
        *_buckets(((at, row[at].tobytes()) for at in range(_SLICES)) for row in slices),
        *_buckets(((at, row[at].tobytes()) for at in range(_SIGN_SLICES)) for row in sign_slices),
    ]

    def near(i: int, j: int) -> bool:
        if float(np.sqrt(np.mean((pixels[i] - pixels[j]) ** 2))) <= MAX_RMS:
            return True
        if min(spread[i], spread[j]) < _FLAT or np.count_nonzero(signs[i] != signs[j]) > MAX_BITS:
            return False
        return float(np.mean(form[i] * form[j])) >= MIN_CORRELATION

    cluster = dict(zip(unique, _unite(len(unique), buckets, near), strict=True))
    return _first_of(cluster[thumbnail] for thumbnail in thumbnails)


def _near_texts(texts: list[str]) -> list[int]:
    import numpy as np

    if not texts:
        return []
    rng = np.random.default_rng(0)
    count = _BANDS * _PER_BAND
    scale = rng.integers(1, 2**63, (count, 1), dtype=np.uint64) | np.uint64(1)
    shift = rng.integers(0, 2**63, (count, 1), dtype=np.uint64)
    # The smallest of all hashes is the same for two texts as often as their shingles overlap. The upper halves of
    # the products are the well-mixed ones.
    signatures = np.stack([_minima(_shingles(text), scale, shift) for text in texts])
    bands = signatures.reshape(len(texts), _BANDS, _PER_BAND)
    buckets = _buckets(((band, row[band].tobytes()) for band in range(_BANDS)) for row in bands)

    def near(i: int, j: int) -> bool:
        # The signatures' agreement estimates the overlap: far below the threshold, spare the exact sum.
        if np.count_nonzero(signatures[i] == signatures[j]) < count * (NEAR - 0.2):
            return False
        a, b = _shingles(texts[i]), _shingles(texts[j])
        common = len(np.intersect1d(a, b, assume_unique=True))
        return bool(common >= NEAR * (len(a) + len(b) - common))

    return _unite(len(texts), buckets, near)


def _minima(shingles: Any, scale: Any, shift: Any) -> Any:
    import numpy as np

    least: Any = np.full(len(scale), np.iinfo(np.uint32).max, dtype=np.uint32)
    for start in range(0, len(shingles), 4096):  # in pieces: a text of 100 KB would not fit the cache
        hashes = (shingles[start : start + 4096] * scale + shift) >> np.uint64(32)
        least = np.minimum(least, hashes.min(axis=1).astype(np.uint32))
    return least


@lru_cache(maxsize=2048)
def _shingles(text: str) -> Any:
    """Hashes of the distinct character n-grams, sorted."""
    import numpy as np

    padded = f" {text} ".ljust(_SHINGLE)
    points = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    hashes: Any = np.zeros(len(points) - _SHINGLE + 1, dtype=np.uint64)
    for offset in range(_SHINGLE):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + points[offset : len(hashes) + offset]
    return np.unique(hashes ^ (hashes >> np.uint64(29)))


def _buckets(keys: Iterable[Iterable[Hashable]]) -> Iterable[list[int]]:
    """Those who share a key, by their index."""
    buckets: dict[Hashable, list[int]] = defaultdict(list)
    for i, own in enumerate(keys):
        for key in own:
            buckets[key].append(i)
    return buckets.values()


def _unite(count: int, buckets: Iterable[list[int]], near: Callable[[int, int], bool]) -> list[int]:
    """Clusters of those who are near somebody in them, found among those who share a bucket. In a large bucket each
    is compared with the first and with its neighbour only, which keeps the work linear.
    """
    parent = list(range(count))
    seen: set[tuple[int, int]] = set()

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for bucket in buckets:
        for at, j in enumerate(bucket):
            others = bucket[:at] if len(bucket) <= _FEW else {bucket[0], bucket[max(at - 1, 0)]}
            for i in others:
                a, b = root(i), root(j)
                if a == b or (i, j) in seen:
                    continue
                seen.add((i, j))
                if near(i, j):
                    parent[max(a, b)] = min(a, b)
    return [root(i) for i in range(count)]


def _first_of(clusters: Iterable[Hashable]) -> list[int]:
    first: dict[Hashable, int] = {}
    return [first.setdefault(cluster, i) for i, cluster in enumerate(clusters)]
