"""Hold rate: of the pairs in which a change of rules leaves the right verdict as it is, the share where it stays.

    hold rate = other pairs with one and the same verdict for both twins / other pairs

Whether that verdict is right is pair accuracy's business; twins that are both unparsed do not hold. Source: invariance
tests, Ribeiro et al. 2020, *Beyond Accuracy: Behavioral Testing of NLP Models with CheckList*.
"""

from collections.abc import Sequence

from rl.evaluation.metrics import counted, twins
from rl.evaluation.predictions import NO_RULING


class HoldRate(twins.Twins):
    def count(self, verdicts: Sequence[str], right: Sequence[bool], flips: bool) -> tuple[bool, bool]:
        return len(set(verdicts)) == 1 and verdicts[0] not in NO_RULING, not flips

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"hold_rate": counted.ratio(totals[..., 0], totals[..., 1])}
