"""Tools of one's own may fail in whatever way they like: that is an answer, or an error before anything is asked."""

import functools
import io
import json
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Brief, DataError, Rulebook
from prompts.parts import View
from rl.config.desk import DeskConfig
from rl.desk import Desk, Desks, Shown, ToolError, find_tool, tool


class Mute(Exception):
    """It cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("mute")


def mute() -> Any:
    raise Mute


def cut_off() -> Image.Image:
    file = io.BytesIO()
    Image.effect_noise((300, 300), 50).save(file, "PNG")
    return Image.open(io.BytesIO(file.getvalue()[:2000]))


def closed() -> Image.Image:
    image = Image.new("RGB", (40, 40))
    image.close()
    return image


def refusing(*why: Any, kind: type[Exception] = ToolError) -> Callable[[], Any]:
    def refuse() -> Any:
        raise kind(*why)

    return refuse


def answered(brief: Brief, book: Rulebook, function: Callable[[], Any]) -> str:
    """What a policy is told, once it has been written to a file."""

    def mine() -> Any:
        """Mine."""
        return function()

    desk = Desk(brief, book, [tool(safe=True)(mine)], DeskConfig.of(["mine"]))
    answer = desk.answer('<tool_call>{"name": "mine"}</tool_call>')
    assert answer is not None and desk.judged
    json.dumps(answer.turn.kept(), ensure_ascii=False).encode()
    return answer.turn.text


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (mute, "the tool failed: Mute:"),
        (cut_off, "a picture that cannot be read: OSError"),
        (closed, "a picture that cannot be read: ValueError"),
        (lambda: Image.new("RGBa", (40, 40)), "(picture)"),
        (lambda: Image.new("I;16", (40, 40)), "(picture)"),
        (lambda: "half \ud800 of a pair", "half ? of a pair"),
        (lambda: Shown(5), "a int, which is neither"),  # type: ignore[arg-type]
        (lambda: Shown(None), "the tool gave nothing"),  # type: ignore[arg-type]
        (lambda: Shown("abc"), "abc"),  # type: ignore[arg-type]
        (lambda: Shown(("x",), rules=None), "NoneType for rules"),  # type: ignore[arg-type]
        (lambda: Shown(("x",), rules={5: "x"}), "no place of a case: rules.0"),  # type: ignore[dict-item]
        (lambda: Shown(("x",), rules={"NONE-1": "x"}), "x"),
        (lambda: Shown(("x",), interval=(1, "z")), "no place of a case: interval.1"),  # type: ignore[arg-type]
        (lambda: Shown(("x",), section=-3), "no place of a case: section"),
        (lambda: Shown(("x",), rules={"GUN-1": ["x"]}), "a list for a rule's wording"),  # type: ignore[dict-item]
        (lambda: Shown((Image.new("RGB", (40, 40)),), regions=iter(())), "(picture)"),  # type: ignore[arg-type]
        (lambda: Image.new("1", (10_000, 10_000)), "10000 x 10000 pixels, too large to be read"),
        (lambda: "words " * 1_000_000, "a text of 6,000,000 characters: 2,000,000 at most"),
        (refusing(), "the tool failed"),
        (refusing("half \ud800 of a pair"), "half ? of a pair"),
        (refusing(5, kind=DataError), "5"),
        (lambda: Shown(("x",), regions=({"image": 0},)), "no place of a case: regions.0"),  # type: ignore[arg-type]
    ],
)
def test_whatever_a_tool_gives_is_an_answer(
    brief: Brief, book: Rulebook, function: Callable[[], Any], said: str
) -> None:
    assert said in answered(brief, book, function)


def test_a_deep_picture_is_scaled_and_not_clipped(brief: Brief, book: Rulebook) -> None:
    """As pictures of cases are: Pillow's own conversion makes all of it white."""

    def mine() -> Any:
        """Mine."""
        return Image.new("I;16", (40, 40), 0x4000)

    desk = Desk(brief, book, [tool(safe=True)(mine)], DeskConfig.of(["mine"]))
    answer = desk.answer('<tool_call>{"name": "mine"}</tool_call>')
    assert answer is not None and isinstance(view := answer.parts[0], View)
    assert view.opened.getpixel((0, 0)) == (64, 64, 64)


class Corner(Enum):
    TOP, BOTTOM = "top", "bottom"


def at_a_corner(where: Corner) -> str:
    """Look at a corner."""
    return where.value


def test_a_type_with_a_name_of_its_own_is_told_with_what_it_is() -> None:
    parameters = find_tool(f"{__name__}:at_a_corner").schema["function"]["parameters"]
    assert parameters["properties"]["where"] == {"$ref": "#/$defs/Corner"}
    assert parameters["$defs"]["Corner"]["enum"] == ["top", "bottom"]


class Callable_:
    """An instance that can be called."""

    def __call__(self, number: int) -> str:
        return str(number)


def takes_functions(function: Callable[[int], int]) -> str:
    """What no model can give."""
    return str(function(1))


def half_typed(value: "int |") -> str:  # type: ignore[valid-type]  # noqa: F722
    """A type that is none."""
    return str(value)


async def later() -> str:
    """What nobody waits for."""
    return ""


def bit_by_bit() -> Iterator[str]:
    """What comes bit by bit."""
    yield ""


def of_the_model(model_config: str) -> str:
    """A name that is taken."""
    return model_config


instance, partial = Callable_(), functools.partial(takes_functions)
nameless = lambda: ""  # noqa: E731
nameless.__doc__ = "Has no name."


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("os:getcwd", "is not a tool"),
        ("time:time", "is not a tool"),
        (f"{__name__}:instance", "is not a tool"),
        (f"{__name__}:partial", "is not a tool"),
        (f"{__name__}:Callable_", "is not a tool"),
        (f"{__name__}:takes_functions", "takes what no model can give"),
        (f"{__name__}:half_typed", "a type that cannot be read"),
        (f"{__name__}:later", "is no plain function: return what it gives"),
        (f"{__name__}:bit_by_bit", "is no plain function: return what it gives"),
        (f"{__name__}:of_the_model", "a parameter cannot be called 'model_config': rename it"),
        (f"{__name__}:nameless", "'<lambda>' is no name for a tool"),
    ],
)
def test_what_is_no_tool_is_refused_before_it_is_asked(reference: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        find_tool(reference)


def test_a_file_that_ends_the_program_is_an_error_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import sys\nsys.exit(0)")
    with pytest.raises(DataError, match="cannot be read: SystemExit: 0") as error:
        find_tool("mine.py:look", tmp_path)
    assert error.value.line == 2


def test_a_tool_that_stands_in_no_file_has_an_identity(book: Rulebook) -> None:
    names: dict[str, Any] = {}
    exec('def drawn(number: int = 1) -> str:\n    "Drawn."\n    return str(number)', names)
    desks = Desks(DeskConfig.of(["drawn"]), book, (tool(safe=True)(names["drawn"]),))
    assert desks.identity["own"] == desks.identity["own"]


def test_a_tool_named_twice_is_an_error_of_the_user() -> None:
    with pytest.raises(DataError, match="'zoom' is there twice"):
        DeskConfig.of(["zoom", "zoom"])
