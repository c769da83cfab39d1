"""What a reviewer can do at the desk: one tool a file, each with the docstring that the model reads."""

from rl.desk.tool import Tool
from rl.desk.tools.frames import frames
from rl.desk.tools.read import read
from rl.desk.tools.read_rule import read_rule
from rl.desk.tools.search_rules import search_rules
from rl.desk.tools.transcript import transcript
from rl.desk.tools.zoom import zoom

SHIPPED: dict[str, Tool] = {
    function.__name__: Tool(function, safe=True, own=False)
    for function in (search_rules, read_rule, zoom, read, frames, transcript)
}
"""By name."""
