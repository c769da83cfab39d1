"""The book and its ads: what a rule says is what gold goes by."""

from collections import defaultdict
from pathlib import Path

from data import Rulebook, load_cases
from data.billboard.catalogue import catalogue
from data.billboard.retrieval import RetrievalBook, build_retrieval, product_of
from data.checking.rulebook import check_rulebook

BOOK = RetrievalBook(seed=3)
ADS = list(BOOK.ads("train", 120))


def test_the_book_is_large_sound_and_the_same_for_a_seed() -> None:
    assert len(BOOK.book) >= 500 and check_rulebook(BOOK.book).ok
    assert RetrievalBook(seed=3).book.fingerprint == BOOK.book.fingerprint != RetrievalBook(seed=4).book.fingerprint


def test_families_hold_rules_that_differ_in_limit_or_exception_alone() -> None:
    limits = [rule for rule in BOOK.rules if rule.variant.has_threshold]
    assert all(f"{rule.variant.threshold} %" in rule.rule.text + rule.rule.title for rule in limits)
    by_product = defaultdict(list)
    for rule in limits:
        by_product[rule.product, rule.variant.key].append(rule.variant.threshold)
    assert all(len(set(both)) == 2 for both in by_product.values())
    excepted = [bool(rule.rule.exceptions) for rule in BOOK.rules if rule.variant.key == "BEST-1"]
    assert {True, False} == set(excepted)


def test_an_ad_breaks_rules_about_its_product_alone_and_all_that_it_claims() -> None:
    products = {product for some in catalogue().products.values() for product in some}
    assert {product_of(ad) for ad in ADS} <= products
    for ad in ADS:
        gold = BOOK.judge(ad)
        name = product_of(ad).replace(" ", "").upper()
        assert all(violation.rule.split("-")[1] == name for violation in gold.violations)
        plain = {key.removesuffix("-1") for key in ad.claims if catalogue().rules[key].is_plain_claim} - {"BEST"}
        assert plain <= {violation.rule.split("-")[0] for violation in gold.violations}
        assert gold.verdict == ("escalate" if not gold.violations and gold.unclear else BOOK.book.called_for(
            violation.rule for violation in gold.violations))  # fmt: skip


def test_what_is_built_is_read_again(tmp_path: Path) -> None:
    counted: list[int] = []
    build_retrieval(tmp_path, 6, 4, seed=3, progress=counted.append)
    assert counted == list(range(1, 11)) and Rulebook.load(tmp_path / "rulebook.yaml") == BOOK.book
    train, test = (load_cases(tmp_path / f"{split}.jsonl") for split in ("train", "test"))
    assert [case.gold for case in train] == [BOOK.judge(ad) for ad in ADS[:6]]
    assert {case.text["title"] for case in train}.isdisjoint(case.text["title"] for case in test)
    assert all(case.path(case.images[0]).is_file() for case in (*train, *test))
