"""How an answer is scored: small pure rewards, and the rubric that prices, weighs and gates them."""

from data.quotes import find_quote
from rewards.batch import BatchReward, Item
from rewards.hindsight.forecast import Forecast, Outlook, forecast
from rewards.hindsight.replay import Replay, replay
from rewards.hindsight.rescoring import Earned, Group, Rescored, rescore
from rewards.lookup import find_reward
from rewards.pure.advice import advice
from rewards.pure.calibration import calibration, log_score
from rewards.pure.evidence import evidence, grounded
from rewards.pure.gates import reasoning_agreement, rulebook_consistency
from rewards.pure.intent import intent
from rewards.pure.language import language
from rewards.pure.live import delay, false_alarm
from rewards.pure.matching import Matching, Pair, match
from rewards.pure.penalties import incomplete, overcitation, overlong, repetition
from rewards.pure.rules import rules
from rewards.pure.utility import Prices, SeverityWeights, verdict_utility
from rewards.reward import Reward, reward
from rewards.reward_function import RewardFunction, TooManyUnscored
from rewards.score import NotApplicable, Outcome, RewardError, Score, Unscored
from rewards.scoring.component import Component
from rewards.scoring.rubric import Rubric
from rewards.scoring.schedule import Schedule
from rewards.scoring.scorecard import Scorecard, count_faults
from rewards.scoring.summary import Figures, Summary

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
    "advice",
    "calibration",
    "count_faults",
    "delay",
    "evidence",
    "false_alarm",
    "find_quote",
    "find_reward",
    "forecast",
    "grounded",
    "incomplete",
    "intent",
    "language",
    "log_score",
    "match",
    "overcitation",
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
