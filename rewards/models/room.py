"""Room: how much of a model's context a ruling is entitled to, so that none is unscored for its own length.

What a model is asked about a ruling holds its case as well, and together they may be longer than its context. Whose
fault that is must not depend on how long a policy chose to write: a case beside which the room is not free is too long
for the model, whatever the ruling; beside any other, a ruling that does not fit is too long itself, and earns the low
end.
"""

from collections.abc import Callable

from data import DataError

MOST_ROOM = 2048
"""Tokens that a ruling is entitled to; in a short context, a quarter of it."""


class RulingTooLong(Exception):
    """The ruling does not fit into the context, beside a case that leaves it room enough."""


def check_room(length: int, case_length: Callable[[], int], context: int) -> None:
    """Returns where a ruling and its case can be put to a model.

    Args:
        length: tokens of both together.
        case_length: counts those that are left when nothing is shown of the ruling; called only where it is tight.
        context: tokens that the model can take.

    Raises:
        DataError: the case is too long.
        RulingTooLong: the ruling is.

    Example:
        >>> check_room(900, lambda: 500, context=1024)
        >>> for case in (700, 800):
        ...     try:
        ...         check_room(1100, lambda: case, context=1024)
        ...     except (DataError, RulingTooLong) as error:
        ...         print(error)
        too long to be judged: 400 tokens, and beside its case the context of 1024 holds 324
        800 tokens without the ruling, and it is entitled to 256: more than the context of 1024 of the reward's model
    """
    room = min(MOST_ROOM, context // 4)
    if length + room <= context:
        return
    alone = case_length()
    if alone + room > context:
        raise DataError(
            f"{alone} tokens without the ruling, and it is entitled to {room}: more than the context of {context} of "
            "the reward's model"
        )
    if length > context:
        raise RulingTooLong(
            f"too long to be judged: {length - alone} tokens, and beside its case the context of {context} holds "
            f"{context - alone}"
        )
