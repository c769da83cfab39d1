"""Prediction: what a model ruled on one case, beside the gold it is measured by.

One row per case and sample. A row carries all that metrics need, so that figures can be worked out again from the
file alone. Predictions are kept as Parquet; those made elsewhere come in as JSONL with the keys ``id``, ``verdict``
(null: no answer), ``violations`` (rule ids, or rules with evidence) and ``risk``, and where they are known ``sample``,
``completion`` (the text as written), ``reasoning`` and ``tokens`` (of the completion).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data import Brief, Briefs, Case, DataError, Gold, Ruling, Verdict, Violation
from data.errors import explain, suggest
from data.evidence import Seconds, Unit
from data.files import whole_file
from data.finding import findings_in
from data.jsonl import read_jsonl
from data.parquet import Kind, read_parquet
from data.rulebook import Severity
from data.strict_json import parse_json
from prompts import Episode, Look, ParseFailure, parse
from rewards import grounded
from rl.evaluation.advised import Advised
from rl.evaluation.agreement import reasoning_agrees
from rl.evaluation.faithfulness.results import Decision, Probed
from rl.evaluation.live.seen import Seen

UNPARSED: Literal["unparsed"] = "unparsed"
REFUSED: Literal["refused"] = "refused"
"""The server that the model is behind would not have it answer."""
NO_RULING = (UNPARSED, REFUSED)
"""What stands in the place of a verdict where there is none."""
Predicted = Literal["approve", "reject", "escalate", "unparsed", "refused"]


class Prediction(BaseModel):
    """A model's ruling on one case, or why there is none."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    case: str
    cluster: str
    """The unit that is drawn whole when intervals are worked out."""
    twin: str | None = None
    """The case that shows the same thing under other rules."""
    wording: str | None = None
    """Of the case that was judged (`Case.wording`); None where that is not known."""
    sample: int = Field(default=0, ge=0)
    completion: str | None = None
    """The raw text the model wrote; None where predictions made elsewhere do not have it."""
    ruling: Ruling | None = None
    failure: str | None = None
    """Why the completion is no ruling."""
    refused: bool = False
    """Whether that is because a server would not answer; `failure` has its words."""
    grounded: list[bool] = Field(default_factory=list)
    """For each violation of the ruling: whether it has evidence, and all of it is found in the case."""
    frames: list[Seconds] = Field(default_factory=list)
    """When each of the case's frames is shown, so that a frame that is cited is a moment."""
    risk: Unit | None = None
    """How likely the model says a violation is; None where it said nothing."""
    rules: list[str] = Field(default_factory=list)
    """The ids of the excerpt that the case was judged by, in order."""
    gold: Gold | None = None
    """The gold as it stands under that excerpt."""
    severity: Severity | None = None
    """Of the gravest rule that gold says is broken (`Gold.gravest`); None where none is, or it is not known."""
    category: str | None = None
    """Of that rule."""
    agrees: bool | None = None
    """Whether the answer follows from the reasoning before it; None where there is no reasoning to look at."""
    tokens: int | None = Field(default=None, ge=0)
    """Length of the completion, in tokens of the model."""
    verdict_logprob: float | None = None
    """Natural logarithm of the probability that the model gave to its verdict's tokens, where it wrote them."""
    probed: Probed | None = None
    """What the model decided when its reasoning was probed; None where it was not."""
    advised: Advised | None = None
    """What became of the ruling's edits; None where nobody looked, or gold has none."""
    seen: Seen | None = None
    """Where the case is a window of a stream."""
    turns: int | None = Field(default=None, ge=0)
    """How many the policy had; None where that is not known."""
    looks: list[Look] | None = None
    """What it looked at with tools, in order; None where that is not known."""
    reviewed: bool | None = None
    """Of a cascade: whether it was reviewed with reasoning; False where the cheap pass approved it alone."""
    meta: dict[str, Any] = Field(default_factory=dict)

    @property
    def key(self) -> tuple[str, int]:
        """What predictions of two models are aligned by."""
        return self.case, self.sample

    @property
    def verdict(self) -> Predicted:
        if self.ruling is None:
            return REFUSED if self.refused else UNPARSED
        return self.ruling.verdict

    @property
    def cited(self) -> list[str]:
        """The rules that the ruling cites, in its order."""
        return [violation.rule for violation in self.ruling.violations] if self.ruling else []

    @property
    def decision(self) -> Decision:
        """Verdict and cited rules."""
        return Decision.of(self.ruling)

    @property
    def broken(self) -> list[str]:
        """The rules that gold says the case breaks, in its order."""
        return [violation.rule for violation in (self.gold.violations if self.gold else None) or []]

    @property
    def variant_of(self) -> str | None:
        """The case that this one is a variant of, made to see whether the verdict stays; see `variants_of`."""
        original = self.meta.get("variant_of")
        return None if original is None else str(original)

    @classmethod
    def read(cls, episode: Episode, brief: Brief) -> "Prediction":
        """Parses the last turn of an episode and checks its citations against the case that it is about.

        Args:
            brief: the case under all the rules that the policy was shown, by the prompt and by tools.
        """
        assert episode.case == brief.id, "an episode is read under the brief that it was written about"
        if episode.refused is not None:
            said = {"refused": True, "failure": episode.refused}
            return cls.of(None, brief, episode.sample).model_copy(update=said)
        parsed = parse(episode.completion)
        written: dict[str, Any] = {"completion": episode.completion, "tokens": episode.tokens}
        written["turns"] = sum(turn.author == "policy" for turn in episode.turns)
        written["looks"] = list(episode.looks)
        if isinstance(parsed, ParseFailure):
            failed = cls.of(None, brief, episode.sample)
            return failed.model_copy(update={**written, "failure": str(parsed)})
        agrees = reasoning_agrees(parsed, brief.case, brief.excerpt)
        known = {"agrees": agrees, "verdict_logprob": episode.verdict_logprob}
        return cls.of(parsed, brief, episode.sample).model_copy(update=written | known)

    @classmethod
    def of(cls, ruling: Ruling | None, brief: Brief, sample: int = 0) -> "Prediction":
        """The prediction that a ruling makes on a case."""
        case, excerpt, gold = brief.case, brief.excerpt, brief.gold
        gravest = gold.gravest(excerpt) if gold is not None else None
        return cls(
            case=case.id,
            cluster=case.cluster,
            twin=case.twin,
            wording=case.wording,
            sample=sample,
            ruling=ruling,
            grounded=[stands(violation, case) for violation in ruling.violations] if ruling else [],
            frames=[frame.time for frame in case.frames],
            risk=ruling.risk if ruling else None,
            rules=excerpt.ids,
            gold=gold,
            severity=gravest.severity if gravest is not None else None,
            category=gravest.category if gravest is not None else None,
            advised=Advised.of(ruling, brief) if gold is not None and gold.edits is not None else None,
            seen=Seen.of(ruling, brief),
            meta=case.meta,
        )


def stands(violation: Violation, case: Case) -> bool:
    """Whether a violation has evidence, and every piece of it is found in the case."""
    return bool(violation.evidence) and all(grounded(evidence, case) for evidence in violation.evidence)


_PLAIN = {
    "case", "cluster", "sample", "completion", "failure", "grounded", "risk", "rules", "severity", "category",
    "agrees", "tokens", "verdict_logprob", "refused", "frames", "turns", "reviewed", "twin", "wording",
}  # fmt: skip
"""Fields that are columns as they are."""
_JSON = ("ruling", "gold", "probed", "advised", "seen", "looks", "meta")
"""Fields that are columns of JSON."""
_KINDS: dict[str, Kind] = {
    "case": "text", "cluster": "text", "sample": "integer", "verdict": "text", "gold_verdict?": "text",
    "completion?": "text", "failure?": "text", "risk?": "number", "grounded?": "anything", "rules?": "anything",
    "ruling?": "text", "gold?": "text", "meta?": "text",
    "tokens*": "integer", "verdict_logprob*": "number", "probed*": "text", "advised*": "text", "seen*": "text",
    "frames*": "anything", "turns*": "integer", "looks*": "text", "reviewed*": "anything", "twin*": "text",
    "wording*": "text",
    # Younger than the rest: those with a star.
}  # fmt: skip
"""What is looked at before rows are read."""
_COLUMNS = (
    "case", "cluster", "twin", "wording", "sample", "verdict", "gold_verdict", "risk", "verdict_logprob", "severity",
    "category", "completion", "tokens", "failure", "refused", "grounded", "agrees", "frames", "rules", "ruling",
    "gold", "probed", "advised", "seen", "turns", "looks", "reviewed", "meta",
)  # fmt: skip


def save_predictions(predictions: Sequence[Prediction], path: str | Path) -> None:
    """Writes predictions as Parquet; ``verdict`` and ``gold_verdict`` are added for readers without Ruling."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            **p.model_dump(include=_PLAIN),
            "verdict": p.verdict,
            "gold_verdict": p.gold.verdict if p.gold else None,
            "ruling": p.ruling.model_dump_json() if p.ruling else None,
            "gold": p.gold.model_dump_json(by_alias=True) if p.gold else None,
            "probed": p.probed.model_dump_json() if p.probed else None,
            "advised": p.advised.model_dump_json() if p.advised else None,
            "seen": p.seen.model_dump_json() if p.seen else None,
            "looks": json.dumps([look.kept() for look in p.looks]) if p.looks is not None else None,
            "meta": json.dumps(p.meta, ensure_ascii=False),
        }
        for p in predictions
    ]
    text, ids, flags, times = pa.string(), pa.list_(pa.string()), pa.list_(pa.bool_()), pa.list_(pa.float64())
    types = {
        "sample": pa.int32(), "tokens": pa.int32(), "turns": pa.int32(), "risk": pa.float64(),
        "verdict_logprob": pa.float64(),
        "agrees": pa.bool_(), "refused": pa.bool_(), "reviewed": pa.bool_(), "grounded": flags, "rules": ids,
        "frames": times,
    }  # fmt: skip
    schema = pa.schema([(name, types.get(name, text)) for name in _COLUMNS])
    with whole_file(path) as draft:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), draft, compression="zstd")


def load_predictions(path: str | Path) -> list[Prediction]:
    """Reads what `save_predictions` wrote.

    Raises:
        DataError: the file is missing or not a predictions file, or a prediction stands twice; names row and column.
    """
    found: dict[tuple[str, int], Prediction] = {}
    for number, row in enumerate(read_parquet(path, _KINDS), start=1):
        for added in ("verdict", "gold_verdict"):
            del row[added]
        name: str | None = None
        try:
            for name in _JSON:
                if row.get(name) is not None:
                    row[name] = parse_json(row[name].encode("utf-8", "surrogatepass"))
            prediction = Prediction.model_validate(row)
        except ValidationError as error:
            field, message = explain(error, Prediction)
            raise DataError(message, file=path, line=number, field=field) from error
        except DataError as error:
            raise DataError(error.message, file=path, line=number, field=name) from error
        if found.setdefault(prediction.key, prediction) is not prediction:
            which = f"case '{prediction.case}', sample {prediction.sample},"
            raise DataError(f"{which} is predicted twice", file=path, line=number)
    return list(found.values())


class _Foreign(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    verdict: Verdict | None
    violations: list[Union[str, Violation]] = Field(default_factory=list)
    risk: Unit | None = None
    sample: int = Field(default=0, ge=0, lt=2**31)
    completion: str | None = None
    reasoning: str | None = None
    tokens: int | None = Field(default=None, ge=0, lt=2**31)

    def ruling(self) -> Ruling | None:
        if self.verdict is None:
            return None
        risk = self.risk if self.risk is not None else 0.5
        cited = [Violation(rule=v) if isinstance(v, str) else v for v in self.violations]
        confidence = {"approve": 1 - risk, "reject": risk, "escalate": 0.5}[self.verdict]
        return Ruling(reasoning=self.reasoning or "", violations=cited, verdict=self.verdict, confidence=confidence)


def import_predictions(path: str | Path, briefs: Briefs, *, others: bool = False) -> list[Prediction]:
    """Reads predictions made elsewhere, in the order of the cases.

    Args:
        others: whether there may be predictions on other cases, which are passed over.

    Raises:
        DataError: a line is not a prediction, a prediction has no case or stands twice, or a case has no prediction.
    """
    found: dict[tuple[str, int], Prediction] = {}
    tells_evidence = False
    for number, row in read_jsonl(path, _Foreign):
        if row.id not in briefs and others:
            continue
        if row.id not in briefs:
            raise DataError(f"there is no case '{row.id}' in the data", file=path, line=number, field="id")
        if (row.id, row.sample) in found:
            raise DataError(f"case '{row.id}' is predicted twice", file=path, line=number, field="id")
        brief, book = briefs[row.id], briefs.book
        for rule in (cited if isinstance(cited, str) else cited.rule for cited in row.violations):
            if rule not in (*brief.excerpt.ids, *book.ids):
                message = f"the rulebook has no rule '{rule}'{suggest(rule, book.ids)}"
                raise DataError(message, file=path, line=number, field="violations")
        ruling, reasoned = row.ruling(), bool(findings_in(row.reasoning or ""))
        prediction = Prediction.of(ruling, brief, row.sample)
        known = {
            "risk": row.risk,
            "failure": None if row.verdict else "no verdict given",
            "completion": row.completion,
            "tokens": row.tokens,
            # Reasoning in other forms than ours has no findings that an answer could be held against.
            "agrees": reasoning_agrees(ruling, brief.case, brief.excerpt) if ruling and reasoned else None,
            "seen": Seen.of(ruling, brief, reasoned),
        }
        found[prediction.key] = prediction.model_copy(update=known)
        tells_evidence |= any(not isinstance(violation, str) for violation in row.violations)
    ids = [brief.id for brief in briefs]
    missing = sorted(set(ids) - {case for case, _ in found})
    if missing:
        named = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
        raise DataError(f"{len(missing)} of {len(ids)} cases have no prediction: {named}", file=path)
    if not tells_evidence:  # a file of bare ids says nothing of evidence, which is not the same as giving none
        found = {key: prediction.model_copy(update={"grounded": []}) for key, prediction in found.items()}
    order = {id_: place for place, id_ in enumerate(ids)}
    return sorted(found.values(), key=lambda p: (order[p.case], p.sample))
