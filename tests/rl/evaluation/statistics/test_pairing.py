"""Pairs of right and wrong, loose and in clusters."""

import numpy as np
import pytest

from rl.evaluation.statistics import Clusters, Pairing, mcnemar, sign_flip, tango


def pairing(both: int, gained: int, lost: int, neither: int, size: int = 1) -> Pairing:
    """Rows in this order; ``size`` neighbours make a cluster."""
    baseline = [True] * both + [False] * gained + [True] * lost + [False] * neither
    challenger = [True] * both + [True] * gained + [False] * lost + [False] * neither
    return Pairing(np.array(baseline), np.array(challenger), Clusters(np.arange(len(baseline)) // size))


def test_loose_rows() -> None:
    found = pairing(30, 7, 3, 10)
    assert found.table == (30, 7, 3, 10) and (found.gained, found.lost) == (7, 3)
    assert found.discordant == 0.2 and not found.clusters.clustered and found.design_effect == 1.0
    assert found.interval() == tango(7, 3, 50, correction=0.5)
    assert found.test() == (*map(float, mcnemar(3, 7)), "mcnemar")


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
    found = Pairing(np.zeros(400, dtype=bool), changed, Clusters(np.arange(400) // 4))
    assert 1.0 <= found.design_effect < 2.5


def test_where_nothing_changed_a_cluster_counts_as_one_row() -> None:
    assert pairing(40, 0, 0, 0, size=4).design_effect == pytest.approx(4 * 10 / 9)


def test_one_cluster_says_nothing() -> None:
    assert pairing(10, 4, 1, 5, size=20).interval() == (-1.0, 1.0)
