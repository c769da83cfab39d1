"""Review: one case, one ruling, and everything one needs to check it.

A review carries the ruling with each citation looked up in the case and in the rulebook, and where it all comes from:
the traceable decision. Its texts are the advertiser's and the model's, and are made safe before they are shown.
"""

from pathlib import Path
from textwrap import shorten
from typing import Any

from pydantic import BaseModel, Field
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from data import Brief, Briefs, Case, Evidence, Interval, Quote, Rule, Ruling, Violation
from data.moments import frames_in, lines_in, seconds_of
from prompts import Episode, Look, ParseFailure, parse
from rewards import grounded
from rewards.pure.reasoning import contradiction
from rl.config.decoding import Decoding
from rl.desk import Desks
from rl.generation.engine import Engine
from rl.generation.episodes import at_desk, write_episodes
from rl.terminal.safe_text import told, told_edit, visible

SAID = 200
"""Characters of what is said within an interval."""
COLOURS = {"approve": "green", "reject": "red", "escalate": "yellow"}


class CheckedEvidence(BaseModel):
    """A piece of evidence, and whether it is found in the case; of one in time, what is shown and said then."""

    evidence: Evidence
    found: bool
    heard: str | None = None
    """Of a quote whose words recognition may have misheard: how they stand in the transcript."""
    seconds: tuple[float, float] | None = None
    """From when to when it is shown or said, where that is known."""
    frames: list[int] = Field(default_factory=list)
    """Of an interval: the frames within it, counted from 0."""
    said: str = ""
    """Of an interval: the lines of the transcript within it."""


class Citation(BaseModel):
    """A rule that the ruling cites, with its wording and its evidence looked up."""

    cited: str
    rule: Rule | None
    """The rule as the excerpt has it; None if it has no such rule."""
    evidence: list[CheckedEvidence]

    @property
    def found(self) -> bool:
        """Whether there is evidence, and all of it is found in the case."""
        return bool(self.evidence) and all(piece.found for piece in self.evidence)


class Review(BaseModel):
    """A model's ruling on one case, checked; or, where it gave none, what it wrote and why that is no ruling."""

    case: str
    ruling: Ruling | None
    failure: str | None
    contradiction: str | None
    """How the reasoning and the answer disagree; None where they do not, and where there is no ruling."""
    citations: list[Citation]
    shown: list[str]
    """The rules that it was judged by."""
    looks: list[Look] = Field(default_factory=list)
    """What the model looked at with tools, in order."""
    completion: str
    unreviewed: str | None = None
    """Where a cascade's cheap pass approves the case alone: on what grounds."""
    provenance: dict[str, Any]


def review(
    engine: str | Path | Engine, briefs: Briefs, decoding: Decoding | None = None, desks: Desks | None = None
) -> list[Review]:
    """Has a model rule on each case, and checks what it cites.

    Args:
        desks: what the model may look things up with; nothing if None.

    Raises:
        DataError: there is no such model, or the case cannot be put to it.
    """
    written = write_episodes(at_desk(engine, desks), briefs, decoding or Decoding(), progress=False)
    return [
        checked(episode, briefs[episode.case].with_rules(episode.looked_up, briefs.book), written.provenance)
        for episode in written
    ]


def checked(episode: Episode, brief: Brief, provenance: dict[str, Any]) -> Review:
    """Reads an episode and looks up all that it cites."""
    parsed = parse(episode.completion)
    ruling = None if isinstance(parsed, ParseFailure) else parsed
    failure = str(parsed) if isinstance(parsed, ParseFailure) else None
    if episode.refused is not None:
        ruling, failure = None, f"the server refuses to have it answered: {episode.refused}"
    return Review(
        case=brief.id,
        ruling=ruling,
        failure=failure,
        contradiction=(contradiction(ruling, brief.case, brief.excerpt) or None) if ruling else None,
        citations=[_looked_up(violation, brief) for violation in ruling.violations] if ruling else [],
        shown=brief.excerpt.ids,
        looks=list(episode.looks),
        completion=episode.completion,
        provenance=provenance,
    )


def _looked_up(violation: Violation, brief: Brief) -> Citation:
    excerpt = brief.excerpt
    evidence = [_checked(piece, brief.case) for piece in violation.evidence]
    rule = excerpt[violation.rule] if violation.rule in excerpt else None  # noqa: SIM401
    return Citation(cited=violation.rule, rule=rule, evidence=evidence)


def _checked(piece: Evidence, case: Case) -> CheckedEvidence:
    found = CheckedEvidence(evidence=piece, found=grounded(piece, case), seconds=seconds_of(piece, case))
    if isinstance(piece, Quote) and (words := case.as_shown(piece).quote) != piece.quote:
        found.heard = words
    if isinstance(piece, Interval):
        found.frames = frames_in(piece.interval, case)
        found.said = "\n".join(case.transcript[at].text for at in lines_in(piece.interval, case))
    return found


def panel(review: Review) -> Panel:
    """The review for people, on a terminal."""
    ruling = review.ruling
    if ruling is None:
        reason = Text("No ruling could be read. ", style="bold red").append(_safe(review.failure or ""))
        body: list[RenderableType] = [*_timeline(review), reason, Text(), _safe(review.completion, "dim")]
        return Panel(Group(*body), title=_safe(review.case), border_style="red")
    colour = COLOURS[ruling.verdict]
    verdict = Text.assemble((ruling.verdict, f"bold {colour}"), f"  confidence {ruling.confidence:.2f}")
    body = [*_timeline(review), verdict]
    if ruling.intent:
        body.append(_safe(f"promotes: {ruling.intent}"))
    for citation in review.citations:
        body += [Text(), *_citation(citation)]
    if ruling.advice:
        body += [Text(), _safe(f"advice: {ruling.advice}")]
    body += [_safe(f"edit: {told_edit(edit)}") for edit in ruling.edits]
    if ruling.reasoning.strip():
        body += [Text(), _safe(ruling.reasoning.strip(), "dim")]
    if review.unreviewed:
        body += [Text(), _safe(review.unreviewed, "yellow")]
    if "retrieval" in review.provenance:
        by = review.provenance["retrieval"]["retriever"]
        body += [Text(), _safe(f"shown, retrieved by {by}: {', '.join(review.shown)}", "dim")]
    if review.contradiction:
        body += [Text(), Text("✗ ", style="bold red").append(_safe(f"not to be relied on: {review.contradiction}"))]
    return Panel(Group(*body), title=_safe(review.case), subtitle=_source(review), border_style=colour)


def _timeline(review: Review) -> list[Text]:
    """What was looked at, step by step."""
    steps = []
    for number, look in enumerate(review.looks, start=1):
        asked = f"  {look.arguments}" if look.told != f"{look.tool}: {look.arguments}" else ""
        line = Text(f"{number}. ", style="dim").append(_safe(look.told, "red" if look.error else ""))
        steps.append(line.append(_safe(shorten(asked, SAID, placeholder=" …"), "dim")))
    return [*steps, Text()] if steps else []


def _citation(citation: Citation) -> list[Text]:
    rule = citation.rule
    lines = [_safe(citation.cited, "bold")]
    if rule is None:
        lines[0].append("  the excerpt has no such rule", style="red")
    else:
        lines[0].append(_safe(f" {rule.title} ({rule.severity})" if rule.title else f" ({rule.severity})"))
        lines.append(_safe("  " + rule.text))
        lines += [_safe(f"  unless {exception}") for exception in rule.exceptions]
    for piece in citation.evidence:
        mark = ("  ✓ found      ", "green") if piece.found else ("  ✗ not found  ", "bold red")
        lines.append(Text.assemble(mark, _safe(told(piece.evidence) + _in_time(piece))))
    if not citation.evidence:
        lines.append(Text("  ✗ no evidence", style="bold red"))
    return lines


def _in_time(piece: CheckedEvidence) -> str:
    """When a quote is said or a frame shown; what is shown and said within an interval."""
    if isinstance(piece.evidence, Interval):
        frames = f"{'frame' if len(piece.frames) == 1 else 'frames'} {', '.join(map(str, piece.frames))}"
        said = f"“{shorten(piece.said, SAID, placeholder=' …')}”" if piece.said else ""
        within = "; ".join(filter(None, [frames if piece.frames else "", said]))
        return f": {within}" if within else ""
    heard = f", heard as “{piece.heard}”" if piece.heard is not None else ""
    if piece.seconds is None:
        return heard
    start, end = piece.seconds
    return heard + (f", at {start:g} s" if start == end else f", {start:g} to {end:g} s")


def _source(review: Review) -> Text:
    facts = review.provenance
    checkpoint, book = facts.get("checkpoint", {}), facts.get("rulebook", {})
    parts = [checkpoint.get("path"), checkpoint.get("hash"), book.get("name"), book.get("fingerprint")]
    return _safe(" · ".join(str(part) for part in parts if part), "dim")


def _safe(text: str, style: str = "") -> Text:
    """Text that can neither write markup nor move the cursor."""
    return Text(visible(text), style=style)
