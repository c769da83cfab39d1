"""Opening: what a chat template has written of a completion before the model writes the rest.

Templates of reasoning models end the generation prompt with ``<think>``, often with a new line behind it. The model
goes on from there, so what it writes is a ruling only together with the opening, and a lesson has to begin with the
opening as the template writes it. Whatever reads completions or writes lessons asks `opening_of`, and nothing else.
"""

from typing import Any

from data import DataError
from prompts.chat import known_variables, without_payloads
from prompts.message import Message
from prompts.parse import END_THINK, THINK
from prompts.parts import Text
from prompts.processor import Processor

PROBE = "Is this ad allowed?"
SWITCHES = ("enable_thinking", "thinking")
"""What chat templates call the variable that lets a model reason."""


def opening_of(processor: Processor, **variables: Any) -> str:
    """The beginning of every completion, where the chat template writes it: ``<think>`` and what stands behind it.

    Args:
        variables: for the chat template; those that it does not know are left out.

    Returns:
        Nothing where the model itself has to begin.

    Raises:
        DataError: the template has closed the reasoning too, so that no ruling can follow; or it is damaged.
    """
    header = _header(processor, variables)
    if END_THINK in header:
        raise DataError(
            f"the chat template closes the reasoning before the model can write any ({_end(header)!r}), and a ruling "
            f"needs it: {_way_out(processor, variables)}"
        )
    _, tag, behind = header.partition(THINK)
    return tag + behind


def rest_of(completion: str, opening: str) -> str:
    """What is left for the model to write of a completion that `prompts.write` wrote.

    Example:
        >>> rest_of("<think>A-1: clear</think><answer>{}</answer>", "<think>\\n")
        'A-1: clear</think><answer>{}</answer>'
        >>> rest_of("<think>A-1: clear</think><answer>{}</answer>", "")
        '<think>A-1: clear</think><answer>{}</answer>'
    """
    return completion.removeprefix(THINK) if opening else completion


def _header(processor: Processor, variables: dict[str, Any]) -> str:
    """All that stands between what a user says and what the model writes."""
    asked = without_payloads([Message("user", (Text(PROBE),))], processor)
    settings: dict[str, Any] = {"tokenize": False, "add_generation_prompt": True}
    try:
        prompt: Any = processor.apply_chat_template(asked, **settings, **known_variables(processor, variables))
    except Exception as error:  # a template is a program of others, and may raise anything
        raise DataError(f"the model's chat template cannot be applied: {type(error).__name__}: {error}") from error
    return str(prompt).rpartition(PROBE)[2]


def _end(header: str) -> str:
    return header[max(0, header.find(THINK)) :]


def _way_out(processor: Processor, variables: dict[str, Any]) -> str:
    for name in known_variables(processor, dict.fromkeys(SWITCHES, True)):
        if END_THINK not in _header(processor, variables | {name: True}):
            return (
                f"set its variable '{name}' to true, under model.chat_template_kwargs in a recipe for training and "
                "decoding.chat_template_kwargs in one for evaluation"
            )
    return "give the model another one (chat_template.jinja in its folder)"
