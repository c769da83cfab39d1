"""How often intervals hold, and how often a gate passes what is as bad as its margin.

    python benchmarks/intervals.py

Everything is decided by the code that evaluations and gates use. Loose cases are not simulated: the probabilities of
all tables are summed. Clusters are drawn, and so are cases for figures that are no shares. Each line is the worst of
its settings.

- A *false pass*: the challenger is worse by exactly the margin, and the gate passes. At most .05 is promised.
- *Coverage*: the share of 95 % intervals that hold the truth.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import numpy as np
from scipy.stats import binom, norm

from rl.evaluation.comparison.criteria import FEWEST_GROUPS
from rl.evaluation.metrics import LOWER_IS_BETTER, METRICS
from rl.evaluation.statistics import Clusters, figures, tango
from rl.evaluation.statistics.pairing import CONTINUITY
from rl.evaluation.statistics.share import clopper_pearson
from rl.evaluation.statistics.tango import refusal

ALLOWED, HELD = 0.055, 0.93
"""What a false pass may be at most, and coverage at least."""
SIZES = (50, 100, 200, 500, 1_000, 2_000)
MARGINS = (0.01, 0.02, 0.03, 0.05, 0.1)
ONE_SIDED = 0.90
"""The ends of a two-sided 90 % interval are one-sided 95 % bounds: what a gate looks at."""
NEGLIGIBLE = 1e-9
AGAIN = 20
"""How much more often settings near a limit are tried."""

Found = Iterator[tuple[str, float]]
"""What was tried, and how often it happened."""


class Clustering(Enum):
    """How many cases hang together."""

    PAIRS = "pairs"
    FIVES = "fives"
    TWENTIES = "twenties"
    UNEVEN = "1 to about 20, five on average"
    HEAVY = "most alone, some with a fifth of all"

    def sizes(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Sizes of clusters that make about n cases."""
        equal = {Clustering.PAIRS: 2, Clustering.FIVES: 5, Clustering.TWENTIES: 20}
        if self in equal:
            return np.full(n // equal[self], equal[self])
        if self is Clustering.UNEVEN:
            drawn = rng.geometric(0.2, n)
        else:
            drawn = np.minimum(n // 5, np.ceil((1 - rng.random(n)) ** (-1 / 1.2))).astype(int)
        return drawn[: int(np.searchsorted(np.cumsum(drawn), n)) + 1]


def discordants(margin: float) -> list[float]:
    """Shares of pairs that differ: losses alone, up to ten times the margin."""
    return [psi for psi in margin * np.array([1, 1.05, 1.2, 1.5, 2, 3, 5, 10]) if psi <= 0.6]


def loose_gates(sizes: Sequence[int]) -> Found:
    """False passes of loose pairs, summed over every table."""
    for n in sizes:
        for margin in MARGINS:
            for psi in discordants(margin):
                yield f"{n} pairs, margin {margin}, {psi:.3f} differ", passed_loose(n, margin, psi)


def loose_pairs(sizes: Sequence[int]) -> Found:
    """Coverage of paired differences of loose cases, summed over every table."""
    for n in sizes:
        for worse in MARGINS:
            for psi in discordants(worse):
                above, below = passed_loose(n, worse, psi, 0.95), passed_loose(n, -worse, psi, 0.95)
                yield f"{n} pairs, {worse} worse, {psi:.3f} differ", 1 - above - below


def passed_loose(n: int, margin: float, psi: float, level: float = ONE_SIDED) -> float:
    """How likely a gate passes a challenger that is worse by its margin (better, if that is negative), where a share
    psi of pairs differ: how likely the lower end of the interval lies above the truth."""
    gain, total = (psi - margin) / (2 * psi), 0.0
    for differing in range(n + 1):
        chance = float(binom.pmf(differing, n, psi))
        if chance > NEGLIGIBLE:
            total += chance * float(binom.sf(fewest_gains(n, margin, differing, level) - 1, differing, gain))
    return total


@cache
def fewest_gains(n: int, margin: float, differing: int, level: float) -> int:
    """The fewest gains among pairs that differ with which the gate passes; one more than pairs if it never does."""
    least, most = 0, differing + 1
    while least < most:
        gained = (least + most) // 2
        if tango(gained, differing - gained, n, level, CONTINUITY)[0] > -margin:
            most = gained
        else:
            least = gained + 1
    return least


def loose_shares(sizes: Sequence[int]) -> Found:
    """Coverage of single shares of loose cases, summed over every count."""
    for n in sizes:
        right = np.arange(n + 1)
        low, high = clopper_pearson(right, n - right)
        for share in (0.002, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.998):
            held = (low <= share) & (share <= high)
            yield f"{n} cases, share {share}", float(binom.pmf(right, n, share)[held].sum())


def clustered_gates(sizes: Sequence[int], clusterings: Sequence[Clustering], trials: int) -> Found:
    """False passes of pairs in clusters that change as one with some probability, and each for itself else."""
    for named, above, _ in ends(sizes, clusterings, trials, ONE_SIDED, lambda above, below: above > 0.9 * 0.05):
        yield named, above


def clustered_pairs(sizes: Sequence[int], clusterings: Sequence[Clustering], trials: int) -> Found:
    """Coverage of differences of shares of pairs in clusters."""
    for named, above, below in ends(sizes, clusterings, trials, 0.95, lambda above, below: above + below > 0.06):
        yield named, 1 - above - below


def ends(
    sizes: Sequence[int],
    clusterings: Sequence[Clustering],
    trials: int,
    level: float,
    doubtful: Callable[[float, float], bool],
) -> Iterator[tuple[str, float, float]]:
    """How often the interval of a difference lies above the truth, and how often below."""
    rng = np.random.default_rng(0)
    for clustering, n, worse in ((c, n, m) for c in drawn_often(clusterings) for n in sizes for m in MARGINS):
        for psi in [psi for psi in (worse, 2 * worse, 5 * worse) if psi <= 0.6]:
            for together in (0.0, 0.5, 1.0):
                clusters = drawn_clusters(clustering, n, rng)
                if clusters is None:
                    continue
                found = beside(clusters, worse, psi, together, trials, level, rng)
                if doubtful(*found):
                    again = [beside(clusters, worse, psi, together, trials, level, rng) for _ in range(AGAIN)]
                    found = (float(np.mean([above for above, _ in again])), float(np.mean([low for _, low in again])))
                named = f"{clustering.value}: {n} pairs, {worse} worse, {psi:.3f} differ, {together} as one"
                yield named, *found


def beside(
    clusters: Clusters, worse: float, psi: float, together: float, trials: int, level: float, rng: np.random.Generator
) -> tuple[float, float]:
    """In how many of some experiments the interval lies above the truth (a gate passes), and in how many below."""
    sizes, shape = clusters.sizes.astype(int), (trials, len(clusters.sizes))
    gain, loss = (psi - worse) / 2, (psi + worse) / 2
    drawn, as_one = rng.random(shape), rng.random(shape) < together
    each_gained = rng.binomial(np.broadcast_to(sizes, shape), gain)
    each_lost = rng.binomial(sizes - each_gained, loss / (1 - gain))
    gained = np.where(as_one, (drawn < gain) * sizes, each_gained).astype(float)
    lost = np.where(as_one, ((drawn >= gain) & (drawn < psi)) * sizes, each_lost).astype(float)
    worth = clusters.worth(1.0, level) / clusters.design_effect_of(gained - lost, (gained + lost).sum(axis=1))
    counts = [count * worth for count in (gained.sum(axis=1), lost.sum(axis=1), sizes.sum())]
    z = float(norm.ppf((1 + level) / 2))
    above, below = (float((refusal(-worse, *counts, z, CONTINUITY, side) > 0).mean()) for side in (1, -1))
    return above, below


def clustered_shares(sizes: Sequence[int], clusterings: Sequence[Clustering], trials: int) -> Found:
    """Coverage of single shares of cases in clusters."""
    rng = np.random.default_rng(1)
    for clustering, n in ((c, n) for c in drawn_often(clusterings) for n in sizes):
        for share in (0.02, 0.1, 0.5, 0.9, 0.99):
            for together in (0.0, 0.3, 1.0):
                clusters = drawn_clusters(clustering, n, rng)
                if clusters is None:
                    continue

                def held(
                    some: int, held: Clusters = clusters, share: float = share, together: float = together
                ) -> np.ndarray:
                    return held_clustered(held, share, together, some, rng)

                named = f"{clustering.value}: {n} cases, share {share}, {together} as one"
                yield named, happening(held, trials, lambda rate: rate < 0.94)


def held_clustered(
    clusters: Clusters, share: float, together: float, trials: int, rng: np.random.Generator
) -> np.ndarray:
    """In which of some experiments the interval holds the share."""
    sizes, shape = clusters.sizes.astype(int), (trials, len(clusters.sizes))
    as_one, each = (rng.random(shape) < share) * sizes, rng.binomial(np.broadcast_to(sizes, shape), share)
    right = np.where(rng.random(shape) < together, as_one, each).astype(float)
    counts = right.sum(axis=1)
    worth = clusters.worth(1.0, 0.95) / clusters.design_effect_of(right, counts)
    low, high = clopper_pearson(counts * worth, (sizes.sum() - counts) * worth)
    held: np.ndarray = (low <= share) & (share <= high)
    return held


def drawn_often(clusterings: Sequence[Clustering]) -> list[Clustering]:
    """Those whose sizes are drawn stand there three times: how uneven they come out is what matters."""
    uneven = (Clustering.UNEVEN, Clustering.HEAVY)
    return [clustering for clustering in clusterings for _ in range(3 if clustering in uneven else 1)]


def drawn_clusters(clustering: Clustering, n: int, rng: np.random.Generator) -> Clusters | None:
    """Clusters of about n cases; None where a gate refuses them as too few."""
    sizes = clustering.sizes(n, rng)
    clusters = Clusters(np.repeat(np.arange(len(sizes)), sizes))
    return clusters if clusters.effective >= FEWEST_GROUPS else None


def happening(experiments: Callable[[int], np.ndarray], trials: int, doubtful: Callable[[float], bool]) -> float:
    """How often it happens. The worst of a thousand settings is the unluckiest one as well, so those that are near the
    limit are tried again, much more often, and only that counts."""
    rate = float(experiments(trials).mean())
    return float(np.mean([experiments(trials).mean() for _ in range(AGAIN)])) if doubtful(rate) else rate


@dataclass(frozen=True)
class Setting:
    """A metric that is no share of cases, and what becomes of cases in two models."""

    what: str
    metric: str
    counts: np.ndarray
    """``(kinds, K)``: what a case of each kind counts for."""
    joint: np.ndarray
    """``(kinds, kinds)``: how likely a case is of one kind in the baseline and of another in the challenger."""


def settings() -> Iterator[Setting]:
    """Rule F1, cost a case and verdict macro-F1, from fair to nearly perfect; the challenger loses a little or much of
    what was right, and gains nothing or a little."""
    for broken, recall, flagged in ((0.1, 0.6, 0.2), (0.1, 0.9, 0.05), (0.5, 0.9, 0.05), (0.5, 0.98, 0.01)):
        shares = [broken * recall, (1 - broken) * flagged, broken * (1 - recall), (1 - broken) * (1 - flagged)]
        counts = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]], dtype=float)
        for lost in (0.02, 0.1):
            joint = changed(shares, {(0, 2): lost, (2, 0): lost / 4, (1, 3): lost / 4})
            yield Setting(f"rule F1, {broken:.0%} broken, recall {recall}", "rule_f1", counts, joint)
    for shares in ([0.9, 0.05, 0.04, 0.01, 0.0], [0.99, 0.005, 0.004, 0.0, 0.001]):
        counts = np.column_stack([[0, 0.7, 2, 5, 9], np.ones(5)])
        for lost in (0.01, 0.05):
            yield Setting(
                f"cost, {shares[0]:.0%} right", "cost", counts, changed(shares, {(0, 3): lost, (3, 0): lost})
            )
    for rare, right in ((0.1, 0.8), (0.1, 0.97), (0.3, 0.9)):
        golds, kinds = [(1 - rare) / 2, (1 - rare) / 2, rare], range(9)
        shares = [golds[k // 3] * (right if k // 3 == k % 3 else (1 - right) / 2) for k in kinds]
        counts = np.zeros((9, 10))
        for k in kinds:
            counts[k, [k // 3 + 6, k % 3 + 3, 9]] = 1
            counts[k, k // 3] = k // 3 == k % 3
        for lost in (0.02, 0.1):
            joint = changed(shares, {(0, 1): lost, (4, 3): lost, (8, 6): lost, (6, 8): lost / 4})
            yield Setting(f"macro-F1, rarest {rare:.0%}, accuracy {right}", "macro_f1", counts, joint)


def changed(shares: Sequence[float], moves: Mapping[tuple[int, int], float]) -> np.ndarray:
    """The joint distribution of kinds, where a part of one kind becomes another."""
    joint = np.diag(np.asarray(shares))
    for (before, after), part in moves.items():
        joint[before, after] += part * shares[before]
        joint[before, before] -= part * shares[before]
    return joint


def counted_figures(
    sizes: Sequence[int], trials: int, among: Iterable[Setting] | None = None, resamples: int = 400
) -> Found:
    """Coverage, and false passes, of figures that are no shares of cases."""
    rng = np.random.default_rng(2)
    for setting, n in ((s, n) for s in among or settings() for n in sizes):
        metric = METRICS[setting.metric].load()
        truth = [_value(metric, setting.counts.T @ setting.joint.sum(axis=axis)) for axis in (1, 0)]
        worse, lower_is_better = truth[1] - truth[0], setting.metric in LOWER_IS_BETTER
        happened = {"coverage": 0, "coverage of the difference": 0, "false passes": 0}
        for _ in range(trials):
            cells = rng.multinomial(n, setting.joint.ravel()).reshape(setting.joint.shape)
            kinds = np.nonzero(cells)
            counts = [np.repeat(setting.counts[side], cells[kinds], axis=0) for side in kinds]
            figure = figures([metric.sheet(counts)], np.arange(n), resamples)[0][setting.metric]
            alone, apart, bounds = figure.estimate(), figure.known_difference(), figure.known_difference(0, ONE_SIDED)
            happened["coverage"] += alone is None or alone.low <= truth[0] <= alone.high
            happened["coverage of the difference"] += apart is None or apart.low <= worse <= apart.high
            if bounds is not None:
                happened["false passes"] += bounds.high < worse if lower_is_better else bounds.low > worse
        for what, times in happened.items():
            yield f"{setting.what}, {n} cases: {what}", times / trials


def _value(metric: Any, totals: np.ndarray) -> float:
    return float(next(iter(metric.values(totals).values())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1_000, help="experiments on clusters, for each setting")
    parser.add_argument("--figures", type=int, default=400, help="experiments on figures that are no shares")
    given = parser.parse_args()
    every = list(Clustering)
    show("false passes, loose pairs", loose_gates(SIZES), max)
    show("coverage, differences of shares, loose", loose_pairs(SIZES), min)
    show("false passes, pairs in clusters", clustered_gates(SIZES, every, given.trials), max)
    show("coverage, differences of shares in clusters", clustered_pairs(SIZES, every, given.trials), min)
    show("coverage, single shares, loose", loose_shares(SIZES), min)
    show("coverage, single shares in clusters", clustered_shares(SIZES, every, given.trials), min)
    apart = list(counted_figures((50, 200, 1_000), given.figures))
    for what, worst in (("coverage", min), ("coverage of the difference", min), ("false passes", max)):
        chosen = [(named, rate) for named, rate in apart if named.endswith(f": {what}")]
        show(f"{what}, F1, cost and macro-F1", iter(chosen), worst)


def show(what: str, found: Found, worst: Callable[..., tuple[str, float]]) -> None:
    """A line of the table: the worst setting, and the mean over all."""
    rows = list(found)
    named, rate = worst(rows, key=lambda row: row[1])
    print(f"| {what} | {len(rows)} | {np.mean([rate for _, rate in rows]):.3f} | {rate:.3f} | {named} |", flush=True)


if __name__ == "__main__":
    main()
