"""By rule: how well each rule that gold has broken is cited."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import nan

from rl.evaluation.measure import RESAMPLES, alone, rows_of
from rl.evaluation.metrics import ALONE
from rl.evaluation.predictions import Prediction
from rl.evaluation.statistics import figures
from rl.evaluation.statistics.estimate import Estimate

FEW = 20
"""Below this support a rule's figures say little."""


@dataclass(frozen=True)
class RuleFigure(Estimate):
    """The F1 of one rule, with what it is made of; the support is how often gold has the rule broken."""

    precision: Estimate
    """nan where nobody cites it."""
    recall: Estimate

    @property
    def few(self) -> bool:
        """Whether the support is below 20, so that the figures are to be read with care."""
        return self.support < FEW


def by_rule(predictions: Sequence[Prediction]) -> dict[str, RuleFigure]:
    """Each rule that gold has broken, the most frequent first; also where a case may break several."""
    metric = ALONE["per_rule"].load()
    broken = Counter(rule for prediction in predictions for rule in prediction.broken)
    rules = sorted(broken, key=lambda rule: (-broken[rule], rule))
    counts = metric.counts(**metric.columns(predictions), rules=rules)
    sheets = [metric.sheet([counts[:, 4 * place : 4 * place + 4]]) for place in range(len(rules))]
    clusters, cases = rows_of(predictions)
    found = {}
    for rule, figure in zip(rules, figures(sheets, clusters, RESAMPLES, cases=cases), strict=True):
        known = alone(figure)
        never = Estimate(nan, nan, nan, known["f1"].support)
        precision = known.get("precision", never)  # nobody cites it
        found[rule] = RuleFigure(**asdict(known["f1"]), precision=precision, recall=known["recall"])
    return found
