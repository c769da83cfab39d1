from .by_rule import RuleFigure
from .comparison import Comparison, Gate, GateResult, compare, save_comparison
from .evaluate import evaluate_file, evaluate_model, predictions_of
from .evaluation import Evaluation
from .faithfulness.faithfulness import Probing
from .files import load_evaluation, save_evaluation
from .fixing import Fixing
from .measure import figures_of
from .metrics import HEADLINE, METRICS, RANKED, metric_path
from .outcomes import OUTCOMES, PREDICTED, cells, outcome
from .page import write_report
from .predictions import Prediction, import_predictions, load_predictions, save_predictions
from .ranking.curves import precision_recall, reliability, risk_coverage
from .ranking.thresholds import Thresholds, choose_thresholds
from .settings import Settings
from .statistics import Difference, Estimate, paired_difference
from .statistics.bootstrap import bootstrap
from .table import compare_table, rule_table
from .variants import variants_of

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
    "Fixing",
    "Gate",
    "GateResult",
    "Prediction",
    "Probing",
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
    "figures_of",
    "import_predictions",
    "load_evaluation",
    "load_predictions",
    "metric_path",
    "outcome",
    "paired_difference",
    "precision_recall",
    "predictions_of",
    "reliability",
    "risk_coverage",
    "rule_table",
    "save_comparison",
    "save_evaluation",
    "save_predictions",
    "variants_of",
    "write_report",
]
