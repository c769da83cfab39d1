"""``ruling evaluate --pairs``: a reward model, measured on pairs of rulings."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from data import DataError
from rl.terminal.messages import MESSAGES, kept
from rl.terminal.safe_text import visible


def evaluate_reward_model(
    recipe: Any,
    pairs: list[str],
    out: Path,
    name: str | None,
    template: str | None,
    batch_size: int | None,
    read: dict[str, Any],
) -> None:
    """Measures a reward model on pairs of rulings, prints its figures and writes its page.

    Args:
        read: where pairs and cases were read from, to be noted.

    Raises:
        DataError: there is none, or the pairs or the cases are not as they should be.
    """
    from data import load_cases
    from rl.evaluation.page.pairs import write_pairs_page
    from rl.evaluation.pairwise.evaluate import evaluate_pairs
    from rl.evaluation.pairwise.table import pairs_notes, pairs_table
    from rl.runs.excerpts import excerpts_of
    from rl.runs.preferences import read_preferences

    if recipe.model is None:
        raise DataError("give the reward model whose preferences are to be measured")
    preferences = read_preferences(*pairs)
    briefs = excerpts_of(recipe.rulebook, recipe.excerpt, recipe.model.path).bind(load_cases(*recipe.data))
    with kept(out / MESSAGES):
        found = evaluate_pairs(
            recipe.model.path,
            preferences,
            briefs,
            out,
            name=name,
            template=template,
            batch_size=batch_size or recipe.decoding.batch_size,
            read=read,
        )
    console = Console(highlight=False, emoji=False)
    console.print(pairs_table(found), pairs_notes(found))
    console.print(Text(f"report: {visible(str(write_pairs_page(out / 'report.html', found)))}"))
