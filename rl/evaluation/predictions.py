"""Prediction: what a model ruled on one case, beside the gold it is measured by.

One row per case and sample. A row carries all that metrics need, so that figures can be worked out again from the
file alone. Predictions are kept as Parquet; those made elsewhere come in as JSONL with the keys ``id``, ``verdict``
(null: no answer), ``violations`` (rule ids, or rules with evidence) and ``risk``.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data import Case, DataError, Gold, Rulebook, Ruling, Verdict, Violation
from data.errors import explain
from data.evidence import Unit
from data.loading import parse_json
from prompts import ParseFailure, parse
from rewards import grounded

UNPARSED: Literal["unparsed"] = "unparsed"
Predicted = Literal["approve", "reject", "escalate", "unparsed"]


class Prediction(BaseModel):
    """A model's ruling on one case, or why there is none."""

    model_config = ConfigDict(extra="forbid")

    case: str
    cluster: str
    """The unit that is drawn whole when intervals are worked out."""
    sample: int = Field(default=0, ge=0)
    completion: str | None = None
    """The raw text the model wrote; None for predictions made elsewhere."""
    ruling: Ruling | None = None
    failure: str | None = None
    """Why the completion is no ruling."""
    grounded: list[bool] = Field(default_factory=list)
    """For each violation of the ruling: whether it has evidence, and all of it is found in the case."""
    risk: Unit | None = None
    """How likely the model says a violation is; None where it said nothing."""
    rules: list[str] = Field(default_factory=list)
    """The ids of the excerpt that the case was judged by, in order."""
    gold: Gold | None = None
    """The gold as it stands under that excerpt."""
    meta: dict[str, Any] = Field(default_factory=dict)

    @property
    def key(self) -> tuple[str, int]:
        """What predictions of two models are aligned by."""
        return self.case, self.sample

    @property
    def verdict(self) -> Predicted:
        return self.ruling.verdict if self.ruling else UNPARSED

    @property
    def cited(self) -> list[str]:
        """The rules that the ruling cites, in its order."""
        return [violation.rule for violation in self.ruling.violations] if self.ruling else []

    @classmethod
    def read(cls, completion: str, case: Case, excerpt: Rulebook, sample: int = 0) -> "Prediction":
        """Parses a completion and checks its citations against the case."""
        parsed = parse(completion)
        if isinstance(parsed, ParseFailure):
            failed = cls.of(None, case, excerpt, sample)
            return failed.model_copy(update={"completion": completion, "failure": str(parsed)})
        return cls.of(parsed, case, excerpt, sample).model_copy(update={"completion": completion})

    @classmethod
    def of(cls, ruling: Ruling | None, case: Case, excerpt: Rulebook, sample: int = 0) -> "Prediction":
        """The prediction that a ruling makes on a case."""
        return cls(
            case=case.id,
            cluster=case.cluster,
            sample=sample,
            ruling=ruling,
            grounded=[stands(violation, case) for violation in ruling.violations] if ruling else [],
            risk=ruling.risk if ruling else None,
            rules=excerpt.ids,
            gold=case.gold_for(excerpt),
            meta=case.meta,
        )


def stands(violation: Violation, case: Case) -> bool:
    """Whether a violation has evidence, and every piece of it is found in the case."""
    return bool(violation.evidence) and all(grounded(evidence, case) for evidence in violation.evidence)


def save_predictions(predictions: Sequence[Prediction], path: str | Path) -> None:
    """Writes predictions as Parquet; ``verdict`` and ``gold_verdict`` are added for readers without Ruling."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            **p.model_dump(
                include={"case", "cluster", "sample", "completion", "failure", "grounded", "risk", "rules"}
            ),
            "verdict": p.verdict,
            "gold_verdict": p.gold.verdict if p.gold else None,
            "ruling": p.ruling.model_dump_json() if p.ruling else None,
            "gold": p.gold.model_dump_json(by_alias=True) if p.gold else None,
            "meta": json.dumps(p.meta, ensure_ascii=False),
        }
        for p in predictions
    ]
    text, ids, flags = pa.string(), pa.list_(pa.string()), pa.list_(pa.bool_())
    types = {"sample": pa.int32(), "risk": pa.float64(), "grounded": flags, "rules": ids}
    columns = ["case", "cluster", "sample", "verdict", "gold_verdict", "risk", "completion", "failure", "grounded"]
    schema = pa.schema([(name, types.get(name, text)) for name in [*columns, "rules", "ruling", "gold", "meta"]])
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, compression="zstd")


def load_predictions(path: str | Path) -> list[Prediction]:
    """Reads what `save_predictions` wrote.

    Raises:
        DataError: the file is missing or not a predictions file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path).drop_columns(["verdict", "gold_verdict"]).to_pylist()
        for row in rows:
            row |= {name: json.loads(row[name]) for name in ("ruling", "gold", "meta") if row[name] is not None}
        return [Prediction.model_validate(row) for row in rows]
    except FileNotFoundError as error:
        raise DataError("no such file", file=path) from error
    except (pa.ArrowException, KeyError, ValidationError) as error:
        raise DataError(f"not a predictions file: {error}", file=path) from error


class _Foreign(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    verdict: Verdict | None
    violations: list[Union[str, Violation]] = Field(default_factory=list)
    risk: Unit | None = None
    sample: int = Field(default=0, ge=0)

    def ruling(self) -> Ruling | None:
        if self.verdict is None:
            return None
        risk = self.risk if self.risk is not None else 0.5
        cited = [Violation(rule=v) if isinstance(v, str) else v for v in self.violations]
        confidence = {"approve": 1 - risk, "reject": risk, "escalate": 0.5}[self.verdict]
        return Ruling(violations=cited, verdict=self.verdict, confidence=confidence)


def import_predictions(path: str | Path, cases: Iterable[Case], book: Rulebook) -> list[Prediction]:
    """Reads predictions made elsewhere, in the order of the cases.

    Raises:
        DataError: a line is not a prediction, a prediction has no case or stands twice, or a case has no prediction.
    """
    found: dict[tuple[str, int], Prediction] = {}
    by_id = {case.id: case for case in cases}
    for number, row in _foreign_rows(path):
        if row.id not in by_id:
            raise DataError(f"there is no case '{row.id}' in the data", file=path, line=number, field="id")
        if (row.id, row.sample) in found:
            raise DataError(f"case '{row.id}' is predicted twice", file=path, line=number, field="id")
        case = by_id[row.id]
        prediction = Prediction.of(row.ruling(), case, book.excerpt(case.rules), row.sample)
        failure = None if row.verdict else "no verdict given"
        found[prediction.key] = prediction.model_copy(update={"risk": row.risk, "failure": failure})
    missing = sorted(set(by_id) - {case for case, _ in found})
    if missing:
        named = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
        raise DataError(f"{len(missing)} of {len(by_id)} cases have no prediction: {named}", file=path)
    order = {id_: place for place, id_ in enumerate(by_id)}
    return sorted(found.values(), key=lambda p: (order[p.case], p.sample))


def _foreign_rows(path: str | Path) -> Iterator[tuple[int, _Foreign]]:
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=path) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, _Foreign.model_validate(parse_json(line))
        except ValidationError as error:
            field, message = explain(error, _Foreign)
            raise DataError(message, file=path, line=number, field=field) from error
        except DataError as error:
            raise DataError(error.message, file=path, line=number) from error
