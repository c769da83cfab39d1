"""Desk: one case with the tools of a reviewer, and what is left of the budget.

Whatever a tool does, a policy gets an answer: an error and an exhausted budget are answers too. Nothing outside of the
case and its book can be reached through the tools that are shipped.
"""

from collections.abc import Sequence

from data import Brief, DataError, Rulebook
from data.errors import suggest
from prompts import Look
from rl.config.desk import DeskConfig
from rl.desk.answer import Answer, Piece
from rl.desk.calls import BadCall, ToolCall, calls_of
from rl.desk.instructions import instructions
from rl.desk.material import Material, Search
from rl.desk.run import outcome_of
from rl.desk.search import search_in
from rl.desk.serve import Left, Server
from rl.desk.shown import ToolError
from rl.desk.tool import Tool

SPENT = "no calls are left: give your answer now"


class Desk:
    """One episode at the desk.

    Args:
        brief: the case, and the rules that its prompt shows.
        book: the whole book.
        tools: what can be done.
        budget: how much may be looked at.
        search: how rules are looked for in the whole book, where that is made once for all cases.
        special_tokens: literals of the tokenizer at hand; see `prompts.neutralise`.
    """

    def __init__(
        self,
        brief: Brief,
        book: Rulebook,
        tools: Sequence[Tool],
        budget: DeskConfig,
        *,
        search: Search | None = None,
        special_tokens: tuple[str, ...] = (),
    ):
        within = book if brief.excerpt.retrieved else brief.excerpt
        self.brief, self.book, self.budget = brief, book, budget
        self.looked: list[Look] = []
        """What was looked at so far."""
        self._tools = {tool.name: tool for tool in tools}
        usual = search if search is not None and within is book else search_in(within, budget.search)
        self._material = Material(brief, within, usual, budget.picture_side)
        left = Left(budget.max_calls, budget.max_tokens, budget.max_pictures)
        self._serving, self._warned = Server(left, special_tokens, brief.id), False

    @property
    def schemas(self) -> list[dict[str, object]]:
        """What chat templates and the APIs of servers take as ``tools``."""
        return [tool.schema for tool in self._tools.values()]

    @property
    def instructions(self) -> str:
        """What the prompt says of tools and budgets."""
        return instructions(tuple(self._tools.values()), self.budget)

    @property
    def judged(self) -> Brief:
        """The case under all the rules that have been shown, by the prompt and by tools: what a ruling is held
        against."""
        return self.brief.with_rules((rule for look in self.looked for rule in look.rules), self.book)

    def answer(self, text: str) -> Answer | None:
        """What a policy's turn is answered; None where the turn is final, or asks for more once it has been told that
        nothing is left.
        """
        calls = calls_of(text)
        return self.answer_calls(calls) if calls else None

    def answer_calls(self, calls: Sequence[ToolCall | BadCall]) -> Answer | None:
        """The same, for calls that were read by somebody else: a server's API has them apart."""
        if self._warned:
            return None
        answer = Answer(tuple(map(self._answered, calls)))
        self.looked += answer.looks
        return answer

    def _answered(self, call: ToolCall | BadCall) -> Piece:
        left = self._serving.left
        if left.calls < 1:
            self._warned = True
            return self._serving.error(call, SPENT)
        left.calls -= 1
        if isinstance(call, BadCall):
            return self._serving.error(call, call.reason)
        if (tool := self._tools.get(call.name)) is None:
            known = f"{suggest(call.name, self._tools)}: there are {', '.join(self._tools)}"
            return self._serving.error(call, f"there is no tool '{call.name[:64]}'{known}")
        try:
            shown = outcome_of(tool, self._material, call.arguments, self.budget.seconds)
        except ToolError as error:
            return self._serving.error(call, str(error))
        except DataError as error:  # its place is a path of this machine, and no business of the model's
            return self._serving.error(call, error.message)
        return (self._serving.blank if call.name in self.budget.blank else self._serving.shown)(call, shown)
