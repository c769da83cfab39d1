from rich.console import Console

from rl.terminal.preflight import Preflight, preflight_table


def shown(preflight: Preflight) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(preflight_table(preflight))
    return capture.get()


def test_what_is_missing_is_said_once_more_at_the_end():
    preflight = Preflight("mine")
    preflight.add("recipe", "mine.yaml")
    assert "Dry run of mine" in shown(preflight) and "ready to train" in shown(preflight)
    preflight.lack("data", "ads.jsonl is not there")
    preflight.lack("model", "runs/sft is not there")
    assert preflight.missing == ["data", "model"]
    assert "ads.jsonl is not there" in shown(preflight) and "not yet: data, model" in shown(preflight)


def test_what_a_file_says_moves_no_cursor_and_is_no_markup():
    preflight = Preflight("mine")
    preflight.add("longest case", "'[red]\x1b[2J': 16 tokens")
    assert "'[red]⟨U+001B⟩[2J': 16 tokens" in shown(preflight)
