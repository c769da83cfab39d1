"""Report: an HTML page that says which model reviews better, by how much, and on what.

The page needs no network: style, script, charts, cases and thumbnails are inside it, and pictures at full size lie in
a folder beside it. Text in the upper part is escaped, that of cases and models travels in packed blocks and is only
ever written as text; a content security policy lets only the page's own style and script in, by their hashes, so that
nothing that the page shows can run. The script comes before the cases: it shows the first while the others still load.
"""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from data import Briefs, DataError
from data.files import write_whole
from data.transcript import UNSURE
from rl.evaluation.comparison import Comparison, compare
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.outcomes import PREDICTED
from rl.evaluation.page.album import Album
from rl.evaluation.page.blocks import Block, pack, pack_parts
from rl.evaluation.page.charts import COLOURS, curve
from rl.evaluation.page.choice import choose
from rl.evaluation.page.confusion import Confusion
from rl.evaluation.page.entry import confused, entry
from rl.evaluation.page.figures import section, shade
from rl.evaluation.page.places import place
from rl.evaluation.page.recordings import Recordings
from rl.evaluation.page.records import Shown, record, rule_table, samples_by_case
from rl.evaluation.predictions import REFUSED
from rl.evaluation.statistics.estimate import Estimate
from rl.runs.rollouts import read_rollouts
from rl.terminal.safe_text import HIDDEN, visible

HERE = Path(__file__).parent
SCRIPTS = ("pictures.js", "strip.js", "texts.js", "case.js", "facets.js", "review.js", "queue.js", "browser.js")
CASES_PER_BLOCK, PICTURES_PER_BLOCK = 50, 32
MOST = 50_000


def write_report(
    path: str | Path,
    evaluations: Sequence[Evaluation],
    briefs: Mapping[str, Briefs],
    *,
    comparisons: Sequence[Comparison] = (),
    rollouts: str | Path | None = None,
    suspects: Mapping[str, str] | None = None,
    shown: int = MOST,
    recordings: bool = False,
    progress: bool = False,
) -> Path:
    """Writes the page.

    Args:
        path: the HTML file. Pictures at full size go into a folder beside it: ``report.pictures`` for ``report.html``.
        evaluations: the models on each split, baseline first; the first split makes the headline.
        briefs: the cases of each split with what they are judged by, by its name.
        comparisons: of the models on a split; made here where several models on a split have none, and gold has
            verdicts.
        rollouts: the run whose rollouts the training curve is drawn from.
        suspects: cases whose gold may be wrong, and why; those that a comparison finds are added.
        shown: how many cases the browser at the end holds at most; every kind of outcome has its share.
        recordings: whether to put videos and sounds into that folder, too, so that the page can play them; those that
            lie below the page's own folder need not be.
        progress: whether to show how far the pictures are, which take most of the time.

    Raises:
        DataError: the models of a split were not evaluated on the same cases, or not on those that are given.
    """
    splits: dict[str, list[Evaluation]] = {}
    for evaluation in evaluations:
        splits.setdefault(evaluation.split, []).append(evaluation)
    known = {comparison.split: comparison for comparison in comparisons}
    sections = []
    for split, models in splits.items():
        if unknown := next((p.case for p in models[0].predictions if p.case not in briefs[split]), None):
            raise DataError(f"'{models[0].name}' was evaluated on case '{unknown}', which is not in '{split}'")
        if len(models) > 1 and split not in known and all("verdict_accuracy" in model.metrics for model in models):
            known[split] = compare(*models, book=briefs[split].book)
        sections.append(section(models, known.get(split), briefs[split]))
    confusions = {found.split: found.confusions for found in sections}
    album = Album(Path(path).with_suffix(".pictures"))
    playable = Recordings(Path(path).parent, album.folder if recordings else None)
    told = {split: {one.case: one.reason for one in found.suspects} for split, found in known.items()}
    doubts = {split: {**(suspects or {}), **told.get(split, {})} for split in splits}
    blocks, held = _blocks(splits, briefs, doubts, confusions, shown // len(splits), album, playable, progress)
    first = next(iter(splits.values()))
    rewards = mean_rewards(rollouts) if rollouts is not None else []
    sentence, details = headline(first[0], known.get(first[0].split))
    script = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    style = (HERE / "report.css").read_text(encoding="utf-8")
    page = (
        environment()
        .get_template("report.html.j2")
        .render(
            sentence=sentence,
            details=details,
            gates=[(split, known[split].gate) for split in splits if split in known and known[split].gate],
            models=[evaluation.name for evaluation in first],
            sections=sections,
            training=curve(rewards) if len(rewards) > 1 else None,
            blocks=[(block.id, Markup(block.text)) for block in blocks],  # base64: nothing to escape
            held=held,
            total=sum(found.cases for found in sections),
            pictures=len(album),
            megabytes=sum(len(block.text) for block in blocks) / 1e6,
            predicted=[name for name in PREDICTED if name != REFUSED or any(found.refused for found in evaluations)],
            provenance=[(f"{e.name} on {e.split}", facts_of(e.provenance)) for e in evaluations],
            written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            style=Markup(style),
            script=Markup(script),
            style_hash=source_hash(style),
            script_hash=source_hash(script),
        )
    )
    return write_whole(path, page)


def headline(baseline: Evaluation, comparison: Comparison | None) -> tuple[str, str]:
    """The verdict in one sentence, and the figures behind it."""
    if comparison is not None:
        return comparison.sentence, comparison.details.replace(" %", "\u202f%")
    if "verdict_accuracy" not in baseline.metrics:
        return f"The cases of “{baseline.split}” have no gold verdicts to measure against.", ""
    now = baseline.metrics["verdict_accuracy"]
    figures = f"95 % interval {percent(now.low)} to {percent(now.high)}, on {now.support:,} cases."
    return f"{baseline.name} gets {percent(now.value)} of verdicts right.", figures


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
    return f"{100 * share:.1f}\u202f%"


def number(value: float, share: bool = True, sign: str = "") -> str:
    """A share in hundredths, ``0.8349`` → ``83.5``; anything else to three figures, ``1234.5`` → ``1,234``;
    what never comes is ``∞``.

    Args:
        sign: ``+`` writes the sign of differences; what rounds to nothing is ``±0.0``.
    """
    if share:
        text = f"{100 * value:{sign}.1f}"
    else:
        text = f"{value:{sign},.0f}" if abs(value) >= 100 else f"{value:{sign}.3g}"
    nothing = {"+0.0": "±0.0", "-0.0": "±0.0" if sign else "0.0", "+0": "±0", "-0": "±0" if sign else "0"}
    return nothing.get(text, text).replace("-", "−").replace("inf", "∞")


def p_value(p: float) -> str:
    """``0.0341`` → ``= .034``; ``0.0002`` → ``< .001``."""
    return "< .001" if p < 0.001 else f"= {p:.3f}".replace("= 0.", "= .")


def _blocks(
    splits: Mapping[str, Sequence[Evaluation]],
    briefs: Mapping[str, Briefs],
    doubts: Mapping[str, Mapping[str, str]],
    confusions: Mapping[str, Sequence[Confusion]],
    limit: int,
    album: Album,
    recordings: Recordings,
    progress: bool,
) -> tuple[list[Block], int]:
    """The cases as blocks, in the order in which a browser needs them, and how many they are."""
    entries, records = [], []
    rules: dict[Any, int] = {}
    blocks: list[Block] = []
    for split, models in splits.items():
        samples = [samples_by_case(model.predictions) for model in models]
        for row in choose(models, limit):
            brief = briefs[split][row[0].case]
            written = [of[brief.id] for of in samples]
            # Rules that somebody looked up are shown as well: whoever cites them was right to know them.
            looked_up = (rule for of in written for one in of for look in one.looks or () for rule in look.rules)
            excerpt = brief.with_rules(looked_up, briefs[split].book).excerpt
            shown = Shown(split, brief.case, excerpt, row, written)
            entries.append(entry(shown, doubts[split].get(brief.id), confusions[split]))
            records.append(record(shown, album, rules, recordings))
            if len(records) == CASES_PER_BLOCK:
                blocks.append(_case_block(len(blocks), rules, records))
    if records:
        blocks.append(_case_block(len(blocks), rules, records))
    index = {
        "id": hashlib.sha256("".join(block.text for block in blocks).encode()).hexdigest()[:16],
        "models": [model.name for model in next(iter(splits.values()))],
        "splits": list(splits),
        "hidden": HIDDEN.pattern,
        "unsure": UNSURE,
        "cases_per_block": CASES_PER_BLOCK,
        "pictures_per_block": PICTURES_PER_BLOCK,
        "folder": album.folder.name,
        "cases": entries,
    }
    pictures = pack_parts("pictures", album.thumbnails(progress), PICTURES_PER_BLOCK)
    return [pack("index", index), *_side_by_side(blocks, pictures)], len(entries)


def _side_by_side(*lists: Sequence[Block]) -> list[Block]:
    """Lists as one, evenly mixed: pictures are numbered in the order of the cases that show them."""
    placed = [(place / len(blocks), block) for blocks in lists for place, block in enumerate(blocks)]
    return [block for _, block in sorted(placed, key=lambda at: at[0])]


def _case_block(number: int, rules: dict[Any, int], records: list[dict[str, Any]]) -> Block:
    """One block of cases with the rules that they are judged by; both collections start anew."""
    block = pack(f"cases-{number}", {"rules": rule_table(rules), "records": records})
    rules.clear()
    records.clear()
    return block


def environment() -> Environment:
    """Where the templates of pages are, and what they can call."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_plain,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "interval": _interval, "p_value": p_value}
    environment.globals |= {"shade": shade, "confused": confused, "colour": lambda place: f"m{place % COLOURS}"}
    return environment


def _interval(estimate: Estimate, share: bool = True, sign: str = "") -> str:
    """``82.1 to 86.4``."""
    return f"{number(estimate.low, share, sign)} to {number(estimate.high, share, sign)}"


def facts_of(provenance: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Provenance as flat pairs of key and value; it does not say where the machine keeps its files."""
    facts: list[tuple[str, str]] = []
    for key, value in provenance.items():
        if isinstance(value, Mapping):
            facts += facts_of(value, f"{prefix}{key}.")
        elif isinstance(value, (list, tuple)):
            facts.append((f"{prefix}{key}", ", ".join(place(str(part)) for part in value)))
        else:
            facts.append((f"{prefix}{key}", place(str(value))))
    return facts


def source_hash(source: str) -> str:
    """The hash by which a page's content security policy lets a script or a style in."""
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _plain(value: Any) -> Any:
    """Control characters written out; called on everything that the template prints, before it is escaped."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
