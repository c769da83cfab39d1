"""search_rules: which rules may matter to a few words."""

from rl.desk.material import Material
from rl.desk.shown import Shown, ToolError
from rl.desk.wording import MOST, shortened, worded


def search_rules(material: Material, query: str) -> Shown:
    """Look for rules that may matter.

    Args:
        query: words of the ad, or what a rule may be about.
    """
    if not query.strip():
        raise ToolError("the query is empty: give words of the ad, or what a rule may be about")
    found = material.search(query)
    if not found:
        return Shown(("no rule has any of these words",))
    wordings = {rule.id: worded(rule) for rule in found}
    whole = {rule: wording for rule, wording in wordings.items() if len(wording) <= MOST}
    return Shown(tuple(map(shortened, wordings.values())), rules=whole)
