"""Trajectories: every call is answered by a real desk, the ruling is gold's, and looking does not tell the verdict."""

from pathlib import Path

import pytest

from data import Briefs, Case, DataError, Rule, Rulebook, load_cases
from data.billboard.desk import build_desk
from prompts import Episode, Turn, parse
from prompts.excerpts import Excerpts
from rewards import Rubric
from rl.config.desk import DeskConfig
from rl.curation.trajectories import make_trajectories
from rl.desk import Desks
from rl.desk.replay import replay
from rl.runs.trajectories import read_trajectories, save_trajectories

CONFIG = DeskConfig(
    tools=("search_rules", "zoom", "read"), max_calls=3, picture_side=112, search={"retrieve": "bm25", "k": 3}
)


@pytest.fixture(scope="module")
def desked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Briefs, Desks]:
    folder = build_desk(tmp_path_factory.mktemp("desk"), 24, 2)
    excerpts = Excerpts(folder / "rulebook.yaml", "none")
    return excerpts.bind(load_cases(folder / "train.jsonl")), Desks.of(CONFIG, excerpts.book)


def test_each_case_of_the_benchmark_gives_one_that_earns_what_gold_earns(desked: tuple[Briefs, Desks]) -> None:
    briefs, desks = desked
    made = make_trajectories(briefs, desks)
    assert not made.left_out and [episode.case for episode in made.episodes] == [brief.id for brief in briefs]
    rubric = Rubric.load("default")
    for episode in made.episodes:
        brief = briefs[episode.case]
        mechanism = brief.case.meta["mechanism"]
        then = {"fine_print": ["zoom"], "page": ["read"]}.get(mechanism, [])
        assert [look.tool for look in episode.looks] == ["search_rules", *then]
        judged = brief.with_rules(episode.looked_up, briefs.book)
        ruling = parse(episode.completion)
        assert ruling.verdict == judged.gold.verdict and [f.rule for f in ruling.findings] == judged.excerpt.ids
        card = rubric.score(episode.completion, judged.case, judged.excerpt)
        assert card.total is not None and card.total > 1.3, card
    assert make_trajectories(briefs, desks).episodes == made.episodes


def test_what_is_kept_is_asked_again_with_its_pictures(desked: tuple[Briefs, Desks], tmp_path: Path) -> None:
    briefs, desks = desked
    made = make_trajectories(briefs, desks).episodes
    save_trajectories(made, tmp_path / "t.jsonl")
    read = read_trajectories(tmp_path / "t.jsonl")
    for kept, episode in zip(read, made, strict=True):
        again = replay(kept, briefs[kept.case], desks, "compact")
        assert again.episode == episode and again.judged.excerpt.ids == list(episode.looked_up)
        pictures = sum(look.pictures for look in episode.looks)
        assert sum(len(message.media) for message in again.messages[2:]) == pictures
        roles = [message.role for message in again.messages]
        assert roles == ["system", "user", *["assistant", "tool"] * len(episode.looks), "assistant"]


def test_an_episode_that_is_none_of_the_desks_is_refused(desked: tuple[Briefs, Desks]) -> None:
    briefs, desks = desked
    (episode, *_) = make_trajectories(briefs, desks).episodes
    short = Episode(episode.case, episode.turns[:2])
    with pytest.raises(DataError, match=r"turn 1 of 1 on case .* asks for more"):
        replay(short, briefs[episode.case], desks)
    long = Episode(episode.case, (*episode.turns, Turn("<think>and</think>")))
    with pytest.raises(DataError, match="asks for nothing, and is not the last"):
        replay(long, briefs[episode.case], desks)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"case": "a", "turns": []}', "turns"),
        ('{"case": "a", "turns": [{"author": "tool", "text": "x"}]}', "turns: ends with what a tool said"),
        ('{"case": "a", "turns": [{"words": "x"}]}', "turns: not a turn"),
        ('{"case": "a", "turns": [{"text": "x", "looks": [{}]}]}', "turns: not a look: tool: Field required"),
        ("", "holds no trajectories"),
    ],
)
def test_files_that_are_none_are_named(tmp_path: Path, line: str, why: str) -> None:
    (tmp_path / "t.jsonl").write_text(line + "\n")
    with pytest.raises(DataError, match=rf"t.jsonl.*{why}"):
        read_trajectories(tmp_path / "t.jsonl")


def test_of_data_without_hints_evidence_tells_where_to_look_and_approvals_look_there_too() -> None:
    book = Rulebook(name="b", rules=[Rule(id="A-1", text="No hidden fee."), Rule(id="A-2", text="No guns.")])
    page = {"sections": [{"title": "terms", "text": "a fee of 5", "shown": False}, {"text": "hello", "shown": False}]}
    evidence = {"quote": "a fee of 5", "field": "page", "section": 0}
    broken = {"verdict": "reject", "violations": [{"rule": "A-1", "evidence": [evidence]}]}
    clear, unfound = {"verdict": "approve", "violations": []}, {"verdict": "reject", "violations": [{"rule": "A-2"}]}
    cases = [
        Case.model_validate({"id": "r", "text": {"t": "hidden things"}, "page": page, "gold": broken}),
        Case.model_validate({"id": "a", "text": {"t": "a fee"}, "page": page, "gold": clear}),
        Case.model_validate({"id": "lost", "text": {"t": "zebra"}, "gold": unfound}),
    ]
    briefs = Excerpts(book, "none").bind(cases)
    made = make_trajectories(briefs, Desks.of(DeskConfig.of(["search_rules", "read"]), book))
    assert [[look.told for look in episode.looks] for episode in made.episodes] == [
        ["search_rules: A-1", "read: page, section 0"],
        ["search_rules: A-1", "read: page, section 0"],
    ]
    assert dict(made.left_out) == {"a rule of its gold was not found": 1}
    with pytest.raises(DataError, match="no case gives a trajectory"):
        make_trajectories(briefs[2:], Desks.of(DeskConfig.of(["search_rules"]), book))


def test_what_has_to_be_looked_at_with_a_tool_that_is_not_there_cannot_be_learned() -> None:
    """Not even from a ruling without the look: it would teach to make up what was not seen."""
    book = Rulebook(name="b", rules=[Rule(id="A-1", text="No hidden fee.")])
    page = {"sections": [{"title": "terms", "text": "a fee of 5", "shown": False}]}
    evidence = {"quote": "a fee of 5", "field": "page", "section": 0}
    gold = {"verdict": "reject", "violations": [{"rule": "A-1", "evidence": [evidence]}]}
    clear, looks = {"verdict": "approve", "violations": []}, [{"name": "zoom", "arguments": {"image": 0}}]
    cases = [
        Case.model_validate({"id": "r", "text": {"t": "hidden"}, "page": page, "gold": gold}),
        Case.model_validate({"id": "z", "text": {"t": "hidden"}, "meta": {"looks": looks}, "gold": clear}),
        Case.model_validate({"id": "a", "text": {"t": "hidden"}, "gold": clear}),
    ]
    desks = Desks.of(DeskConfig.of(["search_rules"]), book)
    made = make_trajectories(Excerpts(book, "none").bind(cases), desks)
    assert [episode.case for episode in made.episodes] == ["a"]
    assert dict(made.left_out) == {
        f"{name}: there is no tool '{name}': there are search_rules": 1 for name in ("read", "zoom")
    }
