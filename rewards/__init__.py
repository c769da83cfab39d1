"""How an answer is scored: small pure rewards, and the rubric that prices, weighs and gates them."""

from data.quotes import find_quote
from rewards.batch import BatchReward, Item
from rewards.calibration import calibration, log_score
from rewards.evidence import evidence, grounded
from rewards.forecast import Forecast, Outlook, forecast
from rewards.gates import reasoning_agreement, rulebook_consistency
from rewards.intent import intent
from rewards.language import language
from rewards.lookup import find_reward
from rewards.matching import Matching, Pair, match
from rewards.penalties import incomplete, overlong, repetition
from rewards.replay import Replay, replay
from rewards.rescoring import Earned, Group, Rescored, rescore
from rewards.reward import Reward, reward
from rewards.rubric import Rubric
from rewards.rules import rules
from rewards.schedule import Schedule
from rewards.score import NotApplicable, Outcome, RewardError, Score, Unscored
from rewards.scorecard import Component, Scorecard, count_faults
from rewards.summary import Figures, Summary
from rewards.trl import RewardFunction, TooManyUnscored
from rewards.utility import Prices, SeverityWeights, verdict_utility

__all__ = [
    "BatchReward",
    "Component",
    "Earned",
    "Figures",
    "Forecast",
    "Group",
    "Item",
    "Matching",
    "NotApplicable",
    "Outcome",
    "Outlook",
    "Pair",
    "Prices",
    "Replay",
    "Rescored",
    "Reward",
    "RewardError",
    "RewardFunction",
    "Rubric",
    "Schedule",
    "Score",
    "Scorecard",
    "SeverityWeights",
    "Summary",
    "TooManyUnscored",
    "Unscored",
    "calibration",
    "count_faults",
    "evidence",
    "find_quote",
    "find_reward",
    "forecast",
    "grounded",
    "incomplete",
    "intent",
    "language",
    "log_score",
    "match",
    "overlong",
    "reasoning_agreement",
    "repetition",
    "replay",
    "rescore",
    "reward",
    "rulebook_consistency",
    "rules",
    "verdict_utility",
]
