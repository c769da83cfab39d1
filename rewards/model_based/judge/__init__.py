"""The judge: closed questions about a ruling, put to a language model that cannot be spoken to by what it judges.

`questions` says what is asked about a ruling and what the answers are worth, `messages` what is shown; a local model
can be asked the same. `Judge` asks any server that speaks the OpenAI API, and so does `ReasoningJudge`, which sees the
reasoning alone.
"""

from rewards.model_based.judge.breaker import CircuitBreaker, CircuitOpen
from rewards.model_based.judge.cache import AnswerCache
from rewards.model_based.judge.client import Client, JudgeFault
from rewards.model_based.judge.form import Answer, Form, Unreadable
from rewards.model_based.judge.judge import Judge
from rewards.model_based.judge.messages import messages
from rewards.model_based.judge.questions import Inquiry, Question, inquire
from rewards.model_based.judge.reasoning_judge import ReasoningJudge
from rewards.model_based.judge.request import Request
from rewards.model_based.judge.server_reward import Consultation, ServerReward

__all__ = [
    "Answer",
    "AnswerCache",
    "CircuitBreaker",
    "CircuitOpen",
    "Client",
    "Consultation",
    "Form",
    "Inquiry",
    "Judge",
    "JudgeFault",
    "Question",
    "ReasoningJudge",
    "Request",
    "ServerReward",
    "Unreadable",
    "inquire",
    "messages",
]
