"""How an answer is scored: small pure rewards, and the rubric that prices, weighs and gates them."""

from data.quotes import find_quote
from rewards.calibration import calibration
from rewards.evidence import evidence, grounded
from rewards.gates import reasoning_names_citations, rulebook_consistency
from rewards.intent import intent
from rewards.matching import Matching, Pair, match
from rewards.penalties import overlong, repetition
from rewards.reward import Reward, RewardError, find_reward, reward
from rewards.rubric import Rubric
from rewards.rules import rules
from rewards.score import NotApplicable, Score, Unscored
from rewards.scorecard import Component, Scorecard, count_faults
from rewards.trl import RewardFunction
from rewards.utility import Prices, SeverityWeights, verdict_utility

__all__ = [
    "Component",
    "Matching",
    "NotApplicable",
    "Pair",
    "Prices",
    "Reward",
    "RewardError",
    "RewardFunction",
    "Rubric",
    "Score",
    "Scorecard",
    "SeverityWeights",
    "Unscored",
    "calibration",
    "count_faults",
    "evidence",
    "find_quote",
    "find_reward",
    "grounded",
    "intent",
    "match",
    "overlong",
    "reasoning_names_citations",
    "repetition",
    "reward",
    "rulebook_consistency",
    "rules",
    "verdict_utility",
]
