"""Which model reviews better, on what, and how sure that is."""

from rl.evaluation.comparison.compare import compare
from rl.evaluation.comparison.comparison import Comparison, GateResult
from rl.evaluation.comparison.files import save_comparison
from rl.evaluation.comparison.gate import Criterion, Gate

__all__ = ["Comparison", "Criterion", "Gate", "GateResult", "compare", "save_comparison"]
