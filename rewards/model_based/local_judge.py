"""LocalJudge: the judge's yes/no questions, put to a model in this process; how surely it says so is the value.

For each question of `judge.questions`, the probabilities of the answer's first token are summed over the spellings of
*yes* and of *no*. The answer that speaks for the ruling counts as P(wanted) / max(P(yes) + P(no), ½): of
what is said, the share that is in favour. Where the model says less than half of the time either, the rest counts
against the ruling, so that no completion gains by getting the judge to say something else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from data import DataError, Ruling
from prompts import Message
from prompts.chat import Conversation
from prompts.parts import Text
from rewards.batch import Item
from rewards.model_based.judge.messages import messages
from rewards.model_based.judge.questions import MOST_CITED, Inquiry, Question, inquire
from rewards.model_based.local_reward import Count, LocalReward, low_if_too_long
from rewards.score import Outcome, Score

LEAST_SAID = 0.5
"""Yes and no together hold at least so much, or the rest counts against the ruling."""
_PLAIN_QUESTION = (
    Message("system", (Text("Answer with one word, yes or no."),)),
    Message("user", (Text("Is two more than one?"),)),
)


@dataclass(kw_only=True, eq=False)
class LocalJudge(LocalReward):
    """How surely a local text or vision-language model answers the questions about a ruling in its favour, 0..1.

    A model that sees is shown the case's pictures; another is told that it does not see them. Models that think first
    are asked not to.

    Raises:
        DataError: when built: there is no such model, or asked a plain question it answers neither yes nor no.

    Example:
        ``craft: {local_judge: {weight: 0.1, model: "Qwen/Qwen3-1.7B"}}``
    """

    name: ClassVar[str] = "local_judge"

    most_cited: Count = MOST_CITED
    """Rules that a ruling may cite, a question each; one that cites more earns 0."""

    def __post_init__(self) -> None:
        from prompts.processor import tokenizer_of
        from rewards.models.local_model import LocalModel

        self._local = LocalModel.load(self.model, self.dtype, self.device)
        tokenizer = tokenizer_of(self._local.processor)
        yes, no = _first_tokens(tokenizer, "yes"), _first_tokens(tokenizer, "no")
        self._yes, self._no = sorted(yes - no), sorted(no - yes)
        if not self._yes or not self._no:
            raise DataError("its tokenizer does not tell yes from no by the first token", file=self.model)
        self._check_that_it_answers()

    def score_batch(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        """One Score for each item, or the fault that there is none."""
        rulings = [_parsed(item) for item in items]
        inquiries = [
            inquire(ruling, item.case, item.excerpt, self.most_cited)
            for ruling, item in zip(rulings, items, strict=True)
        ]
        asked = [(row, question) for row, inquiry in enumerate(inquiries) for question in inquiry.questions]

        def about_nothing(at: int) -> Conversation:
            row, question = asked[at]
            nothing = Ruling(verdict=rulings[row].verdict, confidence=1.0)
            return self._messages(nothing, items[row], Inquiry((), {}), question)

        shown = [self._messages(rulings[row], items[row], inquiries[row], question) for row, question in asked]
        answers = self._ask(shown, about_nothing)
        yes: list[dict[str, float]] = [{} for _ in items]
        without: dict[int, Score | Exception] = {}
        for (row, question), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Exception):
                without.setdefault(row, low_if_too_long(answer))
            else:
                yes[row][question.name] = how_surely_yes(question, *answer)
        return [without.get(row) or inquiry.score(yes[row]) for row, inquiry in enumerate(inquiries)]

    def _messages(self, ruling: Ruling, item: Item, inquiry: Inquiry, question: Question) -> Conversation:
        return messages(
            ruling,
            item.case,
            item.excerpt,
            inquiry,
            questions=[question],
            pictures=self._local.sees,
            one_word=True,
            special_tokens=self._local.special_tokens,
        )

    def _ask(
        self, shown: Sequence[Conversation], case_of: Callable[[int], Conversation] | None = None
    ) -> list[tuple[float, float] | Exception]:
        """P(yes) and P(no) for each conversation."""

        def read(inputs: Any, rows: list[int]) -> list[tuple[float, float]]:
            logits = self._local.forward(inputs, logits_to_keep=1).logits[:, -1].float()
            probabilities = logits.softmax(dim=-1).cpu()
            yes, no = (probabilities[:, tokens].sum(dim=-1).tolist() for tokens in (self._yes, self._no))
            return list(zip(yes, no, strict=True))

        return self._local.each(shown, read, self.batch_size, case_of=case_of, enable_thinking=False)

    def _check_that_it_answers(self) -> None:
        (answer,) = self._ask([_PLAIN_QUESTION])
        if isinstance(answer, Exception):
            raise DataError(f"the model cannot be asked: {answer}", file=self.model) from answer
        if sum(answer) < LEAST_SAID:
            raise DataError(
                f"asked a plain question, the model says yes or no with a probability of {sum(answer):.2f}: take an "
                "instruction-tuned model, and one that does not think before it answers",
                file=self.model,
            )


def how_surely_yes(question: Question, yes: float, no: float) -> float:
    """The answer *yes* to a question, 0..1, with what was neither said counted against the ruling.

    Example:
        >>> broken, invents = Question("broken_1", "Is it?", "yes"), Question("invents", "Does it?", "no")
        >>> how_surely_yes(broken, 0.75, 0.25), how_surely_yes(invents, 0.75, 0.25)
        (0.75, 0.75)
        >>> how_surely_yes(broken, 0.1, 0.0), how_surely_yes(invents, 0.0, 0.1)
        (0.2, 0.8)
    """
    said = max(yes + no, LEAST_SAID)
    return yes / said if question.wanted == "yes" else 1.0 - no / said


def _first_tokens(tokenizer: Any, word: str) -> set[int]:
    """The tokens that are an answer of this word, however it is spelt; where no token is one, those that begin one."""
    spellings = [blank + form for blank in ("", " ") for form in (word, word.capitalize(), word.upper())]
    written = [tokenizer(spelling, add_special_tokens=False)["input_ids"] for spelling in spellings]
    return {ids[0] for ids in written if len(ids) == 1} or {ids[0] for ids in written}


def _parsed(item: Item) -> Ruling:
    assert isinstance(item.ruling, Ruling), "a parse failure is not put to a judge"
    return item.ruling
