import random
import time
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from data.checking.duplicates import SIDE, clusters_of, image_clusters, normalise, text_clusters

# fmt: off
WORDS = [
    "sale", "now", "only", "today", "big", "win", "free", "ship", "gun", "cream",
    "best", "deal", "loan", "drink", "fun", "trip", "new", "phone", "shoes", "hat",
]
# fmt: on


def test_normalise_drops_what_near_duplicates_differ_in() -> None:
    assert normalise("  Only ３ LEFT!\n") == normalise("only 498 left") == "only 0 left"
    assert normalise("只剩３件！") == normalise("只剩 12 件").replace(" ", "") == "只剩0件"
    assert normalise("!!!") == "!!!", "a text without words is still a text"


def test_texts_that_differ_in_digits_case_or_a_word_share_a_cluster() -> None:
    long = "Our handmade leather bags are cut and sewn in Lisbon and shipped anywhere in the world within days"
    texts = ["Only 3 left!", "Something else", "ONLY 12 LEFT", long, long.replace("handmade", "hand-made"), "", ""]
    assert text_clusters(texts) == [0, 1, 0, 3, 3, 5, 6], "empty texts stand alone"


def test_different_texts_stay_apart() -> None:
    texts = ["Sale ends today", "Free shipping on all hats", "Write a review", "Add to cart", "写评论", "限时抢购"]
    assert text_clusters(texts) == list(range(6))


def test_text_clusters_do_not_hang_on_the_order() -> None:
    rng = random.Random(0)
    texts = [" ".join(rng.choices(WORDS, k=6)) + f" {rng.randrange(99)}" for _ in range(2000)]
    texts += [f"{text}!" for text in texts[:200]]
    order = rng.sample(range(len(texts)), len(texts))

    def pairs(clusters: list[int], names: list[int]) -> set[frozenset[int]]:
        groups: dict[int, set[int]] = {}
        for name, cluster in zip(names, clusters, strict=True):
            groups.setdefault(cluster, set()).add(name)
        return {frozenset(group) for group in groups.values()}

    shuffled = text_clusters([texts[i] for i in order])
    assert pairs(text_clusters(texts), list(range(len(texts)))) == pairs(shuffled, order)


def test_near_pairs_are_found_as_brute_force_finds_them() -> None:
    rng = random.Random(1)
    base = [" ".join(rng.choices(WORDS, k=30)) for _ in range(150)]
    near = [text.replace(rng.choice(text.split()), "other", 1) for text in base]
    clusters = text_clusters(base + near)
    found = sum(clusters[i] == clusters[i + len(base)] for i in range(len(base)))
    assert found >= 145
    assert len(set(clusters[: len(base)])) == len(base)


def test_twenty_thousand_texts_take_seconds() -> None:
    rng = random.Random(0)
    texts = [" ".join(rng.choices(WORDS, k=40)) for _ in range(20_000)]
    start = time.process_time()
    assert len(set(text_clusters(texts))) > 19_000
    assert time.process_time() - start < 30


def test_a_text_of_megabytes_is_no_trouble() -> None:
    text = "".join(random.Random(0).choices("abcdefgh ", k=2_000_000))
    assert text_clusters([text, text[:-1000], "short"]) == [0, 0, 2]


def page(title: str, shade: int = 255, noise: int = 0) -> bytes:
    image = Image.new("RGB", (320, 480), (shade, shade, shade))
    pen = ImageDraw.Draw(image)
    rng = random.Random(title)
    for _ in range(12):
        x, y = rng.randrange(300), rng.randrange(460)
        pen.rectangle((x, y, x + 80, y + 40), fill=(rng.randrange(256), rng.randrange(256), rng.randrange(256)))
    pixels = image.resize((SIDE, SIDE)).tobytes()
    jitter = random.Random(noise)
    return bytes(min(255, max(0, p + jitter.randrange(-noise, noise + 1))) for p in pixels) if noise else pixels


def test_images_taken_twice_share_a_cluster() -> None:
    thumbnails = [page("a"), page("b"), page("a", noise=4), page("c"), page("b", noise=5), page("a")]
    assert image_clusters(thumbnails) == [0, 1, 0, 3, 1, 0]
    assert image_clusters([]) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda image: ImageEnhance.Brightness(image).enhance(0.7),
        lambda image: ImageEnhance.Contrast(image).enhance(0.7),
        lambda image: image.convert("L").convert("RGB"),
        lambda image: image.resize((90, 140)),
        lambda image: ImageOps.posterize(image, 5),
    ],
    ids=["darker", "paler", "grey", "smaller", "fewer colours"],
)
def test_a_picture_that_was_touched_up_is_known_again(change: Callable[[Image.Image], Image.Image]) -> None:
    drawn = [Image.frombytes("RGB", (SIDE, SIDE), page(title)).resize((200, 300)) for title in "abcdefgh"]
    thumbnails = [image.resize((SIDE, SIDE)).tobytes() for image in (*drawn, *map(change, drawn))]
    assert image_clusters(thumbnails) == [*range(8)] * 2


def test_many_images_take_seconds() -> None:
    thumbnails = [page(str(n)) for n in range(500)]
    rng = random.Random(0)
    thumbnails += [bytes(rng.choices(range(256), k=SIDE * SIDE * 3)) for _ in range(2000)]
    start = time.process_time()
    assert len(set(image_clusters(thumbnails))) > 2450
    assert time.process_time() - start < 10


def test_flat_images_are_told_apart_by_colour() -> None:
    white, black, nearly = bytes([255] * SIDE * SIDE * 3), bytes(SIDE * SIDE * 3), bytes([253] * SIDE * SIDE * 3)
    assert image_clusters([white, black, nearly]) == [0, 1, 0]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (("Sale 3", ["a"]), ("sale 4", ["a"]), True),
        (("Sale 3", ["a"]), ("sale 4", ["b"]), False),
        (("Sale 3", ["a"]), ("Something else", ["a"]), False),
        (("", ["a"]), ("", ["a"]), True),
        (("Sale 3", []), ("sale 4", []), True),
        (("Sale 3", []), ("sale 4", ["a"]), False),
        (("", []), ("", []), False),
    ],
)
def test_cases_are_near_when_text_and_images_are(first: tuple, second: tuple, same: bool) -> None:
    images = [tuple(page(name) for name in names) for _, names in (first, second)]
    assert (clusters_of([first[0], second[0]], images).contents == [0, 0]) is same
