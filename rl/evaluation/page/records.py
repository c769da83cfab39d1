"""Records: a case with gold and every model's ruling, as the page's script shows and exports it.

An *entry* is what listing and filtering need and is loaded at once; a *record* is everything else and is loaded when
it is shown. Both are plain JSON values. The texts in them are hostile and stay what they are: the script writes them
as text, never as markup.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data import SEVERITIES, Case, Evidence, Quote, Region, Rule, Rulebook, find_quote
from data.reading.loading import case_json
from rl.evaluation.outcomes import outcome_of
from rl.evaluation.page.album import Album
from rl.evaluation.page.choice import Row
from rl.evaluation.page.places import portable
from rl.evaluation.predictions import Prediction

GOLD = "gold"
PICTURES = 12
"""Most pictures of one case; those with a region in them come first."""
SNIPPET = 160
"""Characters of a case's text in its entry."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """One case of the page."""

    split: str
    case: Case
    excerpt: Rulebook
    row: Row
    samples: Sequence[Sequence[Prediction]]
    """All of each model's samples."""

    def cited(self) -> Iterator[tuple[str, str, Sequence[Evidence]]]:
        """Who cites which rule, with what evidence: ``gold``, then the models as ``m0``, ``m1`` …"""
        gold = self.row[0].gold
        for broken in (gold.violations or []) if gold else []:
            yield GOLD, broken.rule, broken.evidence or []
        for place, prediction in enumerate(self.row):
            for violation in prediction.ruling.violations if prediction.ruling else []:
                yield f"m{place}", violation.rule, violation.evidence

    def evidence(self) -> list[tuple[str, Evidence]]:
        """Every piece of evidence with who gives it."""
        return [(who, evidence) for who, _, given in self.cited() for evidence in given]


def entry(shown: Shown, suspect: bool = False) -> Json:
    """What the list shows of a case, and what filters look at.

    Args:
        suspect: gold itself may be wrong here.
    """
    case, gold = shown.case, shown.row[0].gold
    rules = [rule for rule in dict.fromkeys(rule for _, rule, _ in shown.cited()) if rule in shown.excerpt]
    severities = [SEVERITIES.index(shown.excerpt[rule].severity) for rule in rules]
    content: Json = {
        "id": case.id,
        "split": shown.split,
        "gold": gold.verdict if gold else None,
        "outcomes": [outcome_of(prediction) for prediction in shown.row],
        "verdicts": [prediction.verdict for prediction in shown.row],
        "rules": rules,
        "severity": SEVERITIES[max(severities)] if severities else None,
        "text": " · ".join(case.fields.values())[:SNIPPET],
    }
    return content | ({"suspect": True} if suspect else {})


def record(shown: Shown, album: Album, rules: dict[Rule, int]) -> Json:
    """A case whole.

    Args:
        album: where its pictures are numbered.
        rules: numbers of the rules met so far; added to.
    """
    case, gold = shown.case, shown.row[0].gold
    pictures, left_out = _pictures(shown, album)
    return {
        "line": case_json(portable(case)),
        "gold": gold.model_dump(mode="json", by_alias=True, exclude_defaults=True) if gold else None,
        "rules": [rules.setdefault(rule, len(rules)) for rule in shown.excerpt.rules],
        "pictures": pictures,
        "left_out": left_out,
        "marks": [(name, found) for name, text in case.fields.items() if (found := _marks(shown, name, text))],
        "answers": [_answer(p, all_of_it) for p, all_of_it in zip(shown.row, shown.samples, strict=True)],
    }


def rule_table(rules: Iterable[Rule]) -> list[Json]:
    """The rules that records number."""
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]


def _answer(prediction: Prediction, samples: Sequence[Prediction]) -> Json:
    ruling, gold = prediction.ruling, prediction.gold
    if ruling is None:
        content: Json = {"ruling": None, "failure": prediction.failure, "completion": prediction.completion}
    else:
        content = {"ruling": ruling.model_dump(mode="json"), "found": prediction.grounded}
        if gold and gold.violations is not None:
            accepted = {rule for violation in gold.violations for rule in violation.accepted}
            content["right"] = [rule in accepted for rule in prediction.cited]
    if len(samples) > 1:
        content["samples"] = dict(Counter(sample.verdict for sample in samples).most_common())
    return content


def _marks(shown: Shown, field: str, text: str) -> list[tuple[int, int, str]]:
    """Where quotes stand in a field, in UTF-16 units, as a browser counts, and whose they are."""
    found = [
        (*span, who)
        for who, evidence in shown.evidence()
        if isinstance(evidence, Quote) and evidence.field == field and (span := find_quote(evidence.quote, text))
    ]
    return [(_units(text[:start]), _units(text[:end]), who) for start, end, who in dict.fromkeys(found)]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _pictures(shown: Shown, album: Album) -> tuple[list[Json], int]:
    """The pictures to show, and how many more there are."""
    case = shown.case
    media = [("image", place, path, f"image {place}") for place, path in enumerate(case.images)]
    media += [("frame", place, f.path, f"frame {place}, {f.time:g} s") for place, f in enumerate(case.frames)]
    pointed_at = {
        ("image", evidence.image) if evidence.image is not None else ("frame", evidence.frame)
        for _, evidence in shown.evidence()
        if isinstance(evidence, Region)
    }
    evenly = {place * len(media) // PICTURES for place in range(PICTURES)}
    ranked = sorted(range(len(media)), key=lambda at: (media[at][:2] not in pointed_at, at not in evenly, at))
    kept = [media[at] for at in sorted(ranked[:PICTURES])]
    pictures = [{"of": kind, "at": at, "label": label, "number": album.number(case, p)} for kind, at, p, label in kept]
    return pictures, len(media) - len(kept)


def samples_by_case(predictions: Sequence[Prediction]) -> Mapping[str, list[Prediction]]:
    """Every sample of each case."""
    found: dict[str, list[Prediction]] = {}
    for prediction in predictions:
        found.setdefault(prediction.case, []).append(prediction)
    return found
