"""Whether suspects are labels that are wrong, on the labels of a teacher who tires.

    python benchmarks/suspects.py --home runs/benchmarks/billboard/seed-21        (after benchmarks/billboard.py)
    python benchmarks/suspects.py --home runs/benchmarks/distil/seed-21 --model start     (after benchmarks/distil.py)

GRPO goes on from the SFT model of a seed with what the teacher says as gold, and the finder sees nothing else. Prints
how many of the first so many suspects the teacher got wrong; the same for the plain list, confident and disagrees (a
case's first completion rules otherwise than the label, the most confident first); and what chance would give.

Then the first ``--relabelled`` suspects are judged again by someone who makes no errors, with reasoning, and SFT goes
on from the same model on the cases that GRPO saw: with those rulings in the place of the teacher's, and without. Both
and GRPO on the old labels rule on unseen ads, and are compared in pairs.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data import Briefs, Case, Gold, GoldViolation, Rulebook, load_cases, save_cases
from rl.config.policy import GRPORecipe
from rl.config.train import SFTRecipe
from rl.curation.suspects import Heard, find_suspects
from rl.demo import SPLITS, evaluate, precision
from rl.evaluation import compare_table
from rl.evaluation.faithfulness.results import Decision
from rl.evaluation.predictions import Prediction
from rl.runs.folder import RunFolder
from rl.runs.past_run import PastRun, open_past_run
from rl.training import train

AT = (25, 50, 100, 200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="with data/ and the SFT model")
    parser.add_argument("--model", default="sft", help="its name in home")
    parser.add_argument("--out", type=Path, help="for the runs; else in home")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--cases", type=int, help="only so many, so that runs go over them several times")
    parser.add_argument("--relabelled", type=int, default=256, help="suspects that are judged again")
    parser.add_argument("--sft-steps", type=int, default=200, help="of SFT on the labels that are mended")
    arguments = parser.parse_args()
    out = arguments.out or arguments.home / "suspects"
    cases = load_cases(arguments.home / "data" / "train.jsonl")[: arguments.cases]
    labels = arguments.home / "data" / "taught.jsonl"
    save_cases([as_taught(case) for case in cases], labels)
    start = arguments.home / arguments.model
    runs = [learn(arguments.home, start, labels, out, seed, arguments.steps) for seed in arguments.seeds]
    past = [open_past_run(run) for run in runs]
    wrong = {case.id for case in cases if decision(case.gold) != decision(as_taught(case).gold)}
    seen = {rollout.episode.case for run in past for rollout in run.rollouts}
    lists = {"suspects": [suspect.case for suspect in find_suspects(past)], "confident and disagrees": plain(past)}
    share = len(wrong & seen) / len(seen)
    Console().print(f"{len(seen):,} cases ruled on, {len(wrong & seen):,} labels are wrong: {share:.3f}")
    table = Table("list", "long", *(f"of the first {at}" for at in AT))
    for name, listed in lists.items():
        cells = [f"{len(wrong & set(listed[:at])) / at:.3f}" if len(listed) >= at else "–" for at in AT]
        table.add_row(name, f"{len(listed):,}", *cells)
    Console(width=120).print(table)
    mended = set(lists["suspects"][: arguments.relabelled])
    Console().print(f"relabelled {len(mended):,}, of which {len(mended & wrong):,} were wrong")
    learnt = [case for case in cases if case.id in seen]
    models = {"start": start, "GRPO, old labels": runs[0]}
    for name, these in {"SFT, old labels": set[str](), "SFT, relabelled": mended}.items():
        rulings = [case.model_copy(update={"teacher": None}) if case.id in these else case for case in learnt]
        models[name] = imitate(arguments, start, rulings, out / f"sft-{len(these)}")
    compared(arguments.home, models, out, Console(width=170))


def as_taught(case: Case) -> Case:
    """The case with what its teacher says as gold, and all that could tell what is right gone."""
    said = case.teacher
    assert said is not None
    violations = [GoldViolation(rule=violation.rule, evidence=violation.evidence) for violation in said.violations]
    unclear = [finding.rule for finding in said.findings if finding.outcome == "unclear"]
    gold = Gold(verdict=said.verdict, violations=violations, unclear=unclear, intent=said.intent)
    return case.model_copy(update={"gold": gold, "teacher": None})


def decision(gold: Gold | None) -> Decision:
    assert gold is not None and gold.verdict is not None
    return Decision.citing(gold.verdict, (violation.rule for violation in gold.violations or []))


def learn(home: Path, start: Path, labels: Path, out: Path, seed: int, steps: int) -> Path:
    """GRPO by the shipped recipe, on these labels."""
    run = out / f"seed-{seed}"
    if not RunFolder(run).is_trained:
        settings = {
            "seed": seed,
            "data.train": [str(labels)],
            "data.rulebook": str(home / "data" / "rulebook.yaml"),
            "model.path": str(start),
            "output": str(run),
            "max_steps": steps,
            **precision(),
        }
        train(GRPORecipe.load("billboard/grpo", settings))
    return run


def imitate(arguments: argparse.Namespace, start: Path, cases: list[Case], run: Path) -> Path:
    """SFT goes on with what teachers say of cases, and gold with its reasoning of those that have none."""
    if not RunFolder(run).is_trained:
        labels = arguments.home / "data" / f"{run.name}.jsonl"  # pictures are named from there
        save_cases(cases, labels)
        settings = {
            "seed": arguments.seeds[0],
            "data.train": [str(labels)],
            "data.rulebook": str(arguments.home / "data" / "rulebook.yaml"),
            "model": {"path": str(start), "attn_implementation": "eager"},
            "output": str(run),
            "max_steps": arguments.sft_steps,
            "learning_rate": 5e-4,
            "lr_scheduler_type": "linear",
            "lr_scheduler_kwargs": None,
            **precision(),
        }
        train(SFTRecipe.load("billboard/sft", settings))
    return run


def compared(home: Path, models: dict[str, Path], out: Path, console: Console) -> None:
    """Prints how models rule on unseen ads, side by side, and what relabelling gains."""
    book = Rulebook.load(home / "data" / "rulebook.yaml")
    for split in SPLITS:
        briefs = Briefs.bind(load_cases(home / "data" / f"{split}.jsonl"), book)
        found = {
            name: evaluate(run, briefs, out / "evaluations" / split / run.name, split) for name, run in models.items()
        }
        console.print(compare_table(list(found.values())))
        for than in list(models)[:-1]:
            gain = found["SFT, relabelled"].difference(found[than], ("verdict_accuracy",))["verdict_accuracy"]
            console.print(
                f"{split}: SFT, relabelled, less {than}: {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
            )


def plain(runs: Sequence[PastRun]) -> list[str]:
    """Of each case the first completion, where that rules otherwise than the label; the most confident first."""
    first: dict[str, Prediction] = {}
    for run in runs:
        for rollout in run.rollouts:
            if rollout.episode.case not in first:
                first[rollout.episode.case] = Prediction.read(rollout.episode, run.briefs[rollout.episode.case])
    doubted = [p for p in first.values() if p.ruling is not None and not Heard(0, 0.0, p).agrees]
    return [p.case for p in sorted(doubted, key=lambda p: -p.ruling.confidence)]  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
