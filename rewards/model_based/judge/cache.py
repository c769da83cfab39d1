"""AnswerCache: a judge's answers on disk, by the hash of what was asked. Holds no texts of cases or completions but
what the judge itself repeats.
"""

import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from data import DataError

_MOST_VARIABLES = 500
"""Keys looked up at once: older SQLite allows 999."""


def default_cache() -> Path:
    """Where answers are kept unless said otherwise: in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ruling" / "judge.sqlite"


class AnswerCache:
    """Key → answer, in one SQLite file that processes and threads can share.

    Each call opens the file anew, so that a cache survives forks and works from any thread.
    """

    def __init__(self, path: str | Path):
        """
        Args:
            path: the file; made on first use, with its folder.
        """
        self.path = Path(path)

    def get(self, keys: Collection[str]) -> dict[str, str]:
        """The known answers among these keys.

        Raises:
            DataError: the file cannot be opened, or is not such a cache.
        """
        wanted = list(keys)
        found: dict[str, str] = {}
        with self._open() as connection:
            for start in range(0, len(wanted), _MOST_VARIABLES):
                some = wanted[start : start + _MOST_VARIABLES]
                marks = ",".join("?" * len(some))
                found.update(connection.execute(f"SELECT key, answer FROM answers WHERE key IN ({marks})", some))
        return found

    def put(self, key: str, answer: str) -> None:
        """Keeps an answer, in the place of an earlier one.

        Raises:
            DataError: the file cannot be written, or is not such a cache.
        """
        with self._open() as connection, connection:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, answer))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=30)) as connection:
                # A power cut may cost the cache; waiting for the disk at every answer would cost each step.
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT) WITHOUT ROWID"
                )
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise DataError(
                f"the judge's cache cannot be used: {error}; delete it or name another", file=self.path
            ) from error
