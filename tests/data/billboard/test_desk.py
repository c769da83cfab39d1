"""Billboard at the desk: near-duplicates, print that nobody reads unzoomed, and nothing that gives a verdict away."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from PIL import Image

from data import Case, Rulebook, load_cases
from data.billboard.catalogue import Pool
from data.billboard.desk import build_desk
from data.billboard.desk.ad import MECHANISMS, PRINT, DeskAd, DeskAdMaker
from data.billboard.desk.book import LIMITS, DeskBook, words
from data.billboard.desk.picture import SMALLER, large_picture, shown_picture
from data.checking.rulebook import check_rulebook
from prompts.excerpts import RetrievalConfig
from rl.desk.search import search_in

BOOK = DeskBook(3)


def ads(pool: Pool, count: int) -> list[DeskAd]:
    return list(DeskAdMaker(BOOK, pool).ads(count))


def test_the_book_is_large_sound_and_the_same_for_a_seed() -> None:
    assert len(BOOK.book) >= 500 and check_rulebook(BOOK.book).ok
    assert DeskBook(3).book == BOOK.book != DeskBook(4).book
    fees = Counter(rule.text for rule in BOOK.book.rules if rule.id.startswith("FEE"))
    assert all(count == 1 for count in fees.values()), "each names its product"
    assert {about.fee for about in BOOK.products} == set(LIMITS)
    assert {bool(BOOK.book[about.id_of("SAY")].exceptions) for about in BOOK.products} == {True, False}


def test_products_of_test_ads_are_new_and_their_words_are_not() -> None:
    train, test = ({about.product for about in BOOK.of_pool(pool)} for pool in ("train", "test"))
    assert len(test) == 250 and not train & test and len(train | test) == 1000
    assert {word for name in test for word in name.split()} <= {word for name in train for word in name.split()}


def test_a_title_finds_the_rules_of_its_product_and_no_others() -> None:
    search = search_in(BOOK.book, RetrievalConfig(retrieve="bm25", k=3))
    for ad in ads("test", 30):
        assert {rule.id for rule in search(ad.title)} == {ad.about.id_of(family) for family in words().families}


def test_neither_what_is_stated_nor_what_a_rule_says_tells_the_verdict_alone() -> None:
    made = ads("train", 3000)
    for mechanism in MECHANISMS:
        own = [ad for ad in made if ad.mechanism == mechanism]
        assert sum(ad.breaks for ad in own) == len(own) / 2
        by_rule: dict[object, list[bool]] = defaultdict(list)
        for ad in own:
            about = ad.about
            rule = {"claim": (about.claim, about.excepted), "fine_print": about.fee, "page": about.term}[mechanism]
            by_rule[rule].append(ad.breaks)
        assert all(0.3 < sum(broken) / len(broken) < 0.7 for broken in by_rule.values())
    stated: dict[object, list[bool]] = defaultdict(list)
    for ad in made:
        if ad.mechanism == "claim":
            stated[words().notice in ad.body].append(ad.breaks)
        elif ad.mechanism == "fine_print" and ad.fee not in (10, 90):
            stated[ad.fee].append(ad.breaks)
    assert len(stated) == 5 and all(0.35 < sum(broken) / len(broken) < 0.65 for broken in stated.values())


def test_print_is_one_grey_where_it_is_shown_and_legible_where_it_is_zoomed_into() -> None:
    for ad in ads("train", 60):
        if ad.fee is None:
            continue
        large = large_picture(ad)
        shown = shown_picture(ad, large)
        assert large.width == SMALLER * shown.width

        def colours(image: Image.Image, ad: DeskAd = ad) -> int:
            edges = tuple(round(side * image.width) for side in PRINT[ad.corner])
            return len(image.crop(edges).getcolors(10_000) or [])

        assert colours(shown) == 1 and colours(large) > 10


def test_gold_says_what_is_seen_and_meta_where_to_look(tmp_path: Path) -> None:
    counted: list[int] = []
    build_desk(tmp_path, 12, 6, seed=3, progress=counted.append)
    assert counted == list(range(1, 19)) and Rulebook.load(tmp_path / "rulebook.yaml") == BOOK.book
    train = load_cases(tmp_path / "train.jsonl")
    for case, ad in zip(train, ads("train", 12), strict=True):
        assert case.gold == ad.gold and ad.gold.verdict == ("reject" if ad.breaks else "approve")
        (look,) = case.meta["looks"] or [{"name": None}]
        assert look["name"] == {"claim": None, "fine_print": "zoom", "page": "read"}[ad.mechanism]
        for violation in ad.gold.violations or []:
            assert all(not hasattr(item, "quote") or case.find(item) for item in violation.evidence or [])
        assert all(case.path(file).is_file() for file in (*case.images, *case.originals))
        assert case.page is None or not any(section.shown for section in case.page.sections)


def test_originals_are_one_of_each_image() -> None:
    with pytest.raises(ValueError, match="2 originals of 1 images"):
        Case(id="a", images=["a.png"], originals=["b.png", "c.png"])
