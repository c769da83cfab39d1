"""Does a policy learn to look things up, and does it use what it sees? Billboard at the desk.

    python benchmarks/desk.py --out runs/bench-desk [--reading-steps 280] [--sft-steps 270] [--grpo-steps 20]

Draws ads under a book of 3,000 rules, print too small to read, facts on the page; writes trajectories from gold. A
model that knows nothing goes to school first, for what a pretrained model brings (`benchmarks/schooling.py`: half an
hour of a core), and learns to read, from every word of the episodes. Then it learns what its reviewer wrote (SFT; then
what follows from a line of reasoning, from lines alone; then SFT once more), and by the rubric with the tools (GRPO).
Both models review ads of products that none has seen, at their desk and at others, and every difference has a paired
interval, by mechanism too:

- **desk**: as trained;
- **no zoom**: without that tool;
- **blank zoom**, **blank search**, **blank page**: the tool answers, and shows nothing;
- **oracle**: a search that always finds the rules that gold speaks of.

Whatever is there already is not made again, and what was stopped goes on.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from schooling import judge, school

from data import Brief, Briefs, Rule, load_cases
from data.billboard.desk import build_desk
from data.files import whole_file
from prompts.excerpts import Excerpts
from rl.config.evaluate import EvalRecipe
from rl.config.policy import GRPORecipe
from rl.config.train import SFTRecipe
from rl.curation.trajectories import make_trajectories
from rl.demo import precision
from rl.desk import Desk, Desks
from rl.evaluation import Evaluation, evaluate_model
from rl.runs.folder import RunFolder
from rl.runs.trajectories import save_trajectories
from rl.training import train
from rl.training.registry import stage_of

RECIPES = "billboard_desk"
MECHANISMS = ("claim", "fine_print", "page")
FIGURES = ("verdict_accuracy", "rule_f1", "miss_rate", "false_flag_rate", "parse_rate")


class OracleDesks(Desks):
    """Desks whose search always finds the rules that gold speaks of, beside what it finds anyway."""

    def at(self, brief: Brief, special_tokens: tuple[str, ...] = ()) -> Desk:
        gold = brief.case.gold
        wanted = [rule for violation in (gold.violations or [] if gold else []) for rule in violation.accepted]

        def search(query: str) -> Sequence[Rule]:
            found = list(self._search(query))
            missing = [self.book[rule] for rule in wanted if rule not in {rule.id for rule in found}]
            return [*missing, *found][: max(len(found), len(missing))]

        return Desk(brief, self.book, self.tools, self.config, search=search, special_tokens=special_tokens)


def desks_of(recipe: EvalRecipe, briefs: Briefs) -> Mapping[str, Desks]:
    """The desks that a model is measured at, by name."""
    usual = recipe.desk
    assert usual is not None

    def blank(*tools: str) -> Desks:
        return Desks.of(usual.model_copy(update={"blank": tools}), briefs.book)

    desk = Desks.of(usual, briefs.book)
    no_zoom = usual.model_copy(update={"tools": tuple(tool for tool in usual.tools if tool != "zoom")})
    return {
        "desk": desk,
        "no zoom": Desks.of(no_zoom, briefs.book),
        "blank zoom": blank("zoom"),
        "blank search": blank("search_rules"),
        "blank page": blank("read"),
        "oracle": OracleDesks(desk.config, desk.book, desk.tools),
    }


def prepare(data: Path, cases: int, test_cases: int, seed: int, recipe: SFTRecipe) -> Path:
    """Cases, and the trajectories to learn from."""
    trajectories = data / "trajectories.jsonl"
    if not trajectories.is_file():
        build_desk(data, cases, test_cases, seed)
        briefs = bound(data, "train")
        assert recipe.desk is not None
        save_trajectories(make_trajectories(briefs, Desks.of(recipe.desk, briefs.book), seed).episodes, trajectories)
    return trajectories


def schooled(untaught: SFTRecipe, cases: Path) -> Path:
    """The recipe's tiny model, which can repeat and read print."""
    stage = stage_of(untaught)
    if not stage.run.tiny.is_dir():
        stage.prepare()
    return school(stage.run.tiny, load_cases(cases), stage.run.tiny.parent / "schooled", seed=untaught.seed)


def lines_of(trajectories: Path) -> Iterator[str]:
    """Those of the reasoning in which something follows, one by one."""
    for row in trajectories.read_text(encoding="utf-8").splitlines():
        for turn in json.loads(row)["turns"]:
            if turn["author"] == "policy":
                lines = turn["text"].removeprefix("<think>").splitlines(keepends=True)
                yield from (line for line in lines if " -> " in line)


def bound(data: Path, pool: str) -> Briefs:
    """The cases of a pool, none of whose rules is shown."""
    return Excerpts(str(data / "rulebook.yaml"), "none").bind(load_cases(data / f"{pool}.jsonl"))


def steps(count: int) -> dict[str, Any]:
    """So many, at the rate that a model bears which has been to school, the last third of them at a falling one."""
    return {
        "max_steps": count, "learning_rate": 2e-3, "warmup_steps": max(1, count // 10),
        "lr_scheduler_kwargs": {"num_decay_steps": max(1, count // 3)},
    }  # fmt: skip


def trained(recipe: Any) -> Path:
    """The run of a recipe."""
    if not RunFolder(recipe.output).is_trained:
        train(recipe, resume=True)
    return Path(recipe.output)


def by_mechanism(evaluation: Evaluation, briefs: Briefs, mechanism: str | None) -> Evaluation:
    """On the cases of one mechanism, or on all."""
    kept = [p for p in evaluation.predictions if mechanism in (None, briefs[p.case].case.meta.get("mechanism"))]
    return replace(evaluation, predictions=kept)


def table_of(found: Mapping[str, Evaluation], briefs: Briefs) -> tuple[Table, dict[str, Any]]:
    """Accuracy at each desk, and what it is less than at the usual one; and the same as JSON."""
    table, kept = Table("", "cases", *found), dict[str, Any]()
    for mechanism in (None, *MECHANISMS):
        parts = {name: by_mechanism(evaluation, briefs, mechanism) for name, evaluation in found.items()}
        usual = parts[next(iter(parts))]
        cells = []
        for name, part in parts.items():
            value = part.metrics["verdict_accuracy"]
            told = f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"
            entry = {"value": value.value, "low": value.low, "high": value.high}
            if part is not usual:
                apart = part.difference(usual)["verdict_accuracy"]
                told += f"\n{apart.value:+.3f} [{apart.low:+.3f}, {apart.high:+.3f}]"
                entry |= {"apart": apart.value, "apart_low": apart.low, "apart_high": apart.high}
            cells.append(told)
            kept.setdefault(mechanism or "all", {})[name] = entry
        table.add_row(mechanism or "all", str(len(usual.predictions)), *cells)
    return table, kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/bench-desk"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=12000)
    parser.add_argument("--test-cases", type=int, default=300)
    parser.add_argument("--reading-steps", type=int, default=280)
    parser.add_argument("--sft-steps", type=int, default=270)
    parser.add_argument("--again-steps", type=int, default=75, help="of SFT, once lines alone have been judged")
    parser.add_argument("--grpo-steps", type=int, default=20)
    parser.add_argument("--only", nargs="*", help="desks to measure at")
    chosen = parser.parse_args()
    data, console = chosen.out / "data", Console(width=180)
    shared = {
        "data.train": str(data / "train.jsonl"), "data.rulebook": str(data / "rulebook.yaml"), "seed": chosen.seed,
        **precision(),
    }  # fmt: skip
    shown = shared | {"trajectories": str(data / "trajectories.jsonl")}
    untaught = SFTRecipe.load(f"{RECIPES}_reading/sft", shown | {"output": str(chosen.out / "untaught")})
    prepare(data, chosen.cases, chosen.test_cases, chosen.seed, untaught)
    begun = {"path": str(schooled(untaught, data / "train.jsonl")), "attn_implementation": "eager"}
    own = steps(chosen.reading_steps) | {"output": str(chosen.out / "reading"), "model": begun}
    reading = SFTRecipe.load(f"{RECIPES}_reading/sft", shown | own)
    own = steps(chosen.sft_steps) | {"output": str(chosen.out / "first"), "model.path": str(trained(reading))}
    first = trained(SFTRecipe.load(f"{RECIPES}/sft", shown | own))
    judging = judge(RunFolder(first).final, list(lines_of(data / "trajectories.jsonl")), chosen.out / "judging")
    own = steps(chosen.again_steps) | {"output": str(chosen.out / "sft"), "model.path": str(judging)}
    models = {"sft": trained(SFTRecipe.load(f"{RECIPES}/sft", shown | own | {"learning_rate": 1e-3}))}
    if chosen.grpo_steps:
        own = {"output": str(chosen.out / "grpo"), "model.path": str(models["sft"])}
        models["grpo"] = trained(GRPORecipe.load(f"{RECIPES}/grpo", shared | own | {"max_steps": chosen.grpo_steps}))
    briefs, figures = bound(data, "test"), dict[str, Any]()
    recipe = EvalRecipe.load(f"{RECIPES}/eval")
    at_desk: dict[str, Evaluation] = {}
    for name, model in models.items():
        found = {}
        for place, desks in desks_of(recipe, briefs).items():
            if chosen.only is None or place in ("desk", *chosen.only):
                out = chosen.out / "evaluations" / f"{name}-{place.replace(' ', '-')}"
                found[place] = evaluate_model(
                    model, briefs, out, name=f"{name} {place}", decoding=recipe.decoding, desks=desks
                )
        table, figures[name] = table_of(found, briefs)
        console.print(f"\n{name}: right verdicts, and what they are less than at the usual desk", table)
        spent = {place: evaluation.spent for place, evaluation in found.items()}
        console.print(*(f"{place}: {told}" for place, told in spent.items()), sep="\n")
        at_desk[name] = found["desk"]
    if "grpo" in at_desk:
        gain = at_desk["grpo"].difference(at_desk["sft"])
        figures["grpo - sft"] = {
            name: [gain[name].value, gain[name].low, gain[name].high] for name in FIGURES if name in gain
        }
        for name, (value, low, high) in figures["grpo - sft"].items():
            console.print(f"GRPO − SFT, {name}: {value:+.3f} [{low:+.3f}, {high:+.3f}]")
    with whole_file(chosen.out / "desk.json") as draft:
        draft.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
