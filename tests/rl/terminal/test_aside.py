"""Whole lines are kept, bars are not, and nothing reaches the terminal before the stream stands back."""

import io

from rl.terminal.aside import Aside


def test_lines_are_given_whole_and_the_last_one_when_it_stands_back() -> None:
    terminal, lines = io.StringIO(), []
    aside = Aside(terminal, lines.append)
    for part in ("one", " line\n\n  \nano", "ther\r\n", "rest"):
        assert aside.write(part) == len(part)
    assert lines == ["one line", "another"]
    aside.stand_back(terminal)
    assert lines == ["one line", "another", "rest"] and terminal.getvalue() == ""
    print("later", file=aside)
    assert terminal.getvalue() == "later\n"


def test_bars_are_not_kept_but_downloads_are_known() -> None:
    lines: list[str] = []
    aside = Aside(io.StringIO(), lines.append)
    aside.write("\rsteps:  50%|█████     | 1/2 [00:01<00:01,  1.0it/s]")
    assert aside.downloading is None
    aside.write("\rmodel.safetensors:  37%|███▋      | 37.0M/100M [00:01<00:02, 30.0MB/s]")
    assert aside.downloading == "model.safetensors 37 %"
    aside.write("\rmodel.safetensors: 100%|██████████| 100M/100M [00:03<00:00, 30.0MB/s]\n\x1b[A")
    aside.write("\n")
    assert lines == []
