"""How a case is asked about, and how the answer is read: messages out, rulings in."""

from prompts.episode import Episode, Served, Turn
from prompts.look import Look
from prompts.message import Message
from prompts.neutralise import neutralise, restore
from prompts.opening import opening_of
from prompts.parse import FailureReason, ParseFailure, answer_schema, parse
from prompts.reason import reason
from prompts.render import TEMPLATE_VERSION, TEMPLATES, render, template_version
from prompts.target import target
from prompts.write import write

__all__ = [
    "TEMPLATES",
    "TEMPLATE_VERSION",
    "Episode",
    "FailureReason",
    "Look",
    "Message",
    "ParseFailure",
    "Served",
    "Turn",
    "answer_schema",
    "neutralise",
    "opening_of",
    "parse",
    "reason",
    "render",
    "restore",
    "target",
    "template_version",
    "write",
]
