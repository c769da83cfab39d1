"""Region IoU: how well the cited boxes cover those of gold.

    region IoU = sum of IoU of cited and gold boxes, assigned one to one / (gold boxes + boxes cited beyond them)

A box answers one in the same image or frame whose rule (or an alternative) it is cited for. A gold box that nothing
answers counts 0, whether its rule was missed or only its place. Source: Everingham et al. 2010, *The PASCAL Visual
Object Classes Challenge*, for the overlap.
"""

from rl.evaluation.metrics import overlap


class RegionIoU(overlap.Overlap):
    figure = "region_iou"
    kind = "region"
