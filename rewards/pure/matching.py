"""Which citation answers which gold violation: one to one, for the most credit."""

from collections.abc import Callable
from typing import NamedTuple

from data import Evidence, Gold, GoldViolation, Quote, Rulebook, Ruling
from data.quotes import fold

EXACT, ANCESTOR, SIBLING = 1.0, 0.5, 0.25


class Pair(NamedTuple):
    """A citation and the gold violation that it answers, by their places in the two lists."""

    citation: int
    gold: int
    credit: float
    """1 exact, 1/2 a category above the rule, 1/4 a sibling in its category."""


class Matching(NamedTuple):
    """Citations set against gold."""

    pairs: tuple[Pair, ...]
    citations: int
    gold: int

    @property
    def extra(self) -> list[int]:
        """Places of the citations that answer nothing."""
        if len(self.pairs) == self.citations:
            return []
        taken = {pair.citation for pair in self.pairs}
        return [i for i in range(self.citations) if i not in taken]

    @property
    def missed(self) -> list[int]:
        """Places of the gold violations that no citation answers."""
        taken = {pair.gold for pair in self.pairs}
        return [i for i in range(self.gold) if i not in taken]

    @property
    def exact(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.credit == EXACT]


def match(ruling: Ruling, gold: Gold, excerpt: Rulebook) -> Matching:
    """Matches citations with gold violations one to one, so that the sum of credits is greatest.

    Between matchings of equal credit the one with more evidence in common is taken. The order in which a ruling
    lists its citations makes no difference to the credits.
    """
    cited, wanted = ruling.violations, gold.violations or []
    if len(cited) == len(wanted) == 1:  # the usual case, kept quick
        credit = _credit(cited[0].rule, wanted[0], excerpt)
        return Matching((Pair(0, 0, credit),) if credit else (), 1, 1)
    credits = {
        (i, j): credit
        for i, citation in enumerate(cited)
        for j, violation in enumerate(wanted)
        if (credit := _credit(citation.rule, violation, excerpt))
    }
    # Evidence in common only breaks ties: it stays far below the smallest difference between credits.
    chosen = assign(credits, lambda i, j: 1e-3 * _shared(cited[i].evidence, wanted[j].evidence or []))
    return Matching(tuple([Pair(i, j, credits[i, j]) for i, j in chosen]), len(cited), len(wanted))


def assign(
    values: dict[tuple[int, int], float], bonus: Callable[[int, int], float] | None = None
) -> list[tuple[int, int]]:
    """The pairs, one to one, of greatest total value.

    Args:
        values: what each possible pair is worth, above 0 and at most 1.
        bonus: a little more for a pair, asked only where several compete.
    """
    if len(values) < 2:
        return list(values)
    rows, columns = sorted({i for i, _ in values}), sorted({j for _, j in values})
    whole = [pair for pair, value in values.items() if value == 1.0]
    for pairs in (list(values), whole):  # the usual cases need no search: none compete, or the best are all there
        if len(pairs) == min(len(rows), len(columns)) == len({i for i, _ in pairs}) == len({j for _, j in pairs}):
            return pairs
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    matrix = np.zeros((len(rows), len(columns)))
    for (i, j), value in values.items():
        matrix[rows.index(i), columns.index(j)] = value + (bonus(i, j) if bonus else 0.0)
    places = zip(*linear_sum_assignment(matrix, maximize=True), strict=True)
    return [pair for i, j in places if (pair := (rows[i], columns[j])) in values]


def is_known(cited: str, excerpt: Rulebook) -> bool:
    """Whether a citation names a rule or a category of the excerpt."""
    return cited in excerpt.known or excerpt.has_category(cited)


def _credit(cited: str, violation: GoldViolation, excerpt: Rulebook) -> float:
    if cited in violation.accepted:
        return EXACT
    best = 0.0
    category = excerpt[cited].category if cited in excerpt else None
    for rule in violation.accepted:
        path = excerpt.ancestors(excerpt[rule].category) if rule in excerpt else []
        if not path:
            continue
        if (cited in path and cited not in excerpt) or category in path[1:]:
            best = max(best, ANCESTOR)
        elif category == path[0]:
            best = max(best, SIBLING)
    return best


def _shared(cited: list[Evidence], wanted: list[Evidence]) -> float:
    """The share of the gold evidence that is cited alike."""
    said = {plain(item) for item in cited}
    return sum(plain(item) in said for item in wanted) / len(wanted) if wanted else 0.0


def plain(item: Evidence) -> object:
    """What two pieces of evidence have alike when they say the same."""
    return (fold(item.quote), item.field, item.section) if isinstance(item, Quote) else item.model_dump_json()
