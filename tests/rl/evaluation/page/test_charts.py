"""Charts draw what the numbers say, inside their frames."""

import re
from xml.etree import ElementTree

from rl.evaluation import Estimate
from rl.evaluation.page.charts import UNIT, WIDTH, Line, around_zero, axis, curve, plot, whiskers


def test_whiskers_run_from_low_to_high_and_the_dot_is_the_value() -> None:
    tree = ElementTree.fromstring(whiskers([None, Estimate(0.5, 0.25, 1.0, 9)], UNIT))
    [model] = tree.findall("g")
    [line], [dot] = model.findall("line"), model.findall("circle")
    assert model.get("class") == "m1"
    assert [float(line.get(edge) or 0) for edge in ("x1", "x2")] == [UNIT.place(0.25), UNIT.place(1.0)]
    assert float(dot.get("cx") or 0) == WIDTH / 2


def test_differences_share_a_round_scale_around_zero() -> None:
    scale = around_zero([Estimate(0.02, -0.013, 0.055, 9), None, Estimate(0, float("nan"), 0, 9)])
    assert scale.ticks == (-0.06, -0.03, 0.0, 0.03, 0.06)
    assert re.findall(r">([^<]+)</text>", axis(scale)) == ["−6", "0", "+6"]
    assert around_zero([]).high > 0 and around_zero([Estimate(0.9, 0.4, 0.97, 9)]).high == 1.0
    assert scale.place(5.0) == scale.place(0.06)  # what lies beyond stands at the edge


def test_a_curve_in_steps_holds_each_height_up_to_its_point() -> None:
    tree = ElementTree.fromstring(plot([Line(0, [0.5, 1.0], [1.0, 0.5], steps=True)], "across", "up"))
    [line] = tree.findall("polyline")
    corners = [tuple(map(float, corner.split(","))) for corner in (line.get("points") or "").split()]
    assert [corners[0][1], corners[1][1]] == [corners[0][1]] * 2 and corners[1][0] == corners[2][0]
    assert corners[2][1] == corners[3][1] > corners[0][1]


def test_plots_of_nothing_and_of_one_point_are_drawn() -> None:
    for drawn in (plot([Line(0, [], [])], "a", "b"), plot([Line(0, [0.5], [0.0], [0.0], [0.1])], "a", "b", top=0.01)):
        ElementTree.fromstring(drawn)
    ElementTree.fromstring(curve([(0, 1.0), (1, 1.0)]))
