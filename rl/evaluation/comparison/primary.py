"""Primary: the metric that was chosen beforehand, pair by pair, and how many cases it takes to see a difference."""

from rl.evaluation.comparison.comparison import Needed, Pairs
from rl.evaluation.comparison.models import Models
from rl.evaluation.statistics import Figure, Pairing, cases_to_see, cohens_g, cohens_h, odds_ratio

DIFFERENCES = (0.10, 0.05, 0.03, 0.02, 0.01, 0.005)
"""For which the number of cases is given: ten points to half a point."""


def pairs(models: Models, figure: Figure | None) -> list[Pairs]:
    """One per challenger; empty where the figure is no share of cases."""
    if figure is None or figure.pairings is None:
        return []
    return [
        _pairs(name, figure, place, pairing)
        for place, (name, pairing) in enumerate(zip(models.challengers, figure.pairings, strict=True))
    ]


def _pairs(name: str, figure: Figure, place: int, pairing: Pairing) -> Pairs:
    both, gained, lost, neither = pairing.table
    p, mid_p, test = pairing.test()
    return Pairs(
        model=name,
        both_right=both,
        lost=lost,
        gained=gained,
        both_wrong=neither,
        p=p,
        mid_p=mid_p,
        test=test,
        risk_difference=figure.difference(place),
        odds_ratio=odds_ratio(lost, gained, worth=pairing.clusters.worth(pairing.design_effect, 0.95)),
        cohens_h=cohens_h(float(figure.values[place + 1]), float(figure.values[0])),
        cohens_g=cohens_g(lost, gained),
    )


def needed(models: Models, figure: Figure | None) -> list[Needed]:
    """Cases to see differences of several sizes, from large to small, between models that differ as these do: with
    several challengers, the pair that differs most often."""
    if figure is None or figure.pairings is None:
        return []
    widest = max(figure.pairings, key=lambda pairing: pairing.discordant)
    per_case = len(widest.baseline) / max(1, models.cases)
    return [Needed(difference, _cases(difference, widest, per_case)) for difference in DIFFERENCES]


def _cases(difference: float, pairing: Pairing, rows_per_case: float) -> int:
    rows = cases_to_see(difference, pairing.discordant, design_effect=pairing.design_effect)
    return max(1, round(rows / max(1.0, rows_per_case)))
