"""Judge: a reward that puts yes/no questions about a ruling to any server that speaks the OpenAI API."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from data import Ruling
from rewards.batch import Item
from rewards.model_based.judge.form import Answer, Form
from rewards.model_based.judge.messages import messages, ruling_shown
from rewards.model_based.judge.questions import MOST_CITED, Inquiry, inquire
from rewards.model_based.judge.server_reward import Consultation, Count, ServerReward
from rewards.score import Outcome, Score


@dataclass(kw_only=True, eq=False)
class Judge(ServerReward):
    """How many of the questions about a ruling are answered in its favour, 0..1; see `judge.questions`. A ruling that
    is too long to be judged, or cites more rules than the judge may be asked about, earns 0.

    Example:
        ``craft: {judge: {weight: 0.1, base_url: "http://localhost:8000/v1", model: "Qwen/Qwen3-8B"}}``
    """

    name: ClassVar[str] = "judge"

    images: bool = False
    """Show the case's pictures: for multimodal judges. Otherwise the judge is told that it does not see them."""
    picture_side: Count = 1024
    """Pixels that the longer side of a picture is scaled down to."""
    most_cited: Count = MOST_CITED
    """Cited rules that it may be asked about, a question each."""

    def consult(self, item: Item, ruling: Ruling) -> Consultation | Outcome:
        """The questions that the ruling raises."""
        inquiry = inquire(ruling, item.case, item.excerpt, self.most_cited)
        if not inquiry.questions:
            return inquiry.score({})
        if (low := self.too_long(ruling_shown(ruling, inquiry))) is not None:
            return low
        shown = messages(ruling, item.case, item.excerpt, inquiry, pictures=self.images)
        form = Form(tuple(question.name for question in inquiry.questions))
        return Consultation(shown, form, partial(_worth, inquiry), self.picture_side)


def _worth(inquiry: Inquiry, answers: Mapping[str, Answer]) -> Score:
    yes = {name: float(answer.answer == "yes") for name, answer in answers.items()}
    return inquiry.score(yes, {name: answer.because for name, answer in answers.items()})
