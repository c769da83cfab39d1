"""Cases put to a zoo's server, of which one upsets it, and what comes of them."""

import json
from pathlib import Path
from typing import Any

from data import Briefs
from prompts import Episode
from rl.config.decoding import Decoding
from rl.generation.endpoint import Endpoint
from rl.generation.episodes import Episodes, write_episodes

from .zoo import ANSWER, LOGPROB, Zoo

CASES, POISONED = 8, 2


def asked(zoo: Zoo, briefs: Briefs, log: Path | None = None, **options: Any) -> Episodes:
    endpoint = Endpoint(zoo.url, "m", **{"retries": 1, "concurrency": 4, "timeout": 0.4, **options})
    return write_episodes(endpoint, briefs, Decoding(), progress=False, log=log)


def logged(log: Path) -> list[dict[str, Any]]:
    """The episodes in a log."""
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [row for row in rows if "settings" not in row]


def others_are_answered(written: Episodes) -> Episode:
    """All but one, each with its probability; gives that one."""
    episodes = list(written)
    poisoned = episodes.pop(POISONED)
    assert [episode.completion for episode in episodes] == [ANSWER] * (CASES - 1)
    assert all(episode.verdict_logprob is not None and episode.verdict_logprob <= LOGPROB for episode in episodes)
    assert all(episode.served and not episode.served.left_out for episode in episodes)
    return poisoned
