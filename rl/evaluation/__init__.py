"""How well a model reviews: predictions, outcomes, metrics with intervals, and a page that shows them."""

from rl.evaluation.by_rule import RuleFigure
from rl.evaluation.comparison import Comparison, Gate, GateResult, compare, save_comparison
from rl.evaluation.evaluate import evaluate_file, evaluate_model, predictions_of
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.measure import measure
from rl.evaluation.metrics import HEADLINE, METRICS, RANKED, metric_path
from rl.evaluation.outcomes import OUTCOMES, PREDICTED, cells, outcome
from rl.evaluation.page import write_report
from rl.evaluation.predictions import Prediction, import_predictions, load_predictions, save_predictions
from rl.evaluation.ranking.curves import precision_recall, reliability, risk_coverage
from rl.evaluation.ranking.thresholds import Thresholds, choose_thresholds
from rl.evaluation.settings import Settings
from rl.evaluation.statistics import Difference, paired_difference
from rl.evaluation.statistics.bootstrap import Estimate, bootstrap
from rl.evaluation.table import compare_table, rule_table
from rl.evaluation.variants import variants

__all__ = [
    "HEADLINE",
    "METRICS",
    "OUTCOMES",
    "PREDICTED",
    "RANKED",
    "Comparison",
    "Difference",
    "Estimate",
    "Evaluation",
    "Gate",
    "GateResult",
    "Prediction",
    "RuleFigure",
    "Settings",
    "Thresholds",
    "bootstrap",
    "cells",
    "choose_thresholds",
    "compare",
    "compare_table",
    "evaluate_file",
    "evaluate_model",
    "import_predictions",
    "load_predictions",
    "measure",
    "metric_path",
    "outcome",
    "paired_difference",
    "precision_recall",
    "predictions_of",
    "reliability",
    "risk_coverage",
    "rule_table",
    "save_comparison",
    "save_predictions",
    "variants",
    "write_report",
]
