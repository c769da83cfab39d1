"""read: a text field, or a section of the page, part by part."""

from data.page import PAGE
from rl.desk.material import Material
from rl.desk.shown import Shown, ToolError

PART = 2000
"""Characters of a part."""
MOST_DIGITS = 9
"""Of a section's number: Python turns a few thousand into no number."""


def read(material: Material, field: str, part: int = 0) -> Shown:
    """Read a text field, or a section of the page that the ad leads to.

    Args:
        field: the field's name, or "page 2" for the page's section 2.
        part: long texts have several parts, counted from 0.
    """
    name, section = field.strip(), None
    sections = material.case.page.sections if material.case.page is not None else []
    if name.split(" ")[0] == PAGE and sections:
        number = name.removeprefix(PAGE).strip().removeprefix("section").strip()
        if not number.isdecimal() or len(number) > MOST_DIGITS or int(number) >= len(sections):
            raise ToolError(f'the page has sections 0 to {len(sections) - 1}: ask for one, as in "page 0"')
        name, section = PAGE, int(number)
        text = sections[section].whole
    else:
        fields = material.case.fields
        if name not in fields:
            raise ToolError(f"there is no field '{name[:64]}': there are {', '.join(fields) or 'none'}")
        text = fields[name]
    parts = max(1, -(-len(text) // PART))
    if not 0 <= part < parts:
        raise ToolError(f"there is no part {part}: there are {parts}, counted from 0")
    shown = text[part * PART : (part + 1) * PART]
    more = f"\n(part {part} of {parts}, counted from 0)" if parts > 1 else ""
    return Shown((shown + more,), source=name, section=section)
