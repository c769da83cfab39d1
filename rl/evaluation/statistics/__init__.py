"""The statistics of paired comparison: arrays in, figures out. Nothing here knows of models or rules."""

from rl.evaluation.statistics.clusters import Clusters
from rl.evaluation.statistics.corrections import holm, max_t_level
from rl.evaluation.statistics.effect_size import cohens_g, cohens_h, odds_ratio
from rl.evaluation.statistics.estimate import Difference, Estimate
from rl.evaluation.statistics.figure import SHARE, Bounds, Figure, Sheet, figures
from rl.evaluation.statistics.mcnemar import mcnemar
from rl.evaluation.statistics.paired import paired_difference
from rl.evaluation.statistics.pairing import Pairing
from rl.evaluation.statistics.power import cases_to_decide, cases_to_see
from rl.evaluation.statistics.quantile import Quantile, quantile
from rl.evaluation.statistics.rate import Rate
from rl.evaluation.statistics.share import Share
from rl.evaluation.statistics.sign_flip import sign_flip
from rl.evaluation.statistics.tango import tango

__all__ = [
    "SHARE",
    "Bounds",
    "Clusters",
    "Difference",
    "Estimate",
    "Figure",
    "Pairing",
    "Quantile",
    "Rate",
    "Share",
    "Sheet",
    "cases_to_decide",
    "cases_to_see",
    "cohens_g",
    "cohens_h",
    "figures",
    "holm",
    "max_t_level",
    "mcnemar",
    "odds_ratio",
    "paired_difference",
    "quantile",
    "sign_flip",
    "tango",
]
