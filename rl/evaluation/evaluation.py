"""Evaluation: one model's predictions on one set of cases, and every figure that follows from them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import DataError
from rl.evaluation.by_rule import RuleFigure, by_rule
from rl.evaluation.measure import RESAMPLES, figures_of, prevalence_weights, rows_of, stream_figures
from rl.evaluation.metrics import METRICS, OF_STREAMS, RANKED
from rl.evaluation.origin import Origin
from rl.evaluation.outcomes import cells
from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.figures import ranked_figures
from rl.evaluation.ranking.notes import notes
from rl.evaluation.settings import DEFAULT, Settings
from rl.evaluation.statistics import Difference, Figure, figures
from rl.evaluation.statistics.estimate import Estimate


@dataclass
class Evaluation:
    """What one model did on one set of cases. Intervals are 95 % over clusters, with a fixed seed."""

    name: str
    """What the model is called in tables."""
    split: str
    """What the set of cases is called."""
    predictions: Sequence[Prediction]
    provenance: dict[str, Any] = field(default_factory=dict)
    settings: Settings = DEFAULT
    """How the figures are worked out."""
    variants: Sequence[Prediction] = ()
    """Predictions on variants of these cases, which count for robustness alone; see `rl.evaluation.variants`."""

    def __post_init__(self) -> None:
        if not self.predictions:
            raise DataError(f"there are no cases to evaluate in '{self.split}'")
        samples = Counter(prediction.case for prediction in self.predictions)
        (most, many), (least, few) = samples.most_common(1)[0], samples.most_common()[-1]
        if many != few:
            raise DataError(
                f"'{self.name}' has {many} samples of case '{most}' and {few} of '{least}': a case would count for as "
                "many as it has samples, so give each as many"
            )

    @cached_property
    def metrics(self) -> dict[str, Estimate]:
        """Every figure that applies, by name."""
        found = figures_of(self.predictions, settings=self.settings)
        if self.variants:
            found |= figures_of([*self.predictions, *self.variants], ["robustness"])
        return {name: estimate for name, estimate in found.items() if name not in self.notes}

    @property
    def origin(self) -> Origin | None:
        """Whose predictions these are, as the provenance says; None where it does not."""
        return Origin.read(self.provenance)

    @property
    def shown(self) -> str | None:
        """Which rules cases were shown, in words; None where they name them."""
        retrieval = self.origin.retrieval if self.origin is not None else None
        if retrieval is None:
            return None
        facts = self.provenance.get("retrieval", {})
        found, of_gold = facts.get("of_these_shown"), facts.get("rules_of_gold")
        counted = f"; {found:,} of {of_gold:,} that gold speaks of were among them" if of_gold else ""
        return f"{retrieval.told}{counted}"

    @property
    def spent(self) -> str | None:
        """What an episode took, on average, in words; None where nobody knows."""
        spent = self.provenance.get("spent")
        if not isinstance(spent, dict):
            return None
        told = {name: value for name, value in spent.items() if value or name in ("turns", "calls")}
        return ", ".join(f"{value:,.4g} {name.replace('_', ' ')}" for name, value in told.items()) + " a case"

    @cached_property
    def notes(self) -> dict[str, str]:
        """Why figures that depend on thresholds are not given, by name: too few cases, or a target not reached."""
        return notes(self.predictions, self.settings.thresholds)

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """How often each outcome came up, ``(3, 5)``; see `rl.evaluation.outcomes`."""
        return cells(self.predictions)

    @property
    def refused(self) -> int:
        """How many predictions are none because a server would not answer; they stay in every denominator."""
        return sum(prediction.refused for prediction in self.predictions)

    @cached_property
    def rules(self) -> dict[str, RuleFigure]:
        """F1, precision and recall of each rule that gold has broken, the most frequent first."""
        return by_rule(self.predictions)

    @cached_property
    def at_prevalence(self) -> dict[str, Estimate]:
        """The figures if gold rejected ``settings.prevalence`` of the cases; empty where that is not asked for.

        Raises:
            DataError: gold rejects all of these cases or none.
        """
        if self.settings.prevalence is None:
            return {}
        weights = prevalence_weights(self.predictions, self.settings.prevalence)
        found = figures_of(self.predictions, settings=self.settings, weights=weights)
        return {name: estimate for name, estimate in found.items() if name not in self.notes}

    def slices(self, key: str, names: Sequence[str] = ("verdict_accuracy",)) -> dict[str, dict[str, Estimate]]:
        """Figures apart for each value of a key, most frequent first; empty where no case has it.

        Args:
            key: ``severity`` or ``category`` (of the gravest broken rule), or a key of ``meta`` with or without
                ``meta.`` before it.
            names: of the metrics.
        """
        parts: dict[str, list[Prediction]] = defaultdict(list)
        for prediction in self.predictions:
            value = getattr(prediction, key) if key in ("severity", "category") else None
            value = prediction.meta.get(key.removeprefix("meta.")) if value is None else value
            if value is not None:
                parts[str(value)].append(prediction)
        ordered = sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))
        return {value: figures_of(part, names, self.settings) for value, part in ordered}

    def difference(
        self, baseline: "Evaluation", names: Sequence[str] | None = None, *, both_parsed: bool = False
    ) -> dict[str, Difference]:
        """How much higher each figure is than the baseline's, with paired intervals.

        Args:
            names: the metrics to compare; all if None.
            both_parsed: only on the cases where both models wrote a ruling, so that gains in form do not pass for
                gains in judgement.

        Raises:
            DataError: the two were not made on the same cases and samples; lists those that differ.
        """
        theirs, ours = aligned([baseline, self])
        if both_parsed:
            kept = [(one, other) for one, other in zip(ours, theirs, strict=True) if one.ruling and other.ruling]
            ours, theirs = [one for one, _ in kept], [other for _, other in kept]
        if not ours:
            return {}
        clusters, cases = rows_of(ours)
        found: dict[str, Figure] = {}
        for name in names or (*METRICS, *RANKED):
            if name in OF_STREAMS:
                continue
            if name in RANKED:
                found |= ranked_figures([theirs, ours], clusters, cases, [name])
                continue
            metric = METRICS[name].load()
            if metric.applies(ours) and metric.applies(theirs):
                counts = [metric.of(theirs, baseline.settings), metric.of(ours, self.settings)]
                found |= figures([metric.sheet(counts, self.settings)], clusters, RESAMPLES, cases=cases)[0]
        found |= stream_figures([theirs, ours], [baseline.settings, self.settings], names)
        differences = {name: figure.known_difference() for name, figure in found.items()}
        return {name: difference for name, difference in differences.items() if difference is not None}


def spent_by(evaluations: Sequence[Evaluation]) -> dict[str, str]:
    """What a case took each model, by name, where one of them looked things up: the cost beside the gain."""
    looked = any(prediction.looks for evaluation in evaluations for prediction in evaluation.predictions)
    return {one.name: one.spent for one in evaluations if one.spent is not None} if looked else {}


def aligned(evaluations: Sequence[Evaluation]) -> list[list[Prediction]]:
    """The predictions of each evaluation, in the first one's order of cases and samples.

    Raises:
        DataError: they were not made on the same cases and samples; lists those that differ.
    """
    first, *others = evaluations
    rows = [list(first.predictions)]
    keys = [prediction.key for prediction in first.predictions]
    for other in others:
        theirs = {prediction.key: prediction for prediction in other.predictions}
        differing = set(keys) ^ set(theirs)
        if differing:
            named = ", ".join(f"{case}#{sample}" for case, sample in sorted(differing)[:10])
            more = ", …" if len(differing) > 10 else ""
            what = f"'{other.name}' and '{first.name}' differ in {len(differing)} predictions"
            raise DataError(f"{what} (case#sample): {named}{more}")
        rows.append([theirs[key] for key in keys])
    return rows


def check_same_gold(first: str, ours: Sequence[Prediction], second: str, theirs: Sequence[Prediction]) -> None:
    """Refuses two models' aligned predictions that were measured by other gold, or in other clusters.

    Raises:
        DataError: they were; lists the cases.
    """
    rows = zip(ours, theirs, strict=True)
    differing = sorted({a.case for a, b in rows if a.gold != b.gold or a.cluster != b.cluster})
    if differing:
        named = ", ".join(differing[:10]) + (", …" if len(differing) > 10 else "")
        raise DataError(
            f"'{first}' and '{second}' were measured against different gold on {len(differing)} cases "
            f"(evaluate both with the same data and rulebook): {named}"
        )
