"""The metrics, by name: one `evaluate` module per file; see `rl.evaluation.metrics.counted`."""

from pathlib import Path

from rl.evaluation.metrics.counted import Counted
from rl.evaluation.metrics.false_flag_rate import FalseFlagRate
from rl.evaluation.metrics.flip_recall import FlipRecall
from rl.evaluation.metrics.grounded_evidence_rate import GroundedEvidenceRate
from rl.evaluation.metrics.hold_rate import HoldRate
from rl.evaluation.metrics.macro_f1 import MacroF1
from rl.evaluation.metrics.miss_rate import MissRate
from rl.evaluation.metrics.pair_accuracy import PairAccuracy
from rl.evaluation.metrics.parse_rate import ParseRate
from rl.evaluation.metrics.rule_f1 import RuleF1
from rl.evaluation.metrics.rule_macro_f1 import RuleMacroF1
from rl.evaluation.metrics.verdict_accuracy import VerdictAccuracy

METRICS: dict[str, type[Counted]] = {
    "verdict_accuracy": VerdictAccuracy,
    "miss_rate": MissRate,
    "false_flag_rate": FalseFlagRate,
    "macro_f1": MacroF1,
    "rule_f1": RuleF1,
    "rule_macro_f1": RuleMacroF1,
    "grounded_evidence_rate": GroundedEvidenceRate,
    "flip_recall": FlipRecall,
    "hold_rate": HoldRate,
    "pair_accuracy": PairAccuracy,
    "parse_rate": ParseRate,
}
"""In the order in which tables show them."""

TITLES = {figure: title for metric in METRICS.values() for figure, title in metric.titles.items()}
"""What people call each figure."""

LOWER_IS_BETTER = {figure for metric in METRICS.values() for figure in metric.titles if metric.better == "lower"}


def metric_path(name: str) -> str:
    """The file to give to ``evaluate.load``."""
    return str(Path(__file__).parent / f"{name}.py")


__all__ = ["LOWER_IS_BETTER", "METRICS", "TITLES", "Counted", "metric_path"]
