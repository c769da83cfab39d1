"""The metrics, by name: one `evaluate` module per file; see `rl.evaluation.metrics.counted` and `ranked`."""

from pathlib import Path

from rl.evaluation.metrics.auprc import AUPRC
from rl.evaluation.metrics.aurc import AURC
from rl.evaluation.metrics.balanced_accuracy import BalancedAccuracy
from rl.evaluation.metrics.brier import Brier
from rl.evaluation.metrics.cost import Cost
from rl.evaluation.metrics.counted import Counted
from rl.evaluation.metrics.ece import ECE
from rl.evaluation.metrics.escalation_rate_at_risk import EscalationRateAtRisk
from rl.evaluation.metrics.false_flag_rate import FalseFlagRate
from rl.evaluation.metrics.false_flag_rate_at_recall import FalseFlagRateAtRecall
from rl.evaluation.metrics.flip_recall import FlipRecall
from rl.evaluation.metrics.grounded_evidence_rate import GroundedEvidenceRate
from rl.evaluation.metrics.hold_rate import HoldRate
from rl.evaluation.metrics.interval_miou import IntervalMIoU
from rl.evaluation.metrics.macro_f1 import MacroF1
from rl.evaluation.metrics.majority_at_k import MajorityAtK
from rl.evaluation.metrics.miss_rate import MissRate
from rl.evaluation.metrics.pair_accuracy import PairAccuracy
from rl.evaluation.metrics.parse_rate import ParseRate
from rl.evaluation.metrics.pass_at_k import PassAtK
from rl.evaluation.metrics.per_rule import PerRule
from rl.evaluation.metrics.ranked import Ranked
from rl.evaluation.metrics.reasoning_agreement import ReasoningAgreement
from rl.evaluation.metrics.recall_at_precision import RecallAtPrecision
from rl.evaluation.metrics.region_iou import RegionIoU
from rl.evaluation.metrics.review_length import ReviewLength
from rl.evaluation.metrics.robustness import Robustness
from rl.evaluation.metrics.rule_f1 import RuleF1
from rl.evaluation.metrics.rule_macro_f1 import RuleMacroF1
from rl.evaluation.metrics.verdict_accuracy import VerdictAccuracy
from rl.evaluation.metrics.verdict_stability import VerdictStability

METRICS: dict[str, type[Counted]] = {
    "verdict_accuracy": VerdictAccuracy,
    "balanced_accuracy": BalancedAccuracy,
    "macro_f1": MacroF1,
    "miss_rate": MissRate,
    "false_flag_rate": FalseFlagRate,
    "cost": Cost,
    "recall_at_precision": RecallAtPrecision,
    "false_flag_rate_at_recall": FalseFlagRateAtRecall,
    "escalation_rate_at_risk": EscalationRateAtRisk,
    "brier": Brier,
    "rule_f1": RuleF1,
    "rule_macro_f1": RuleMacroF1,
    "grounded_evidence_rate": GroundedEvidenceRate,
    "region_iou": RegionIoU,
    "interval_miou": IntervalMIoU,
    "reasoning_agreement": ReasoningAgreement,
    "flip_recall": FlipRecall,
    "hold_rate": HoldRate,
    "pair_accuracy": PairAccuracy,
    "verdict_stability": VerdictStability,
    "robustness": Robustness,
    "pass_at_k": PassAtK,
    "majority_at_k": MajorityAtK,
    "parse_rate": ParseRate,
    "review_length": ReviewLength,
}
"""Formulas on summed counts, in the order in which tables show them."""

RANKED: dict[str, type[Ranked]] = {"auprc": AUPRC, "aurc": AURC}
"""Metrics that need all cases in order."""

ALONE: dict[str, type[Counted]] = {"ece": ECE, "per_rule": PerRule}
"""Metrics that tables of models do not have: one describes, and one has figures for every rule."""

_ALL: list[type[Counted] | type[Ranked]] = [*METRICS.values(), *RANKED.values()]

TITLES = {figure: title for metric in _ALL for figure, title in metric.titles.items()}
"""What people call each figure."""

NEUTRAL = {figure for metric in _ALL for figure in metric.neutral}
"""Figures of which neither more nor less is better by itself."""

LOWER_IS_BETTER = {figure for metric in _ALL for figure in metric.titles if metric.better == "lower"} - NEUTRAL

HEADLINE: tuple[str, ...] = (
    "verdict_accuracy", "coverage", "accuracy_when_decided", "macro_f1", "miss_rate", "false_flag_rate", "cost",
    "recall_at_precision_90", "achieved_precision_90", "false_flag_rate_at_recall_90", "achieved_recall_90",
    "escalation_rate_at_risk_05", "achieved_risk_05", "auprc", "brier", "rule_f1", "rule_precision", "rule_recall",
    "rule_macro_f1", "grounded_evidence_rate", "region_iou", "interval_miou", "reasoning_agreement", "flip_recall",
    "hold_rate", "pair_accuracy", "verdict_stability", "rule_order_stability", "rule_ids_stability",
    "paraphrase_stability", "pass_at_4", "majority_at_5", "parse_rate", "tokens_per_review",
)  # fmt: skip
"""The figures that tables show, where they apply; ``metrics.json`` has the others too."""


def metric_path(name: str) -> str:
    """The file to give to ``evaluate.load``."""
    return str(Path(__file__).parent / f"{name}.py")


__all__ = [
    "ALONE",
    "HEADLINE",
    "LOWER_IS_BETTER",
    "METRICS",
    "NEUTRAL",
    "RANKED",
    "TITLES",
    "Counted",
    "Ranked",
    "metric_path",
]
