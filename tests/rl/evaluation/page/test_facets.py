"""Filters of the page in a browser: what they find, how their counts follow each other, and what is searched."""

from pathlib import Path

from .conftest import NEEDS_BROWSER, Tab, count, load, shows

pytestmark = NEEDS_BROWSER


def test_filters_find_flips_in_both_directions(tab: Tab, plain: Path) -> None:
    load(tab, plain)
    for change, expected in {"lost": 1, "gained": 1, "wrong": 5, "right": 1}.items():
        tab.select_option("select[name=change1]", change)
        assert count(tab) == (expected, 8), change
    tab.select_option("select[name=change1]", "lost")
    shows(tab, "tea-1")
    shows(tab, "lost", "#case .chip.lost")
    tab.select_option("select[name=outcome1]", "right")
    assert count(tab) == (0, 8)
    shows(tab, "No case is like that.", "#case")
    assert tab.locator("#export-cases").is_disabled()
    tab.select_option("select[name=change1]", "")
    tab.select_option("select[name=outcome1]", "miss")
    assert count(tab) == (6, 8)
    tab.select_option("select[name=rule]", "GUN-1")
    assert count(tab) == (6, 8)
    tab.select_option("select[name=severity]", label="critical (2)")
    assert count(tab) == (2, 8)


def options(tab: Tab, name: str) -> dict[str, int]:
    """What a filter would leave, by value."""
    told = tab.locator(f"select[name={name}] option:not(:first-child)").all_inner_texts()
    return {text.rpartition(" (")[0]: int(text.rpartition(" (")[2].rstrip(")")) for text in told}


def test_counts_of_filters_follow_each_other(tab: Tab, plain: Path) -> None:
    load(tab, plain)
    assert options(tab, "outcome0") == {"right": 2, "miss": 6}
    assert options(tab, "severity") == {"critical": 4, "medium": 4}
    tab.select_option("select[name=outcome0]", "right")
    assert options(tab, "outcome0") == {"right": 2, "miss": 6}  # what another choice here would leave
    assert options(tab, "outcome1") == {"right": 1, "miss": 1}
    assert options(tab, "severity") == {"critical": 2, "medium": 0}
    tab.fill("#search", "zebra")  # which stands only where a model is wrong
    shows(tab, "1 of 8", "#count")
    assert options(tab, "outcome1") == {"right": 0, "miss": 1}
    assert options(tab, "outcome0") == {"right": 1, "miss": 6}


def test_a_rule_missed_and_one_falsely_cited_are_apart(tab: Tab, plain: Path) -> None:
    load(tab, plain)
    assert options(tab, "rule") == {"CURE-1": 4, "GUN-1": 7}
    assert options(tab, "missed0") == {"CURE-1": 2} and options(tab, "false0") == {"GUN-1": 2}
    tab.select_option("select[name=missed0]", "CURE-1")
    assert count(tab) == (2, 8)
    tab.select_option("select[name=missed0]", "")
    tab.select_option("select[name=false0]", "GUN-1")
    assert count(tab) == (2, 8)


def test_search_looks_at_what_was_written_and_not_at_names_of_keys(tab: Tab, plain: Path) -> None:
    load(tab, plain)
    for words, expected in {"verdict": 0, "violations": 0, "body": 0, "zebra": 7, "or never": 8, "TEA-3": 1}.items():
        tab.fill("#search", words)
        shows(tab, f"{expected} of 8", "#count")


def test_cells_of_confusion_show_their_cases(tab: Tab, plain: Path) -> None:
    load(tab, plain)
    missed = tab.locator("table.cells").nth(1).locator("tbody tr").nth(1).locator("a").first  # GRPO: reject, approved
    assert missed.inner_text() == "6"
    missed.click()
    shows(tab, "6 of 8", "#count")
    assert tab.locator("select[name=verdict1]").input_value() == "approve"
