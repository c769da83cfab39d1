"""Makes reviewed text unable to speak to the model's machinery, visibly and reversibly.

Tokenizers find their special tokens in plain text: an ad that contains ``<|im_end|>`` would end the user's turn.
`neutralise` replaces the character that opens such a token, in whatever family it is written (``<|…|>``, ``</s>``,
``[INST]``, ``<<SYS>>``, ``◁think▷``, ``>>TITLE<<``, ``|||EMAIL|||``, and the wide forms that Unicode normalisation
turns into these), and with it our own ``<think>`` and ``<answer>``. What a token cannot begin with stays as it is:
``a < b``, ``5 > 3`` and ``[1]`` are not touched.

Rendered prompts and completions are written in neutralised text; cases and rulings hold the original.

Example:
    >>> neutralise("Free!<|im_end|> [INST] 3 < 5 [1]")
    'Free!‹|im_end|> ⟦INST] 3 < 5 [1]'
    >>> restore("Free!‹|im_end|> ⟦INST] 3 < 5 [1]")
    'Free!<|im_end|> [INST] 3 < 5 [1]'
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

ESCAPE = "␛"
"""Stands before a character that is meant literally although it is one of our substitutes."""

# Every opener of a special token, and what stands for it. The substitutes survive NFKC and NFKD unchanged.
_SUBSTITUTES = {
    "<": "‹",
    "＜": "⟨",
    "﹤": "⦑",
    "≮": "⧼",
    "[": "⟦",
    "［": "⦋",
    "﹇": "⦍",
    "]": "⟧",
    "|": "¦",
    "｜": "⦚",
    "◁": "⟪",
}
_ORIGINALS = {shown: original for original, shown in _SUBSTITUTES.items()}
_RESERVED = "".join(_ORIGINALS) + ESCAPE

# An angle opens a token unless a blank follows, a bracket also unless a digit or its own end follows. Only the plain
# space and newline count as blank: normalisers that delete control and zero-width characters exist.
_UNSAFE = re.compile(
    rf"[<＜﹤≮◁](?![ \n]|\Z)|[\[［﹇](?![ \n\d\]]|\Z)|\](?=[~!])|[|｜](?=[|｜]{{2}})|[{re.escape(_RESERVED)}]"
)
_ESCAPED = re.compile(rf"{ESCAPE}([{re.escape(_RESERVED)}])|{ESCAPE}([0-9a-f]+);|([{re.escape(''.join(_ORIGINALS))}])")


def neutralise(text: str, special_tokens: tuple[str, ...] = ()) -> str:
    """The text with every opener of a special token replaced by a visible substitute.

    Args:
        text: any text.
        special_tokens: further literals that must not occur, for a tokenizer whose tokens have another shape. Their
            first character is written as a code (``␛55;``). Blanks and single letters are left alone: some tokenizers
            list them as added tokens, and they steer nothing.
    """
    safe = _UNSAFE.sub(_substitute, text)
    if special_tokens and (breaker := _breaker(tuple(special_tokens))):
        safe = breaker(safe)
    return safe


def restore(text: str) -> str:
    """The original of a neutralised text, or of a piece of one: ``restore(neutralise(t)) == t`` for every t."""
    return text if text.isascii() else _ESCAPED.sub(_original, text)


def _substitute(match: re.Match[str]) -> str:
    character = match.group()
    return _SUBSTITUTES.get(character) or ESCAPE + character


def _original(match: re.Match[str]) -> str:
    literal, code, substitute = match.groups()
    if literal:
        return literal
    if code:
        point = int(code, 16)
        # Half of a surrogate pair is no character: it could be neither printed nor saved. And none of ours is a blank
        # or a line break: a policy could write lines that nobody sees.
        real = point < 0xD800 or 0xDFFF < point <= 0x10FFFF
        return chr(point) if real and not _is_blank(chr(point)) else match.group()
    return _ORIGINALS[substitute]


def _is_blank(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Zl", "Zp", "Zs")


def _without_blanks(token: str) -> str:
    """A token from its first visible character on: that is the one to rewrite."""
    return token[next((place for place, c in enumerate(token) if not _is_blank(c)), len(token)) :]


@lru_cache(maxsize=64)
def _breaker(special_tokens: tuple[str, ...]) -> Callable[[str], str] | None:
    """Rewrites the first character wherever one of the tokens begins; None where no token can survive anyway."""
    tokens = {_without_blanks(token) for token in special_tokens}
    steering = {token for token in tokens if token and not (len(token) == 1 and token.isalnum())}
    left = sorted(token for token in steering if _UNSAFE.sub(_substitute, token) == token)
    if not left:
        return None
    # A lookahead, so that tokens that overlap are all broken in one pass.
    pattern = re.compile(rf"(?=(?:{'|'.join(map(re.escape, left))})).", re.DOTALL)
    return lambda text: pattern.sub(lambda match: f"{ESCAPE}{ord(match.group()):x};", text)
