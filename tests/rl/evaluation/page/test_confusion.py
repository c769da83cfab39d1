"""Which category is taken for which."""

from typing import Any

from rl.evaluation.page.confusion import MOST, category_confusion

from ..conftest import predicted

CATEGORIES = {"A-1": "health", "A-2": "health", "B-1": "money", "C-1": None}


def table(*rows: tuple[Any, ...]) -> dict[tuple[str, str], int]:
    """``(broken, cited)`` rows, cited None where unparsed, as the cells of the table that are not 0."""
    predictions = [
        predicted(str(i), None if cited is None else "reject", "reject", rules=cited or (), broken=broken)
        for i, (broken, cited) in enumerate(rows)
    ]
    found = category_confusion(predictions, {str(i): CATEGORIES for i in range(len(rows))})
    assert found is not None
    cells = [(gold, cited, n) for gold, row in zip(found.gold, found.counts, strict=True)
             for cited, n in zip(found.cited, row, strict=True)]  # fmt: skip
    return {(gold, cited): n for gold, cited, n in cells if n}


def test_what_both_name_is_on_the_diagonal_and_the_rest_meets_the_rest() -> None:
    assert table((["A-1"], ["A-2"])) == {("health", "health"): 1}
    assert table((["A-1"], ["B-1"])) == {("health", "money"): 1}
    assert table((["A-1", "B-1"], ["A-1"])) == {("health", "health"): 1, ("money", "none"): 1}
    assert table((["A-1"], ["A-1", "B-1"])) == {("health", "health"): 1, ("none", "money"): 1}


def test_none_unparsed_other_and_invented_have_their_places() -> None:
    assert table(([], [])) == {("none", "none"): 1}
    assert table(([], ["B-1"])) == {("none", "money"): 1}
    assert table((["A-1"], None), ([], None)) == {("health", "unparsed"): 1, ("none", "unparsed"): 1}
    assert table((["C-1"], ["MADE-UP"])) == {("other", "not in the excerpt"): 1}


def test_gold_that_is_not_annotated_says_nothing_and_no_categories_make_no_table() -> None:
    assert table((["A-1"], ["A-1"]), (None, ["A-1"])) == {("health", "health"): 1}
    assert category_confusion([predicted("0", "reject", "reject", broken=["C-1"])], {"0": {"C-1": None}}) is None


def test_rare_categories_are_folded() -> None:
    many = {f"R-{i}": f"c{i:02}" for i in range(MOST + 3)}
    predictions = [
        predicted(f"{i}.{j}", "reject", "reject", rules=[f"R-{i}"], broken=[f"R-{i}"])
        for i in range(MOST + 3)
        for j in range(1 + (i < MOST))
    ]
    found = category_confusion(predictions, {p.case: many for p in predictions})
    assert found is not None and found.gold == [*(f"c{i:02}" for i in range(MOST)), "other"]
    assert found.counts[-1][-1] == 3


def test_each_case_names_the_cells_that_its_first_sample_is_counted_in() -> None:
    first = predicted("0", "reject", "reject", rules=["A-1"], broken=["A-1", "B-1"])
    second = predicted("0", "reject", "reject", rules=["B-1"], broken=["A-1", "B-1"]).model_copy(update={"sample": 1})
    found = category_confusion([first, second], {"0": CATEGORIES})
    assert found is not None and found.cases == {"0": [("health", "health"), ("money", "none")]}
    assert sum(map(sum, found.counts)) == 4
