"""Answers are kept on disk, for many processes and threads, and a file that is no cache is said so."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data import DataError
from rewards.model_based.judge import AnswerCache
from rewards.model_based.judge.cache import default_cache


def test_what_was_put_is_got_by_any_later_cache_on_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "judge.sqlite"
    assert AnswerCache(path).get(["a"]) == {}
    AnswerCache(path).put("a", "yes 是")
    AnswerCache(path).put("a", "no")
    AnswerCache(path).put("b", "")
    assert AnswerCache(path).get(["a", "b", "c"]) == {"a": "no", "b": ""}


def test_many_keys_and_many_threads(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "judge.sqlite")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda i: cache.put(str(i), "x"), range(40)))
    assert len(cache.get([str(i) for i in range(2000)])) == 40


def test_a_file_that_is_no_cache_is_the_users_mistake(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n" * 100)
    with pytest.raises(DataError, match=r"notes\.txt.*delete it or name another"):
        AnswerCache(path).get(["a"])
    with pytest.raises(DataError, match="delete it or name another"):
        AnswerCache(path / "inside").put("a", "b")
    assert path.read_text().startswith("my notes")


def test_it_lies_in_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "ruling" / "judge.sqlite"
