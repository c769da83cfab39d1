"""Form: what a judge's answer must look like, and how it is read: one JSON object, a choice for each question.

Servers that keep to a schema send nothing else. Others think aloud first, put the object behind a preface or into a
code fence, write ``"Yes."`` or ``true``, or add keys of their own. All that is read, as long as it can be meant in
one way only. What a judge says on the way is not its answer: a completion may have talked it into repeating
anything. So nothing but a fence may follow the object, and no other object that answers one of the questions
differently may stand before it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_THOUGHT, _THINKS = "</think>", "<think>"
_DECORATION = " \t\r\n\"'`*_.!“”‘’。！"
_ASIDE = re.compile(r"[,;:.!?(\n。，；：！？（]| [-–—] ")
"""What may stand between a choice and words about it."""
_SAME = {"true": "yes", "1": "yes", "y": "yes", "false": "no", "0": "no", "n": "no"}


class Unreadable(ValueError):
    """This is no answer in the form, or it can be meant in more ways than one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A judge's answer to one question."""

    answer: str
    because: str = ""


@dataclass(frozen=True)
class Form:
    """The form of an answer."""

    names: tuple[str, ...]
    """The questions, by the keys of their answers."""
    choices: tuple[str, ...] = ("yes", "no")
    """What each may be answered with."""
    explained: bool = True
    """Whether each answer begins with an explanation, so that it is thought before it is given."""

    @cached_property
    def schema(self) -> dict[str, Any]:
        """As JSON schema, for servers that write nothing else."""
        choice = {"type": "string", "enum": list(self.choices)}
        answer = _object({"because": {"type": "string"}, "answer": choice}) if self.explained else choice
        every = {name: {"$ref": "#/$defs/Answer"} for name in self.names}
        return {**_object(every), "$defs": {"Answer": answer}}

    @cached_property
    def example(self) -> str:
        """For the eyes of the judge."""
        choice = f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"
        answer = {"because": "one short sentence", "answer": choice} if self.explained else choice
        return json.dumps(dict.fromkeys(self.names, answer))

    def read(self, text: str) -> dict[str, Answer]:
        """The answers by their questions' names.

        Example:
            >>> said = 'Well: ```json {"follows": {"because": "it does", "answer": "Yes."}, "invents": false} ```'
            >>> read = Form(("follows", "invents")).read(said)
            >>> read["follows"], read["invents"].answer
            (Answer(answer='yes', because='it does'), 'no')
            >>> Form(("rule_1",), ("broken", "clear")).read("<think>Is it clear?</think>broken")["rule_1"].answer
            'broken'

        Raises:
            Unreadable: it is not in this form, or not clear.
        """
        final = text if text.lstrip().startswith("{") else text.rpartition(_THOUGHT)[2]
        if final.lstrip().startswith(_THINKS):
            raise Unreadable("it thinks, and does not come to an answer")
        if len(self.names) == 1 and "{" not in final:
            return {self.names[0]: self._answer(self.names[0], final)}
        *before, (last, end) = _objects(final)
        if final[end:].strip().strip("`").strip():
            raise Unreadable("something follows the JSON object")
        answers = {name: self._answer(name, last.get(name)) for name in self.names}
        for other, _ in before:
            for name in self.names:
                if name in other and self._chosen(_given(other[name])) != answers[name].answer:
                    raise Unreadable(f"{name}: answered twice, and differently")
        return answers

    def _answer(self, name: str, value: Any) -> Answer:
        chosen = self._chosen(_given(value))
        if chosen is None:
            raise Unreadable(f"{name}: want {', '.join(self.choices[:-1])} or {self.choices[-1]}")
        because = value.get("because") if isinstance(value, Mapping) else None
        return Answer(chosen, because if isinstance(because, str) else "")

    def _chosen(self, value: Any) -> str | None:
        """The choice that a value names, and no other; None where there is none."""
        if isinstance(value, bool | int):
            value = str(int(value))
        if not isinstance(value, str):
            return None
        first, *aside = _ASIDE.split(value.strip(_DECORATION), maxsplit=1)
        word = " ".join(first.strip(_DECORATION).replace("_", " ").casefold().split())
        chosen = word if word in self.choices else _SAME.get(word)
        others = [choice for choice in self.choices if choice != chosen]
        if chosen not in self.choices or any(_says(choice, " ".join(aside)) for choice in others):
            return None
        return chosen


def _given(value: Any) -> Any:
    return value.get("answer") if isinstance(value, Mapping) else value


def _says(choice: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(choice)}\b", text.casefold()) is not None


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _objects(text: str) -> list[tuple[dict[str, Any], int]]:
    """The JSON objects in a text, those within others left out, and where each ends.

    Raises:
        Unreadable: there is none, or a brace opens what is none. What stands inside of a broken object must never be
            read as one: it may be a text that the judge quotes.
    """
    found: list[tuple[dict[str, Any], int]] = []
    start = text.find("{")
    while start >= 0:
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError) as error:
            raise Unreadable("a brace opens no JSON object") from error
        found.append((value, end))
        start = text.find("{", end)
    if not found:
        raise Unreadable("there is no JSON object")
    return found


def _keyed(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are read whatever their case; the same key twice must say the same."""
    read: dict[str, Any] = {}
    for key, value in pairs:
        key = key.strip().casefold()
        if key in read and read[key] != value:
            raise Unreadable(f"the key '{key[:40]}' stands there twice, and differently")
        read[key] = value
    return read


_DECODER = json.JSONDecoder(object_pairs_hook=_keyed)
