"""Which rules a case is shown: those that it names, or those that are retrieved for it from a book of any size."""

from prompts.excerpts.excerpts import Excerpts, Hit, retriever_of, scored
from prompts.excerpts.retriever import Retriever, ranked
from prompts.excerpts.settings import ExcerptChoice, RetrievalConfig

__all__ = ["ExcerptChoice", "Excerpts", "Hit", "RetrievalConfig", "Retriever", "ranked", "retriever_of", "scored"]
