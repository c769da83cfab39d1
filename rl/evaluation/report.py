"""Report: one self-contained HTML page that says which model reviews better, by how much, and on what.

The page loads nothing: style, script, charts and thumbnails are inside it. All text in it is escaped, and its content
security policy lets only the page's own script run, by its hash.
"""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from statistics import fmean
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from data import VERDICTS, Case, Rulebook
from rl.evaluation.bootstrap import Estimate
from rl.evaluation.charts import axis, curve, whiskers
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.gallery import Card, card, select
from rl.evaluation.metrics import LOWER_IS_BETTER, TITLES
from rl.evaluation.outcomes import OUTCOMES, PREDICTED, outcome
from rl.rollouts import read_rollouts
from rl.visible import visible

PAGE = Path(__file__).parent
TILES = ("verdict_accuracy", "miss_rate", "false_flag_rate", "rule_f1", "flip_recall")


@dataclass(frozen=True)
class Row:
    """One figure of all models, on one split."""

    title: str
    support: int
    values: list[Estimate | None]
    chart: Markup
    difference: Estimate | None = None
    """The last model less the first, in the same unit."""
    judgement: str = ""
    """``better`` or ``worse`` where the difference's interval leaves out 0."""


@dataclass(frozen=True)
class Section:
    """One split: all models side by side."""

    split: str
    cases: int
    clusters: int
    tiles: list[Row]
    rows: list[Row]
    parts: list[tuple[str, list[Row]]]
    """Figures apart: verdict accuracy by mechanism, and F1 by rule where each case breaks one at most."""
    cells: list[tuple[str, list[list[tuple[int, float, str]]]]]
    """Per model, gold by predicted: the count, its share of the gold verdict, and the outcome."""


def write_report(
    path: str | Path,
    evaluations: Sequence[Evaluation],
    cases: Mapping[str, Sequence[Case]],
    book: Rulebook,
    *,
    rollouts: str | Path | None = None,
    shown: int = 96,
) -> Path:
    """Writes the page.

    Args:
        path: the HTML file.
        evaluations: the models on each split, baseline first; the first split makes the headline.
        cases: the cases of each split, by its name.
        book: the rulebook that excerpts are taken from.
        rollouts: the run whose rollouts the training curve is drawn from.
        shown: how many cases the browser at the end shows in all.

    Raises:
        DataError: the models of a split were not evaluated on the same cases.
    """
    splits: dict[str, list[Evaluation]] = {}
    for evaluation in evaluations:
        splits.setdefault(evaluation.split, []).append(evaluation)
    sections = [_section(split, models) for split, models in splits.items()]
    cards = [
        found
        for split, models in splits.items()
        for found in _cards(models, {case.id: case for case in cases[split]}, book, split, shown // len(splits))
    ]
    first = next(iter(splits.values()))
    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_plain,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "points": points, "interval": interval}
    script = (PAGE / "report.js").read_text(encoding="utf-8")
    rewards = mean_rewards(rollouts) if rollouts is not None else []
    page = environment.get_template("report.html.j2").render(
        headline=headline(first),
        models=[evaluation.name for evaluation in first],
        sections=sections,
        axis=axis(),
        training=curve(rewards) if len(rewards) > 1 else None,
        cards=cards,
        total=sum(len({p.case for p in models[0].predictions}) for models in splits.values()),
        mechanisms=sorted({found.mechanism for found in cards if found.mechanism}),
        outcomes=list(OUTCOMES),
        predicted=list(PREDICTED),
        provenance=[(f"{e.name} on {e.split}", _facts(e.provenance)) for e in evaluations],
        written=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        style=Markup((PAGE / "report.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def headline(evaluations: Sequence[Evaluation]) -> tuple[str, str]:
    """The verdict in one sentence, and the figures behind it."""
    first, last = evaluations[0], evaluations[-1]
    name = "verdict_accuracy"
    if name not in last.metrics:
        return f"The cases of “{last.split}” have no gold verdicts to measure against.", ""
    now = last.metrics[name]
    if first is last:
        figures = f"95 % interval {percent(now.low)} to {percent(now.high)}, on {now.support:,} cases."
        return f"{last.name} gets {percent(now.value)} of verdicts right.", figures
    gain = last.difference(first, [name])[name]
    figures = (
        f"{percent(now.value)} of verdicts right instead of {percent(first.metrics[name].value)}: "
        f"{points(gain.value)} points, 95 % interval {points(gain.low)} to {points(gain.high)}, "
        f"on the same {now.support:,} cases."
    )
    if gain.excludes_zero:
        return f"{last.name} reviews {'better' if gain.value > 0 else 'worse'} than {first.name}.", figures
    return f"These cases cannot tell whether {last.name} reviews better than {first.name}.", figures


def mean_rewards(run: str | Path) -> list[tuple[int, float]]:
    """Each step of a run with the mean total of its rollouts; those that could not be scored are left out.

    Raises:
        DataError: there are no rollouts.
    """
    totals: dict[int, list[float]] = defaultdict(list)
    for rollout in read_rollouts(run):
        if rollout.total is not None:
            totals[rollout.step].append(rollout.total)
    return [(step, fmean(found)) for step, found in sorted(totals.items())]


def percent(share: float) -> str:
    """``0.8349`` → ``83.5 %``."""
    return f"{100 * share:.1f}\u2009%"


def points(difference: float) -> str:
    """``-0.021`` → ``−2.1``, with its sign."""
    return f"{100 * difference:+.1f}".replace("-", "−").replace("+0.0", "±0.0").replace("−0.0", "±0.0")


def interval(estimate: Estimate) -> str:
    """``82.1 to 86.4``."""
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f}"


def _section(split: str, models: Sequence[Evaluation]) -> Section:
    differences = models[-1].difference(models[0]) if len(models) > 1 else {}
    rows = {
        name: _row(TITLES[name], [model.metrics.get(name) for model in models], name, differences.get(name))
        for name in TITLES
        if any(name in model.metrics for model in models)
    }
    slices = [model.slices("mechanism") for model in models]
    mechanisms = [
        _row(value, [s.get(value, {}).get("verdict_accuracy") for s in slices], "", None)
        for value in slices[0]
        if "verdict_accuracy" in slices[0][value]
    ]
    by_support = sorted(models[0].rules.items(), key=lambda item: -item[1].support)
    rules = [_row(rule, [model.rules.get(rule) for model in models], "", None) for rule, _ in by_support]
    parts = [("Verdict accuracy by mechanism", mechanisms), ("F1 by rule", rules)]
    return Section(
        split=split,
        cases=len({p.case for p in models[0].predictions}),
        clusters=len({p.cluster for p in models[0].predictions}),
        tiles=[rows[name] for name in TILES if name in rows],
        rows=list(rows.values()),
        parts=[part for part in parts if part[1]],
        cells=[(model.name, _cells(model)) for model in models if model.cells.sum()],
    )


def _row(title: str, values: list[Estimate | None], name: str, difference: Estimate | None) -> Row:
    judgement = ""
    if difference is not None and difference.excludes_zero and name != "coverage":
        judgement = "better" if (difference.value > 0) != (name in LOWER_IS_BETTER) else "worse"
    support = max(value.support for value in values if value is not None)
    return Row(title, support, values, whiskers(values), difference, judgement)


def _cells(model: Evaluation) -> list[list[tuple[int, float, str]]]:
    return [
        [
            (int(count), float(count) / max(1, row.sum()), (outcome(predicted, gold) or "").replace(" ", "-"))
            for predicted, count in zip(PREDICTED, row, strict=True)
        ]
        for gold, row in zip(VERDICTS, model.cells, strict=True)
    ]


def _cards(
    models: Sequence[Evaluation], cases: Mapping[str, Case], book: Rulebook, split: str, limit: int
) -> list[Card]:
    names = [model.name for model in models]
    rows = select(models, limit)
    return [card(cases[row[0].case], book.excerpt(cases[row[0].case].rules), row, names, split) for row in rows]


def _facts(provenance: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Provenance as flat pairs of key and value."""
    facts: list[tuple[str, str]] = []
    for key, value in provenance.items():
        if isinstance(value, Mapping):
            facts += _facts(value, f"{prefix}{key}.")
        else:
            facts.append((f"{prefix}{key}", str(value)))
    return facts


def _plain(value: Any) -> Any:
    """Control characters written out; called on everything that the template prints, before it is escaped."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
