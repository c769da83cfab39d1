"""Tables of retrieval in the terminal: what was found, how much of gold that is, and what never is."""

from collections.abc import Sequence

from rich.table import Column, Table
from rich.text import Text

from prompts.excerpts import Hit
from rl.evaluation.retrieval.recall import Recall
from rl.evaluation.table import plain, shown
from rl.terminal.safe_text import one_line

MOST = 12
"""Rules that are never found and are named."""
_WORDING = 160


def hits_table(hits: Sequence[Hit]) -> Table:
    """The rules that were found, the likeliest first."""
    table = Table("rule", "severity", Column("score", justify="right"), "wording")
    for hit in hits:
        rule = hit.rule
        words = one_line(f"{rule.title}. {rule.text}" if rule.title else rule.text)
        short = words if len(words) <= _WORDING else words[: _WORDING - 1] + "…"
        table.add_row(plain(rule.id), rule.severity, f"{hit.score:.3g}", plain(short))
    return table


def recall_table(recalls: Sequence[Recall]) -> Table:
    """Recall of several retrievers on the same cases, a column each."""
    first = recalls[0]
    table = Table(title=plain(f"{len(first.sought):,} broken rules in {first.cases:,} cases"), title_justify="left")
    table.add_column("with 95 % interval")
    for recall in recalls:
        table.add_column(plain(recall.retriever), justify="right")
    for k in first.by_k:
        table.add_row(f"recall@{k}", *(shown(recall.at(k)) for recall in recalls))
    table.add_section()
    for severity in first.by_severity:
        table.add_row(f"recall@{first.k}, {severity}", *(shown(recall.at(recall.k, severity)) for recall in recalls))
    table.add_row(f"cases found whole @{first.k}", *(shown(recall.whole) for recall in recalls))
    table.add_section()
    table.add_row("ms per case", *(f"{recall.milliseconds:.2f}" for recall in recalls))
    return table


def never_found(recall: Recall) -> Text:
    """The rules that no case that breaks them is shown."""
    if not recall.never:
        return Text(f"every broken rule is found at least once among the first {recall.k}", style="dim")
    named = ", ".join(f"{one_line(rule)} ({count})" for rule, count in list(recall.never.items())[:MOST])
    more = f", and {len(recall.never) - MOST:,} more" if len(recall.never) > MOST else ""
    return Text(f"{recall.retriever} never finds among the first {recall.k}: {named}{more}", style="yellow")
