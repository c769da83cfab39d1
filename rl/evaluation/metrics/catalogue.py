"""Catalogue: every metric by name, with its figures, what they are called and which way they are better.

Tables and gates ask for no more. The metric itself is an `evaluate` module in the file of its name, and that library
takes seconds to import: `Entry.load` does it, when there is a figure to work out.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

if TYPE_CHECKING:
    from rl.evaluation.metrics.counted import Counted
    from rl.evaluation.metrics.ranked import Ranked

Metric = TypeVar("Metric")


@dataclass(frozen=True)
class Entry(Generic[Metric]):
    """What is known of a metric without its formula."""

    name: str
    """Its own, and its file's."""
    titles: Mapping[str, str]
    """What people call its figures, by the figure's name, in the metric's own order."""
    better: Literal["higher", "lower"] = "higher"
    neutral: Collection[str] = ()
    """Figures of which neither more nor less is better by itself."""
    share: bool = True
    """Whether the figures are shares, 0..1."""

    def load(self) -> Metric:
        """The metric, found in its file as `evaluate` finds it."""
        from evaluate.loading import import_main_class

        return cast(Metric, import_main_class(f"{__package__}.{self.name}")())


def metric_path(name: str) -> str:
    """The file to give to ``evaluate.load``."""
    return str(Path(__file__).with_name(f"{name}.py"))


def _by_name(entries: "Iterable[Entry[Metric]]") -> "dict[str, Entry[Metric]]":
    return {entry.name: entry for entry in entries}


METRICS: "dict[str, Entry[Counted]]" = _by_name(
    [
        Entry(
            "verdict_accuracy",
            {
                "verdict_accuracy": "verdict accuracy",
                "coverage": "coverage",
                "accuracy_when_decided": "accuracy when decided",
            },
            neutral=["coverage"],
        ),
        Entry("balanced_accuracy", {"balanced_accuracy": "balanced accuracy"}),
        Entry("macro_f1", {"macro_f1": "verdict macro-F1"}),
        Entry("miss_rate", {"miss_rate": "miss rate"}, "lower"),
        Entry("false_flag_rate", {"false_flag_rate": "false-flag rate"}, "lower"),
        Entry("cost", {"cost": "cost a case"}, "lower", share=False),
        Entry(
            "recall_at_precision",
            {
                "recall_at_precision_90": "recall at precision .90",
                "achieved_precision_90": "precision achieved for .90",
                "recall_at_precision_95": "recall at precision .95",
                "achieved_precision_95": "precision achieved for .95",
            },
            neutral=["achieved_precision_90", "achieved_precision_95"],
        ),
        Entry(
            "false_flag_rate_at_recall",
            {
                "false_flag_rate_at_recall_90": "false-flag rate at recall .90",
                "achieved_recall_90": "recall achieved for .90",
                "false_flag_rate_at_recall_95": "false-flag rate at recall .95",
                "achieved_recall_95": "recall achieved for .95",
            },
            "lower",
            neutral=["achieved_recall_90", "achieved_recall_95"],
        ),
        Entry(
            "escalation_rate_at_risk",
            {
                "escalation_rate_at_risk_05": "escalation rate at error .05",
                "achieved_risk_05": "error achieved for .05",
            },
            "lower",
            neutral=["achieved_risk_05"],
        ),
        Entry("brier", {"brier": "Brier score of risk"}, "lower"),
        Entry("rule_f1", {"rule_f1": "rule F1", "rule_precision": "rule precision", "rule_recall": "rule recall"}),
        Entry("rule_macro_f1", {"rule_macro_f1": "rule macro-F1"}),
        Entry("grounded_evidence_rate", {"grounded_evidence_rate": "grounded-evidence rate"}),
        Entry("region_iou", {"region_iou": "region IoU"}),
        Entry(
            "interval_miou",
            {
                "interval_miou": "interval mIoU",
                "intervals_at_iou_30": "intervals at IoU .30",
                "intervals_at_iou_50": "intervals at IoU .50",
                "intervals_at_iou_70": "intervals at IoU .70",
            },
        ),
        Entry("frame_hit_rate", {"frame_hit_rate": "frame hit rate"}),
        Entry("reasoning_agreement", {"reasoning_agreement": "reasoning agreement"}),
        Entry("fixed_at_first_try", {"fixed_at_first_try": "fixed at first try"}),
        Entry("needless_change", {"needless_change": "needless change"}, "lower"),
        Entry("refused_to_fix", {"refused_to_fix": "refused to fix what words cannot"}),
        Entry(
            "accuracy_without_reasoning",
            {"accuracy_without_reasoning": "verdict accuracy without reasoning"},
            neutral=["accuracy_without_reasoning"],
        ),
        Entry(
            "reasoning_gain",
            {"reasoning_gain": "verdict accuracy gained by reasoning"},
            neutral=["reasoning_gain"],
            share=False,
        ),
        Entry(
            "sufficiency",
            {"sufficiency": "verdict kept, case withheld", "sufficiency_of_decision": "decision kept, case withheld"},
        ),
        Entry("necessity", {"necessity": "decision follows a flipped finding"}),
        Entry("necessity_of_broken", {"necessity_of_broken": "… broken flipped to clear"}),
        Entry("necessity_of_clear", {"necessity_of_clear": "… clear flipped to broken"}),
        Entry(
            "requoted_change_rate",
            {"requoted_change_rate": "decision changes with foreign quotes"},
            neutral=["requoted_change_rate"],
        ),
        Entry("resampled_flip_rate", {"resampled_flip_rate": "verdict changes with other reasoning"}, "lower"),
        Entry("flip_recall", {"flip_recall": "flip recall"}),
        Entry("hold_rate", {"hold_rate": "hold rate"}),
        Entry("pair_accuracy", {"pair_accuracy": "pair accuracy"}),
        Entry("verdict_stability", {"verdict_stability": "verdict stability over samples"}),
        Entry(
            "robustness",
            {
                "rule_order_stability": "verdict stability, rule order",
                "rule_ids_stability": "verdict stability, rule names",
                "paraphrase_stability": "verdict stability, paraphrase",
            },
        ),
        Entry("pass_at_k", {f"pass_at_{k}": f"pass@{k}" for k in (2, 4, 8, 16)}),
        Entry("majority_at_k", {f"majority_at_{k}": f"majority@{k}" for k in (3, 5, 8, 16)}),
        Entry("parse_rate", {"parse_rate": "parse rate"}),
        Entry(
            "review_length",
            {"tokens_per_review": "tokens a review", "characters_per_review": "characters a review"},
            neutral=["tokens_per_review", "characters_per_review"],
            share=False,
        ),
        Entry(
            "looking",
            {
                "calls_per_review": "calls of tools a review",
                "turns_per_review": "turns a review",
                "failed_calls": "calls that showed nothing",
            },
            neutral=["calls_per_review", "turns_per_review", "failed_calls"],
            share=False,
        ),
    ]
)
"""Formulas on summed counts, in the order in which tables show them."""

RANKED: "dict[str, Entry[Ranked]]" = _by_name(
    [
        Entry("auprc", {"auprc": "AUPRC"}),
        Entry("aurc", {"aurc": "area under risk-coverage"}, "lower"),
    ]
)
"""Metrics that need all cases in order; the one figure of each is called like the metric."""

LIVE: "dict[str, Entry[Any]]" = _by_name(
    [
        Entry("events_detected", {"events_detected": "events detected"}),
        Entry(
            "time_to_detection",
            {
                "time_to_detection": "seconds to detection, median",
                "time_to_detection_90": "seconds to detection, nine of ten",
            },
            "lower",
            share=False,
        ),
        Entry("event_recall_at_precision", {"event_recall_at_precision_80": "events recalled at precision .80"}),
        Entry("false_alarms", {"false_alarms_per_hour": "false alarms per hour"}, "lower", share=False),
        Entry("seconds_seen", {"seconds_seen": "violating seconds seen"}),
    ]
)
"""Figures of whole streams, where cases are their windows: `rl.evaluation.live` works them out, all at once."""

ALONE: "dict[str, Entry[Counted]]" = _by_name(
    [
        Entry("ece", {"ece": "expected calibration error"}, "lower"),
        Entry("per_rule", {"precision": "precision", "recall": "recall", "f1": "F1"}),
    ]
)
"""Metrics that tables of models do not have: one describes, and one has figures for every rule."""

_ALL: "tuple[Entry[Any], ...]" = (*METRICS.values(), *RANKED.values(), *LIVE.values())

TITLES = {figure: title for metric in _ALL for figure, title in metric.titles.items()}
"""What people call each figure."""

NEUTRAL = {figure for metric in _ALL for figure in metric.neutral}
"""Figures of which neither more nor less is better by itself."""

LOWER_IS_BETTER = {figure for metric in _ALL for figure in metric.titles if metric.better == "lower"} - NEUTRAL

SHARES = {figure for metric in _ALL for figure in metric.titles if metric.share}
"""Figures between 0 and 1."""

COMPARABLE = {
    figure: metric.name
    for metric in _ALL
    for figure in metric.titles
    if figure not in NEUTRAL and metric.name not in LIVE
}
"""Figures of which more or less is better, each with its metric; without those of streams."""

OF_STREAMS: tuple[str, ...] = tuple(figure for metric in LIVE.values() for figure in metric.titles)
"""The figures of whole streams."""

HEADLINE: tuple[str, ...] = (
    *OF_STREAMS,
    "verdict_accuracy", "coverage", "accuracy_when_decided", "macro_f1", "miss_rate", "false_flag_rate", "cost",
    "recall_at_precision_90", "achieved_precision_90", "false_flag_rate_at_recall_90", "achieved_recall_90",
    "escalation_rate_at_risk_05", "achieved_risk_05", "auprc", "brier", "rule_f1", "rule_precision", "rule_recall",
    "rule_macro_f1", "grounded_evidence_rate", "region_iou", "interval_miou", "intervals_at_iou_30",
    "intervals_at_iou_50", "intervals_at_iou_70", "frame_hit_rate", "reasoning_agreement",
    "fixed_at_first_try", "needless_change", "refused_to_fix",
    "accuracy_without_reasoning", "reasoning_gain", "sufficiency", "sufficiency_of_decision", "necessity",
    "necessity_of_broken", "necessity_of_clear", "requoted_change_rate", "resampled_flip_rate", "flip_recall",
    "hold_rate", "pair_accuracy", "verdict_stability", "rule_order_stability", "rule_ids_stability",
    "paraphrase_stability", "pass_at_4", "majority_at_5", "parse_rate", "tokens_per_review",
    "calls_per_review", "turns_per_review", "failed_calls",
)  # fmt: skip
"""The figures that tables show, where they apply; ``metrics.json`` has the others too."""
