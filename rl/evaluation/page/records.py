"""Records: a case with gold and everything that every model wrote, as the page's script shows and exports it.

A record is a plain JSON value, and loaded when it is shown; what listing, filtering and sorting need of all cases at
once is in their entries (`rl.evaluation.page.entry`). The texts in both are hostile and stay what they are: the script
writes them as text, never as markup.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

from data import TRANSCRIPT, Case, Evidence, Interval, Quote, Region, Rule, Rulebook
from data.moments import lines_in
from data.quotes import Span
from data.reading.loading import case_json
from rewards.pure.reasoning import contradiction
from rl.evaluation.page.album import Album
from rl.evaluation.page.choice import Row
from rl.evaluation.page.places import portable
from rl.evaluation.page.recordings import Recordings
from rl.evaluation.predictions import Prediction

GOLD = "gold"
PICTURES = 12
"""Most pictures of one case; those with a region in them come first."""
REVIEW = "review"
"""Where a case's ``meta`` says, after the queue's export, who decided what, when, and what was there before."""

SHORTEST = 0.1
"""Seconds of a strip; one frame at 0 has no length of its own."""

LONGEST = 4
"""Times that a strip may be as long as what is known of a case: an interval of a year would leave nothing to be seen
of eight seconds. What goes on is cut off there."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """One case of the page."""

    split: str
    case: Case
    excerpt: Rulebook
    row: Row
    samples: Sequence[Sequence[Prediction]]
    """All of each model's samples, the one in the row first."""

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

    @cached_property
    def contradictions(self) -> list[list[str | None]]:
        """Of each model's samples, how the findings and the answer disagree; empty where they do not, None where
        there is no reasoning to look at."""
        return [[self._contradiction(sample) for sample in of_model] for of_model in self.samples]

    def _contradiction(self, prediction: Prediction) -> str | None:
        ruling = prediction.ruling
        if ruling is None or not ruling.reasoning.strip():
            return None
        return contradiction(ruling, self.case, self.excerpt)


def record(shown: Shown, album: Album, rules: dict[Rule, int], recordings: Recordings) -> Json:
    """A case whole.

    Args:
        album: where its pictures are numbered.
        rules: numbers of the rules met so far; added to.
        recordings: which recordings the page can play.
    """
    case, gold = shown.case, shown.row[0].gold
    pictures, left_out = _pictures(shown, album)
    return {
        "line": _line(portable(case)),
        "gold": gold.model_dump(mode="json", by_alias=True, exclude_defaults=True) if gold else None,
        "rules": [rules.setdefault(rule, len(rules)) for rule in shown.excerpt.rules],
        "pictures": pictures,
        "left_out": left_out,
        "recording": recordings.of(case),
        "length": _length(shown),
        "hits": _hits(shown),
        "heard": _heard(shown),
        "marks": [(name, found) for name, text in case.fields.items() if (found := _marks(shown, name, text))],
        "answers": [
            [_answer(*told) | _looked(told[0], case, album) for told in zip(of_model, said, strict=True)]
            for of_model, said in zip(shown.samples, shown.contradictions, strict=True)
        ],
    }


def rule_table(rules: Iterable[Rule]) -> list[Json]:
    """The rules that records number."""
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]


def _line(case: Case) -> dict[str, str]:
    """The case as it was read, in parts of JSON text that the script puts together: so that it can put other gold in
    the place of the old, and yet no number goes through a browser, which would round it."""
    meta = {key: value for key, value in case.meta.items() if key != REVIEW}
    parts = {"head": case_json(case.model_copy(update={"meta": {}, "gold": None, "teacher": None}))}
    parts |= {"meta": json.dumps(meta, ensure_ascii=False)} if meta else {}
    parts |= {REVIEW: json.dumps(case.meta[REVIEW], ensure_ascii=False)} if REVIEW in case.meta else {}
    kept = {"gold": case.gold, "teacher": case.teacher}
    dumped = {
        name: part.model_dump(mode="json", by_alias=True, exclude_defaults=True) for name, part in kept.items() if part
    }
    return parts | {name: json.dumps(part, ensure_ascii=False) for name, part in dumped.items()}


def _answer(prediction: Prediction, contradiction: str | None) -> Json:
    """What a model wrote at one go, and what is to be said of it; what is not known is left out."""
    ruling, gold = prediction.ruling, prediction.gold
    content: Json = {
        "ruling": ruling.model_dump(mode="json") if ruling else None,
        "verdict": None if ruling else prediction.verdict,
        "found": prediction.grounded if ruling else None,
        "failure": prediction.failure,
        "completion": prediction.completion,
        "tokens": prediction.tokens,
        "logprob": prediction.verdict_logprob,
        "contradiction": contradiction or None,
        "fixed": prediction.advised.fixed if prediction.advised else None,
    }
    if ruling and gold and gold.violations is not None:
        accepted = {rule for violation in gold.violations for rule in violation.accepted}
        content["right"] = [rule in accepted for rule in prediction.cited]
    return {"ruling": content.pop("ruling")} | {key: value for key, value in content.items() if value is not None}


def _looked(prediction: Prediction, case: Case, album: Album) -> Json:
    """What a model looked at with tools, step by step, with the parts of pictures that it saw."""
    steps: list[Json] = []
    for look in prediction.looks or ():
        crops = [
            {"label": look.told, "number": album.number(case, path, region.region)}
            for region in look.regions[:PICTURES]
            if (path := _picture_of(region, case)) is not None
        ]
        step: Json = {"told": look.told, "asked": look.arguments, "failed": bool(look.error), "crops": crops}
        steps.append({key: value for key, value in step.items() if value})
    return {"looks": steps} if steps else {}


def _picture_of(region: Region, case: Case) -> str | None:
    """The file that a region was cut from, in its largest version; None where the case has it no more."""
    if region.frame is not None:
        return case.frames[region.frame].path if region.frame < len(case.frames) else None
    files, place = case.originals or case.images, region.image or 0
    return files[place] if place < len(files) else None


def _marks(shown: Shown, field: str, text: str) -> list[tuple[int, int, str]]:
    """Where quotes stand in a field, in UTF-16 units, as a browser counts, and whose they are."""
    found = [
        (*span, who)
        for who, evidence in shown.evidence()
        if isinstance(evidence, Quote) and evidence.field == field and (span := _span(shown.case, evidence))
    ]
    return [(_units(text[:start]), _units(text[:end]), who) for start, end, who in dict.fromkeys(found)]


def _hits(shown: Shown) -> list[tuple[int, str]]:
    """The lines of the transcript that are said within an interval, and whose it is."""
    cited = [(who, item.interval) for who, item in shown.evidence() if isinstance(item, Interval)]
    return list(dict.fromkeys((at, who) for who, interval in cited for at in lines_in(interval, shown.case)))


def _heard(shown: Shown) -> list[tuple[str, str]]:
    """Quotes of the transcript that recognition may have misheard, and how they stand there."""
    rulings = [sample.ruling for of_model in shown.samples for sample in of_model if sample.ruling]
    cited = [item for ruling in rulings for violation in ruling.violations for item in violation.evidence]
    quotes = [item for item in (*cited, *(item for _, item in shown.evidence())) if isinstance(item, Quote)]
    said = dict.fromkeys(quote.quote for quote in quotes if quote.field == TRANSCRIPT)
    return [(words, heard) for words in said if (heard := shown.case.heard(words)) not in (None, words)]


def _length(shown: Shown) -> float:
    """The seconds that a strip of the case covers: to the last of its frames, lines and intervals."""
    known = shown.case.last_second or 0.0
    ends = [item.interval[1] for _, item in shown.evidence() if isinstance(item, Interval)]
    most = LONGEST * known if known else inf
    return max(known, min(max(ends, default=0.0), most), SHORTEST)


def _span(case: Case, quote: Quote) -> Span | None:
    """Where a quote stands in the whole text of its field."""
    span = case.find(quote)
    if span is None or quote.section is None or case.page is None:
        return span
    before = sum(len(section.whole) + 1 for section in case.page.sections[: quote.section])
    return span[0] + before, span[1] + before


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _pictures(shown: Shown, album: Album) -> tuple[list[Json], int]:
    """The pictures to show, and how many more there are."""
    case = shown.case
    media = [("image", place, path, f"image {place}") for place, path in enumerate(case.images)]
    media += [("frame", place, f.path, f"frame {place}, {f.time:g} s") for place, f in enumerate(case.frames)]
    media += [("sound", 0, case.sound, "sound over seconds")] if case.sound is not None else []
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
    """Every sample of each case, in order."""
    found: dict[str, list[Prediction]] = {}
    for prediction in sorted(predictions, key=lambda prediction: prediction.sample):
        found.setdefault(prediction.case, []).append(prediction)
    return found
