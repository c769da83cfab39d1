"""Pairs of right and wrong, loose and in clusters."""

import numpy as np
import pytest

from rl.evaluation.statistics import Pairing, mcnemar, newcombe, sign_flip, tango


def pairing(both: int, gained: int, lost: int, neither: int, size: int = 1) -> Pairing:
    """Rows in this order; ``size`` neighbours make a cluster."""
    baseline = [True] * both + [False] * gained + [True] * lost + [False] * neither
    challenger = [True] * both + [True] * gained + [False] * lost + [False] * neither
    return Pairing(np.array(baseline), np.array(challenger), np.arange(len(baseline)) // size)


def test_loose_rows() -> None:
    found = pairing(30, 7, 3, 10)
    assert found.table == (30, 7, 3, 10) and (found.gained, found.lost) == (7, 3)
    assert found.discordant == 0.2 and not found.clustered and found.design_effect == 1.0
    (low, high), (lower, higher) = newcombe(30, 7, 3, 10), tango(7, 3, 50)
    assert found.interval() == (min(low, lower), max(high, higher))
    assert found.test() == (*map(float, mcnemar(3, 7)), "mcnemar")


def test_ten_changed_clusters_are_not_few() -> None:
    assert pairing(30, 7, 2, 11).few and not pairing(30, 7, 3, 10).few
    assert pairing(30, 18, 0, 0, size=2).few, "nine clusters of two"
    assert pairing(0, 20, 20, 0, size=40).few, "gains and losses of one cluster cancel"


def test_clusters_are_flipped_whole() -> None:
    found = pairing(20, 10, 5, 15, size=5)
    assert found.test() == (*sign_flip([5, 5, -5]), "sign flip")


def test_clusters_that_move_as_one_widen_the_interval() -> None:
    loose, clustered = pairing(80, 8, 0, 12), pairing(80, 8, 0, 12, size=4)
    assert clustered.design_effect == pytest.approx(4, rel=0.05)
    assert np.diff(clustered.interval())[0] > 1.5 * np.diff(loose.interval())[0]


def test_clusters_whose_rows_change_alone_cost_little() -> None:
    changed = np.zeros(400, dtype=bool)
    changed[::40] = True
    found = Pairing(np.zeros(400, dtype=bool), changed, np.arange(400) // 4)
    assert 1.0 <= found.design_effect < 2.0


def test_where_nothing_changed_a_cluster_counts_as_one_row() -> None:
    assert pairing(40, 0, 0, 0, size=4).design_effect == pytest.approx(4)
