"""Interval mIoU: how well the cited stretches of video or audio cover those of gold.

    interval mIoU = sum of IoU of cited and gold intervals, assigned one to one / (gold's + those cited beyond them)
    intervals at IoU m = those of these pairs with an IoU of m at least / (gold's + those cited beyond them)

An interval answers one whose rule (or an alternative) it is cited for. A gold interval that nothing answers counts 0,
whether its rule was missed or only its time. Source: the mIoU and "R@1, IoU=m" of temporal grounding, Gao et al. 2017,
*TALL: Temporal Activity Localization via Language Query*, where a query has one interval of each kind.
"""

from collections.abc import Mapping
from typing import ClassVar

from rl.evaluation.metrics import overlap


class IntervalMIoU(overlap.Overlap):
    figure = "interval_miou"
    kind = "interval"
    reached: ClassVar[Mapping[str, float]] = {f"intervals_at_iou_{round(100 * m)}": m for m in (0.3, 0.5, 0.7)}
