"""What each retriever's scores are, by hand."""

from math import log
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from data import DataError, Rule, Rulebook
from prompts.excerpts.bm25 import BM25, K1, B
from prompts.excerpts.dense import Dense
from prompts.excerpts.encoder import Encoder
from prompts.excerpts.hybrid import Hybrid, fused
from prompts.excerpts.retriever import ranked
from tests.prompts.excerpts.encoders import WordCounts

TEXTS = ("No gun.", "No sale of a gun or gun.", "No cure.")
BOOK = Rulebook(name="b", rules=tuple(Rule(id=f"R-{n}", text=text) for n, text in enumerate(TEXTS, start=1)))


def test_bm25_is_its_formula() -> None:
    scores = BM25(BOOK).scores(["A gun, a gun for sale", "nothing known", ""])
    lengths = np.array([2, 7, 2])

    def part(term: str) -> np.ndarray:
        counts = np.array([text.casefold().strip(".").split().count(term) for text in TEXTS])
        holding = (counts > 0).sum()
        rarity = log(1 + (len(TEXTS) - holding + 0.5) / (holding + 0.5))
        return rarity * counts / (counts + K1 * (1 - B + B * lengths / lengths.mean()))

    assert np.allclose(scores[0], 2 * part("a") + 2 * part("gun") + part("sale"), atol=1e-5)
    assert not scores[1:].any()


@pytest.mark.parametrize("texts", [(), ("!!!", "\U0001f52b")])
def test_a_book_without_a_word_has_nothing_to_be_found(texts: tuple[str, ...]) -> None:
    book = Rulebook(name="b", rules=tuple(Rule(id=f"R-{n}", text=text) for n, text in enumerate(texts)))
    assert BM25(book).scores(["gun", ""]).tolist() == [[0.0] * len(texts)] * 2


def test_a_book_without_rules_has_no_vectors() -> None:
    class Nothing(WordCounts):
        def documents(self, texts: list[str]) -> np.ndarray:
            return np.array([self.queries([text])[0] for text in texts], dtype=np.float32)  # as encoders do

    book = Rulebook(name="b", rules=())
    for retriever in (Dense(book, Nothing()), Hybrid(book, [BM25(book), Dense(book, Nothing())])):
        assert retriever.scores(["gun", ""]).shape == (2, 0)


def test_of_equal_scores_the_first_of_the_book_comes_first() -> None:
    assert ranked(np.array([[0, 1, 0, 1]], dtype=np.float32)).tolist() == [[1, 3, 0, 2]]


def test_cosines_of_an_encoder() -> None:
    scores = Dense(BOOK, WordCounts()).scores(["gun", "cure sale"])
    assert np.allclose(scores, [[1, 2 / 5**0.5, 0], [0, 1 / 10**0.5, 1 / 2**0.5]])


def test_ranks_are_fused_and_ties_share_the_best() -> None:
    parts = [np.array([[9.0, 5, 5, 1]]), np.array([[0.0, 0, 0, 3]])]
    expected = [1 / 61 + 1 / 62, 1 / 62 + 1 / 62, 1 / 62 + 1 / 62, 1 / 64 + 1 / 61]
    assert np.allclose(fused(parts), [expected])
    whole = Hybrid(BOOK, [BM25(BOOK), Dense(BOOK, WordCounts())])
    assert ranked(whole.scores(["gun"])).tolist() == [[0, 1, 2]]
    assert "bm25" in whole.compares_by and "encoder words" in whole.compares_by


def test_vectors_are_kept_by_book_and_encoder(tmp_path: Path) -> None:
    first, again, other = WordCounts(), WordCounts(), WordCounts("org/other")
    made, kept = Dense(BOOK, first, tmp_path / "i"), Dense(BOOK, again, tmp_path / "i")
    assert (first.asked, again.asked) == (1, 0) and np.array_equal(made.vectors, kept.vectors)
    changed = BOOK.model_copy(update={"rules": BOOK.rules[:2]})
    assert len(Dense(changed, again, tmp_path / "i").vectors) == 2 and again.asked == 1
    Dense(BOOK, other, tmp_path / "i")
    names = sorted(file.name for file in (tmp_path / "i").iterdir())
    assert names == sorted(
        [f"{b.fingerprint}-words.npy" for b in (BOOK, changed)] + [f"{BOOK.fingerprint}-org--other.npy"]
    )


@pytest.mark.parametrize("content", [b"", b"no array", "short", "numbers", "objects"])
def test_damaged_vectors_are_an_error_that_names_the_file(tmp_path: Path, content: bytes | str) -> None:
    Dense(BOOK, WordCounts(), tmp_path)
    (file,) = tmp_path.iterdir()
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        arrays = {
            "short": np.zeros((2, 3), dtype=np.float32),
            "numbers": np.full((3, 3), np.nan, dtype=np.float32),
            "objects": np.array([{}, {}, {}]),
        }
        np.save(file, arrays[content], allow_pickle=True)
    with pytest.raises(DataError, match=rf"^{file}: is .*made anew"):
        Dense(BOOK, WordCounts(), tmp_path)


def test_vectors_that_are_no_numbers_are_neither_ranked_nor_kept(tmp_path: Path) -> None:
    class Diverged(Encoder):
        def __init__(self) -> None:
            self.path, self.model = str(tmp_path), SimpleNamespace(encode_document=self.encode)

        def encode(self, texts: list[str], **options: Any) -> np.ndarray:
            return np.full((len(texts), 4), np.nan)

    with pytest.raises(DataError, match="vectors are not finite: its training has diverged"):
        Dense(BOOK, Diverged(), tmp_path / "i")
    assert not (tmp_path / "i").exists()
