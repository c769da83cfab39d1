"""A folder with one good file of every kind that Ruling reads or writes, small enough to be used hundreds of times."""

import json
import shutil
from pathlib import Path

from datasets import Dataset
from PIL import Image
from transformers import AutoModel, AutoProcessor

from data import Brief, Briefs, Case, Gold, GoldViolation, Quote, Rule, Rulebook, Ruling, save_cases
from prompts import Episode, target, write
from rewards import Rubric, Scorecard
from rewards.models.scalar_head import ScalarHead
from rl.models.tiny import TinySize, build_tiny
from rl.runs.rollouts import Rollout, RolloutLog
from rl.training.rows import texts_of
from tests.fuzz.command import run

FILES = {
    "mapping.yaml": """\
        rulebook: book.yaml
        id: "theirs-{row}"
        text: {body: text, title: head.line}
        meta: {market: market}
        images: picture
        labels: {from: label, table: {ok: approve, prize: {rules: [PRIZE-1], or: [CURE-1]}, cure: CURE-1}}
        quote: body
        boxes: {from: boxes}
        """,
    "rubric.yaml": """\
        name: small
        prices: {miss: {0: 1.25, 0.5: 2}, false_flag: 1, escalation: 0.3}
        calibration: 0.2
        craft: {rules: 0.25, evidence: {weight: 0.25}}
        gates: [rulebook_consistency]
        penalties: {overlong: {weight: 0.1, start: 1500, end: 3000}, repetition: 0.1}
        overrides: {claims: {prices: {miss: 3}}}
        time_limit: 30.0
        """,
    "gate.yaml": """\
        name: launch
        criteria:
        - {metric: verdict_accuracy, margin: 1}
        - {metric: rule_recall, margin: 1, each: rule}
        """,
    "sft.yaml": """\
        name: small-sft
        seed: 3
        data: {train: cases.jsonl, rulebook: book.yaml, template: compact}
        model: {tiny: {kind: vl, vocab: 400, hidden: 32, layers: 1, context: 1024}, attn_implementation: eager}
        trainer: {max_steps: 2, per_device_train_batch_size: 2, learning_rate: 1.0e-3, warmup_steps: 1}
        """,
    "grpo.yaml": """\
        name: small-grpo
        data: {train: [cases.jsonl], rulebook: book.yaml, template: compact}
        model: {path: model}
        rubric: rubric.yaml
        trainer:
          max_steps: 2
          per_device_train_batch_size: 4
          num_generations: 2
          max_completion_length: 16
          scale_rewards: batch
        """,
    "reward.yaml": """\
        name: small-reward
        data: {train: [cases.jsonl], rulebook: book.yaml, template: compact}
        pairs: pairs.jsonl
        model: {path: model}
        trainer: {max_steps: 2, per_device_train_batch_size: 2, learning_rate: 1.0e-3}
        """,
    "ppo.yaml": """\
        name: small-ppo
        data: {train: [cases.jsonl], rulebook: book.yaml, template: compact}
        model: {path: model}
        rubric: rubric.yaml
        critic: {layout: head, learning_rate: 0.003, coefficient: 0.1}
        advantage: {lam: 0.95, whiten: true}
        kl: {coefficient: 0.1, estimator: k1, target: 0.5}
        trainer: {max_steps: 2, per_device_train_batch_size: 4, num_generations: 1, max_completion_length: 16}
        """,
    "prepare.yaml": """\
        video: {frames: 4, pick: both, pixels: 4096}
        page: {sections: 3, characters: 500}
        """,
    "eval.yaml": """\
        name: small-eval
        model: {path: model}
        data: [cases.jsonl]
        rulebook: book.yaml
        decoding: {template: compact, max_new_tokens: 4, temperature: 0.0, batch_size: 8}
        """,
}  # fmt: skip
CLAIMS = {"PRIZE-1": "you won a prize", "CURE-1": "cures diabetes", "SALE-1": "90 % off"}


def build(folder: Path) -> None:
    """Fills an empty folder, which is to be the current one: everything in it names the rest by relative paths."""
    for name, text in FILES.items():
        lines = text.splitlines()
        (folder / name).write_text("\n".join(line.removeprefix(" " * 8) for line in lines) + "\n", "utf-8")
    book = Rulebook(
        name="small",
        categories=[{"id": "claims", "title": "Claims"}],
        rules=[Rule(id=id_, text=f"No {words}.", severity="high", category="claims") for id_, words in CLAIMS.items()],
    )
    book.dump(folder / "book.yaml")
    cases = _cases(folder)
    save_cases(cases, folder / "cases.jsonl")
    _dataset(folder)
    (folder / "case.json").write_text(cases[0].model_dump_json(by_alias=True, exclude_defaults=True, indent=2))
    _foreign(folder)
    _pages(folder)
    _streams(folder)
    _written(folder, Briefs.bind(cases, book))
    size = TinySize(vocab=400, hidden=32, intermediate=64, layers=1, context=1024, vision_hidden=32, vision_depth=1)
    build_tiny(folder / "model", texts_of(Briefs.bind(cases, book), "compact"), "vl", size)
    ScalarHead(AutoModel.from_pretrained(folder / "model")).save_pretrained(folder / "scorer")
    AutoProcessor.from_pretrained(folder / "model").save_pretrained(folder / "scorer")
    common = "--data cases.jsonl --rulebook book.yaml"
    for command in (
        "watch model streams.jsonl --rulebook book.yaml --journal watch.jsonl --template compact --max-new-tokens 2",
        f"evaluate --predictions predictions.jsonl {common} --out valid",
        f"evaluate --predictions others.jsonl {common} --out other",
        "evaluate --predictions held.jsonl --data held-out.jsonl --rulebook book.yaml --name predictions --out held",
        f"evaluate model {common} --out asked --template compact --max-new-tokens 4 --robustness rule-ids",
        f"rewards score --rubric rubric.yaml {common} --completions completions.jsonl --out scores.parquet",
    ):
        done = run(command)
        assert done.code == 0, done
    for rest in folder.glob("*/report.html"):  # large, and nothing reads it
        rest.unlink()
    shutil.copytree(folder / "asked", folder / "again")


def _cases(folder: Path) -> list[Case]:
    cases = []
    for n in range(8):
        broken = [None, *CLAIMS][n % 4]
        words = CLAIMS[broken] if broken else "fresh bread daily"
        violations = [GoldViolation(rule=broken, evidence=[Quote(quote=words, field="body")])] if broken else []
        case = Case(
            id=f"c-{n}",
            group=f"g-{n // 2}",
            weight=1.5,
            text={"title": "An ad", "body": f"{words} in shop {n}"},
            images=[f"media/{n % 2}.png"],
            meta={"market": "SG"},
            rules=list(CLAIMS),
            gold=Gold(verdict="reject" if broken else "approve", violations=violations),
        )
        cases.append(case.with_root(folder))
    (folder / "media").mkdir()
    for n in range(2):
        Image.new("RGB", (56, 56), (200 * n, 40, 90)).save(folder / "media" / f"{n}.png")
    return cases


def _dataset(folder: Path) -> None:
    """The cases without their pictures, as `datasets` saves them."""
    rows = [json.loads(line) for line in (folder / "cases.jsonl").read_text("utf-8").splitlines()]
    columns = ("id", "group", "text", "gold")
    Dataset.from_list([{key: row[key] for key in columns} for row in rows]).save_to_disk(folder / "dataset")


def _foreign(folder: Path) -> None:
    """Somebody else's files: as CSV, and as JSON."""
    rows = [
        {
            "text": f"you won, number {n}",
            "head": {"line": "Hello"},
            "market": "SG",
            "picture": "media/0.png",
            "label": ["ok", "prize", "cure"][n % 3],
            "boxes": [{"label": "prize", "bbox": [1, 2, 20, 30]}] if n % 3 == 1 else [],
        }
        for n in range(6)
    ]
    (folder / "theirs.json").write_text(json.dumps(rows), "utf-8")
    cells = [[json.dumps(v) if isinstance(v, (dict, list)) else v for v in row.values()] for row in rows]
    table = [list(rows[0]), *cells]
    quoted = [",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in table]
    (folder / "theirs.csv").write_text("\n".join(quoted) + "\n", "utf-8")


def _pages(folder: Path) -> None:
    """Cases that lead to saved pages."""
    for n in range(2):
        html = f"<title>Shop {n}</title><h1>Bread</h1><p>Fresh daily.</p><footer>{n} dollars</footer>"
        (folder / "media" / f"{n}.html").write_text(html, "utf-8")
    rows = [{"id": f"p-{n}", "text": {"body": "Bread"}, "page": {"path": f"media/{n}.html"}} for n in range(2)]
    _save_lines(folder / "pages.jsonl", rows)


def _streams(folder: Path) -> None:
    """Cases that go on for some seconds, and say when something is broken."""
    said = [{"start": 2.0 * n, "end": 2.0 * n + 1.5, "text": "you won a prize" if n else "bread"} for n in range(3)]
    broken = {"rule": "PRIZE-1", "evidence": [{"interval": [2.0, 5.5]}]}
    rows = [
        {
            "id": f"s-{n}",
            "frames": [{"path": f"media/{n}.png", "time": 2.0 * at} for at in range(3)],
            "transcript": said,
            "gold": {"verdict": "reject", "violations": [broken]},
        }
        for n in range(2)
    ]
    _save_lines(folder / "streams.jsonl", rows)


def _written(folder: Path, briefs: Briefs) -> None:
    """Completions and predictions, and a run that has written such completions."""
    texts = [write(target(brief.case, brief.excerpt)) for brief in briefs]
    lines = [{"id": brief.id, "completion": text} for brief, text in zip(briefs, texts, strict=True)]
    _save_lines(folder / "completions.jsonl", lines)
    wrongs = [write(_wrong(target(brief.case, brief.excerpt))) for brief in briefs]
    both = list(zip(briefs, texts, wrongs, strict=True))
    _save_lines(folder / "drafts.jsonl", [{"id": b.id, "completion": text} for b, *said in both for text in said])
    _save_lines(folder / "pairs.jsonl", [{"id": b.id, "chosen": c, "rejected": r, "margin": 1.5} for b, c, r in both])
    for name, wrong in (("predictions.jsonl", 3), ("others.jsonl", 5)):
        predicted = [
            {
                "id": brief.id,
                "verdict": "reject" if n % 4 and n != wrong else "approve",
                "violations": [v.rule for v in brief.case.gold.violations] if brief.case.gold and n != wrong else [],
                "risk": 0.9 if n % 4 and n != wrong else 0.1 + n / 100,
            }
            for n, brief in enumerate(briefs)
        ]
        _save_lines(folder / name, predicted)
    others = [brief.case.model_copy(update={"id": f"held-{brief.id}"}) for brief in briefs]
    save_cases(others, folder / "held-out.jsonl")
    _save_lines(folder / "held.jsonl", [row | {"id": f"held-{row['id']}"} for row in predicted])
    rubric = Rubric.load(folder / "rubric.yaml")
    cards = rubric.score_many(texts, list(briefs))

    def rollout(step: int, brief: Brief, text: str, card: Scorecard) -> Rollout:
        advantage = 0.5 if brief.id < "c-4" else -0.5
        return Rollout(
            step, Episode.plain(brief.id, text, step), card.total, advantage, {"rules": 1.0}, {"evidence": ""}
        )

    log = RolloutLog(folder / "run" / "rollouts")
    for step in range(2):
        log.write([rollout(step, *one) for one in zip(briefs, texts, cards, strict=True)])
    facts = {
        "template": {"name": "compact", "version": "1"},
        "recipe": {"data": {"train": ["cases.jsonl"], "rulebook": "book.yaml"}},
        "steps": 2,
    }
    (folder / "run" / "run.json").write_text(json.dumps(facts), "utf-8")


def _wrong(right: Ruling) -> Ruling:
    """The opposite verdict, which its reasoning does not bear out."""
    return right.model_copy(
        update={"verdict": "approve" if right.verdict == "reject" else "escalate", "violations": []}
    )


def _save_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
