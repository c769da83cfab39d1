"""Interval mIoU: how well the cited stretches of video or audio cover those of gold.

    interval mIoU = sum of IoU of cited and gold intervals, assigned one to one / (gold's + those cited beyond them)

An interval answers one whose rule (or an alternative) it is cited for. A gold interval that nothing answers counts 0,
whether its rule was missed or only its time. Source: the mIoU of temporal grounding, Gao et al. 2017, *TALL: Temporal
Activity Localization via Language Query*.
"""

from rl.evaluation.metrics import overlap


class IntervalMIoU(overlap.Overlap):
    figure = "interval_miou"
    kind = "interval"
