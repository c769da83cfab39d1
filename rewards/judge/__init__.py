"""The judge: yes/no questions about a ruling, put to a language model that cannot be spoken to by what it judges.

`questions` says what is asked and what the answers are worth, `messages` what is shown; a local model can be asked
the same. `Judge` asks any server that speaks the OpenAI API.
"""

from rewards.judge.breaker import CircuitBreaker, CircuitOpen
from rewards.judge.cache import AnswerCache
from rewards.judge.client import Client, JudgeFault
from rewards.judge.judge import Judge
from rewards.judge.messages import messages
from rewards.judge.questions import Inquiry, Question, inquire
from rewards.judge.request import Answer, Request

__all__ = [
    "Answer",
    "AnswerCache",
    "CircuitBreaker",
    "CircuitOpen",
    "Client",
    "Inquiry",
    "Judge",
    "JudgeFault",
    "Question",
    "Request",
    "inquire",
    "messages",
]
