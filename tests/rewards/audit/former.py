"""The gate that there was before reasoning ended in findings, to show what it let through.

It asks that cited rules are named in the reasoning, and not cleared by "no".
"""

import re

from rewards import reward


@reward(name="t_former_agreement", range=(0, 1))
def former_agreement(ruling, case, excerpt):
    """1 where each cited rule is named in the reasoning, and the last that is said of it is not ``no.``"""
    for violation in ruling.violations:
        said = re.findall(rf"{re.escape(violation.rule)}\s*[:：]\s*([Nn][Oo](?=\s*(?:[.;。]|$))|\S)", ruling.reasoning)
        if violation.rule not in ruling.reasoning or (said and said[-1].lower() == "no"):
            return 0.0
    return 1.0
