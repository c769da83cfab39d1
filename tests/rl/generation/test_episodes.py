"""What was written is not written again, and is taken for what it was written about: what the model was shown."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Brief, Briefs, Case, DataError, Gold, Rule, Rulebook
from prompts import Episode
from rl.config.decoding import Decoding
from rl.evaluation import evaluate_model
from rl.generation.episodes import shown_hash, write_episodes
from tests.rl.generation.parrot import Parrot

BOOK = Rulebook(name="b", rules=[Rule(id=id_, text=f"No {id_}.") for id_ in ("GUN-1", "CURE-1", "SALE-1")])
GREEN, RED = (40, 180, 60), (220, 40, 40)


def picture(path: Path, colour: tuple[int, int, int]) -> None:
    Image.new("RGB", (8, 8), colour).save(path, "BMP")  # a format in which every picture takes equally many bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ads").mkdir()
    picture(tmp_path / "ads" / "a.bmp", GREEN)
    return tmp_path / "ads"


def cases(folder: Path) -> list[Case]:
    """One with a picture under two rules of the three, one with a frame under one of them."""
    plain = {"verdict": "reject", "violations": [{"rule": "GUN-1"}]}
    seen = Case(id="a", text={"body": "Tea."}, images=["a.bmp"], rules=["GUN-1", "CURE-1"], gold=plain)
    watched = Case(id="b", text={"body": "Hats."}, frames=[{"path": "a.bmp", "time": 1.5}], rules=["CURE-1"])
    return [case.with_root(folder) for case in (seen, watched)]


def bound(folder: Path) -> Briefs:
    return Briefs.bind(cases(folder), BOOK)


def changed(briefs: Briefs, **update: object) -> Briefs:
    """With another first case."""
    first, *others = briefs.cases
    return Briefs.bind([first.model_copy(update=update), *others], briefs.book)


def under(briefs: Briefs, rule: Rule) -> Briefs:
    """With one rule of the book in another wording."""
    rules = [rule if rule.id == old.id else old for old in briefs.book.rules]
    return Briefs.bind(briefs.cases, Rulebook(name="b", rules=rules))


def repainted(briefs: Briefs, folder: Path) -> Briefs:
    before = (folder / "a.bmp").stat().st_size
    picture(folder / "a.bmp", RED)
    assert (folder / "a.bmp").stat().st_size == before
    return briefs


def moved(briefs: Briefs, folder: Path) -> Briefs:
    shutil.move(folder, folder.with_name("elsewhere"))
    return bound(folder.with_name("elsewhere"))


def renamed(briefs: Briefs, folder: Path) -> Briefs:
    (folder / "a.bmp").rename(folder / "z.bmp")
    first, last = briefs.cases
    frames = [frame.model_copy(update={"path": "z.bmp"}) for frame in last.frames]
    renamed = [first.model_copy(update={"images": ["z.bmp"]}), last.model_copy(update={"frames": frames})]
    return Briefs.bind(renamed, briefs.book)


Change = Callable[[Briefs, Path], Briefs]
SHOWN: dict[str, Change] = {
    "another wording of a rule": lambda b, _: under(b, Rule(id="CURE-1", text="No doctors.")),
    "another exception": lambda b, _: under(b, Rule(id="GUN-1", text="No GUN-1.", exceptions=("toys",))),
    "another wording of the case's own": lambda b, _: changed(b, rules=["GUN-1", Rule(id="CURE-1", text="No magic.")]),
    "another order of rules": lambda b, _: changed(b, rules=["CURE-1", "GUN-1"]),
    "another rule": lambda b, _: changed(b, rules=["GUN-1", "SALE-1"]),
    "another picture of the same size": repainted,
    "no picture": lambda b, _: changed(b, images=[]),
    "another text": lambda b, _: changed(b, text={"body": "Coffee."}),
    "another case": lambda b, _: changed(b, id="c"),
    "one case less": lambda b, _: b[:1],
}
UNSEEN: dict[str, Change] = {
    "nothing": lambda b, _: b,
    "the folder has moved": moved,
    "the picture has another name": renamed,
    "mended gold": lambda b, _: changed(b, gold=Gold(verdict="approve", violations=[])),
    "a rule outside of every excerpt": lambda b, _: under(b, Rule(id="SALE-1", text="No discounts.")),
    "a version of the book": lambda b, _: Briefs.bind(b.cases, Rulebook(name="b", version="2", rules=BOOK.rules)),
    "a weight and a group": lambda b, _: changed(b, weight=2.0, group="g"),
    "the same rules retrieved": lambda b, _: Briefs(
        [Brief(c, b.book.excerpt(c.rules, retrieved=True)) for c in b.cases], b.book
    ),
}


@pytest.mark.parametrize("change", SHOWN)
def test_what_was_written_about_something_else_is_refused_by_name(folder: Path, tmp_path: Path, change: str) -> None:
    briefs, parrot, log = bound(folder), Parrot(), tmp_path / "log.jsonl"
    write_episodes(parrot, briefs, Decoding(), progress=False, log=log)
    before = log.read_bytes()
    with pytest.raises(DataError, match=r"log.jsonl: holds .* other settings \(shown [0-9a-f]{12} → [0-9a-f]{12}\)"):
        write_episodes(parrot, SHOWN[change](briefs, folder), Decoding(), progress=False, log=log)
    assert log.read_bytes() == before and len(parrot.asked) == 2


@pytest.mark.parametrize("change", UNSEEN)
def test_what_a_model_is_not_shown_may_change(folder: Path, tmp_path: Path, change: str) -> None:
    briefs, parrot, log = bound(folder), Parrot(), tmp_path / "log.jsonl"
    written = write_episodes(parrot, briefs, Decoding(), progress=False, log=log)
    after = UNSEEN[change](briefs, folder)
    again = write_episodes(parrot, after, Decoding(), progress=False, log=log)
    assert again.by_brief == written.by_brief and len(parrot.asked) == 2
    assert again.provenance["rulebook"]["fingerprint"] == after.book.fingerprint


def test_a_finished_evaluation_is_measured_by_the_gold_of_today(folder: Path, tmp_path: Path) -> None:
    briefs, parrot = bound(folder), Parrot()
    before = evaluate_model(parrot, briefs, tmp_path / "out", progress=False)
    mended = changed(briefs, gold=Gold(verdict="approve", violations=[]))
    after = evaluate_model(parrot, mended, tmp_path / "out", progress=False)
    assert len(parrot.asked) == 2
    assert [found.metrics["verdict_accuracy"].value for found in (before, after)] == [1.0, 0.0]


def test_the_template_is_shown_and_named(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    write_episodes(Parrot(), bound(folder), Decoding(), progress=False, log=log)
    with pytest.raises(DataError, match=r"decoding.template compact → default, shown [0-9a-f]{12} → [0-9a-f]{12}"):
        write_episodes(Parrot(), bound(folder), Decoding(template="default"), progress=False, log=log)
    assert shown_hash(bound(folder), "compact") != shown_hash(bound(folder), "default")


def test_an_engine_that_knows_no_template_is_asked_with_the_default(folder: Path) -> None:
    def asked(trained_with: str | None, named: str | None) -> str:
        engine, decoding = Parrot(template=trained_with), Decoding(template=named)
        written = write_episodes(engine, bound(folder), decoding, progress=False)
        return written.provenance["template"]["name"]

    assert asked(None, None) == "default"
    assert asked("compact", None) == "compact"
    assert asked("compact", "default") == "default"


def test_a_picture_that_is_not_there_is_for_who_opens_it_to_complain_of(folder: Path) -> None:
    whole = shown_hash(bound(folder), "compact")
    (folder / "a.bmp").unlink()
    assert shown_hash(bound(folder), "compact") != whole
    assert len(list(write_episodes(Parrot(), bound(folder), Decoding(), progress=False))) == 2


def test_episodes_are_in_the_order_of_the_briefs_and_samples(folder: Path) -> None:
    briefs, decoding = bound(folder), Decoding(temperature=1.0, samples=3)
    turned = Briefs(list(briefs)[::-1], briefs.book)
    written = write_episodes(Parrot(), turned, decoding, progress=False)
    assert [[(e.case, e.sample) for e in samples] for samples in written.by_brief] == [
        [("b", 0), ("b", 1), ("b", 2)],
        [("a", 0), ("a", 1), ("a", 2)],
    ]
    assert list(written) == [episode for samples in written.by_brief for episode in samples]


def test_what_an_engine_writes_beside_what_is_missing_changes_nothing(folder: Path, tmp_path: Path) -> None:
    class Lavish(Parrot):
        """Writes about all cases, whatever is missing, and ever surer of itself."""

        def write(self, briefs, decoding, missing):
            for batch in super().write(briefs, decoding, [(brief.id, 0) for brief in briefs]):
                yield [replace(episode, verdict_logprob=-1.0 / len(self.asked)) for episode in batch]

    briefs, log = bound(folder), tmp_path / "log.jsonl"
    engine = Lavish(enough=1)
    with pytest.raises(DataError, match="had enough"):
        write_episodes(engine, bound(folder), Decoding(), progress=False, log=log)
    engine.enough = 3
    written: list[Episode] = list(write_episodes(engine, briefs, Decoding(), progress=False, log=log))
    assert engine.asked == [("a", 0), ("a", 0), ("b", 0)]
    assert [episode.verdict_logprob for episode in written] == [-1.0, -1.0 / 3]
    assert log.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (Episode("1", ()), "no turns"),
        (Episode.plain("1", 5), "no text"),  # type: ignore[arg-type]  # what is tested
        (Episode.plain(7, "x"), "id"),  # type: ignore[arg-type]  # what is tested
        ("words", "str is no episode"),
    ],
    ids=["no turns", "a number for a text", "a number for an id", "a text"],
)
def test_an_engine_of_ones_own_that_writes_no_episode_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Any, message: str
) -> None:
    engine, log = Parrot("polly"), tmp_path / "log.jsonl"
    monkeypatch.setattr(engine, "write", lambda *_: iter([[written]]))
    with pytest.raises(TypeError, match=f"'polly' wrote what is no episode: .*{message}"):
        write_episodes(engine, bound(folder), Decoding(), progress=False, log=log)
    assert len(log.read_bytes().splitlines()) == 1, "nothing of it is in the log"


def test_one_writes_into_a_log_at_a_time(folder: Path, tmp_path: Path) -> None:
    briefs, log, said = bound(folder), tmp_path / "new" / "log.jsonl", []

    class Interrupted(Parrot):
        def write(self, *asked: Any) -> Any:
            with pytest.raises(DataError, match=r"log\.jsonl: somebody else is writing it: wait for it") as caught:
                write_episodes(Parrot(), briefs, Decoding(), progress=False, log=log)
            said.append(caught)
            yield from super().write(*asked)

    write_episodes(Interrupted(), briefs, Decoding(), progress=False, log=log)
    assert said and len(write_episodes(Parrot(), briefs, Decoding(), progress=False, log=log).by_brief) == 2


def test_a_folder_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match=r"log\.jsonl: cannot be written"):
        write_episodes(Parrot(), bound(folder), Decoding(), progress=False, log=tmp_path / "file" / "log.jsonl")
