"""read_rule: the whole wording of a rule."""

from data.errors import suggest
from rl.desk.material import Material
from rl.desk.shown import Shown, ToolError
from rl.desk.wording import worded


def read_rule(material: Material, id: str) -> Shown:
    """Read a rule in full, with its exceptions.

    Args:
        id: the rule's.
    """
    if id not in material.book:
        raise ToolError(f"there is no rule '{id[:64]}'{suggest(id, material.book.ids)}")
    wording = worded(material.book[id])
    return Shown((wording,), rules={id: wording})
