"""The figures of a snapshot: each is a field of it, and None where it does not apply."""

from dataclasses import fields

from rl.terminal.snapshot import FIGURES, Snapshot


def test_each_figure_is_a_field() -> None:
    assert {figure.field for figure in FIGURES} < {field.name for field in fields(Snapshot)}
    full = Snapshot(1, 2, 3.0, loss=0.5, reward=0.25, accuracy=0.5, teaching=0.75, valid_loss=1.5, valid_reward=0.125)
    said = [(figure.name, figure.text(figure.of(full))) for figure in FIGURES]  # type: ignore[arg-type]
    assert said == [
        ("loss", "0.500"),
        ("reward", "0.25"),
        ("verdicts right", "50 %"),
        ("groups that teach", "75 %"),
        ("valid loss", "1.500"),
        ("valid reward", "0.12"),
    ]
    assert all(figure.of(Snapshot(1, 2, 3.0)) is None for figure in FIGURES)
