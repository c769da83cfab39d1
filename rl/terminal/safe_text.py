"""Text from a case or a model, made safe to show to people.

Control characters can move a terminal's cursor, and bidirectional controls can reorder what a reader sees. Both are
shown as what they are: ``⟨U+202E⟩``.
"""

import re

from data import Edit, Evidence, Interval, Quote, TextEdit

# C0 without tab and newline, delete, C1, then the bidirectional controls, the line and paragraph separators, the
# zero-width space, halves of surrogate pairs, and the byte order mark.
HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


def visible(text: str) -> str:
    """The text with every control character written out.

    Example:
        >>> visible("50% off\\x1b[2J\\u202egnp.exe")
        '50% off⟨U+001B⟩[2J⟨U+202E⟩gnp.exe'
    """
    return HIDDEN.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", text)


def one_line(text: str) -> str:
    """As `visible`, line breaks included: what is one line of a report stays one, and cannot pass for another.

    Example:
        >>> one_line("x\\n0 errors")
        'x⟨U+000A⟩0 errors'
    """
    return visible(text).replace("\n", "⟨U+000A⟩")


def told(evidence: Evidence) -> str:
    """Evidence in words, as it stands: not yet made visible.

    Example:
        >>> told(Quote(quote="cures all", field="title"))
        '“cures all” in title'
    """
    if isinstance(evidence, Quote):
        section = f" section {evidence.section}" if evidence.section is not None else ""
        return f"“{evidence.quote}” in {evidence.field}{section}"
    if isinstance(evidence, Interval):
        return "{:g} to {:g} s".format(*evidence.interval)
    where = f"image {evidence.image}" if evidence.image is not None else f"frame {evidence.frame}"
    return f"{where}, region " + " ".join(f"{edge:.2f}" for edge in evidence.region)


def told_edit(edit: Edit) -> str:
    """An edit in words, as it stands: not yet made visible.

    Example:
        >>> told_edit(TextEdit(field="title", old="cures all", why="CURE-1 does not allow it."))
        'title: take out “cures all”. CURE-1 does not allow it.'
    """
    if isinstance(edit, TextEdit):
        change = f"“{edit.old}” to “{edit.new}”" if edit.new else f"take out “{edit.old}”"
        told = f"{edit.field}: {change}."
    else:
        change = f"{edit.element} to {edit.new}" if edit.new else f"take out {edit.element}"
        told = f"{' '.join(map(str, edit.place))}: {change}."
    return f"{told} {edit.why}".rstrip()
