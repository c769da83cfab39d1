"""Finding quotes in the plainest way, in quadratic time: what `data.quotes` is held against."""

import unicodedata

from data.quotes import Span, _joins


def fold(text: str) -> str:
    return " ".join("".join(map(fold_cluster, clusters(text))).split())


def find_quote(quote: str, text: str) -> Span | None:
    wanted = fold(quote)
    start = fold(text).find(wanted) if wanted else -1
    if start < 0:
        return None
    found = places(text)
    return found[start][0], found[start + len(wanted) - 1][1]


def places(text: str) -> list[Span]:
    found: list[Span] = []
    gap: Span | None = None
    at = 0
    for cluster in clusters(text):
        here = (at, at + len(cluster))
        at += len(cluster)
        for character in fold_cluster(cluster):
            if character.isspace():
                gap = gap or here
                continue
            if gap and found:
                found.append(gap)
            gap = None
            found.append(here)
    return found


def clusters(text: str) -> list[str]:
    pieces: list[str] = []
    for character in text:
        if pieces and _joins(character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def fold_cluster(cluster: str) -> str:
    visible = "".join(c for c in cluster if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())
