"""How well a model reviews: predictions, outcomes, metrics with intervals, and a page that shows them."""

from rl.evaluation.bootstrap import Estimate, bootstrap
from rl.evaluation.comparison import Comparison, Gate, compare, save_comparison
from rl.evaluation.evaluate import evaluate_file, evaluate_model, read_completions
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.measure import measure
from rl.evaluation.metrics import METRICS, metric_path
from rl.evaluation.outcomes import OUTCOMES, PREDICTED, cells, outcome
from rl.evaluation.page import write_report
from rl.evaluation.predictions import Prediction, import_predictions, load_predictions, save_predictions
from rl.evaluation.statistics import Difference, paired_difference
from rl.evaluation.table import compare_table, rule_table

__all__ = [
    "METRICS",
    "OUTCOMES",
    "PREDICTED",
    "Comparison",
    "Difference",
    "Estimate",
    "Evaluation",
    "Gate",
    "Prediction",
    "bootstrap",
    "cells",
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
    "read_completions",
    "rule_table",
    "save_comparison",
    "save_predictions",
    "write_report",
]
