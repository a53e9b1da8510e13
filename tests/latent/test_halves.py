"""Halves of items and seeds: no cluster on both sides, no seed in both."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from proclivity.latent.halves import divide


def test_half_of_the_clusters_and_seeds_are_kept_for_the_test() -> None:
    families, clusters = ["a"] * 6 + ["b"] * 3, ["1", "1", "2", "2", "3", "4", "5", "6", "7"]
    found = divide(families, clusters, range(5), np.random.default_rng(0))
    sides = {
        cluster: {bool(d) for c, d in zip(clusters, found.development, strict=True) if c == cluster}
        for cluster in clusters
    }
    assert all(len(side) == 1 for side in sides.values())
    assert sum(True in sides[c] for c in "1234") == 2
    assert sum(True in sides[c] for c in "567") == 1
    assert len(found.seeds) == 2
    assert len(found.test_seeds) == 3
    assert sorted((*found.seeds, *found.test_seeds)) == [0, 1, 2, 3, 4]


@given(
    st.integers(0, 1000), st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("uvwxyz")), min_size=1, max_size=20)
)
def test_a_cluster_that_families_share_is_on_one_side(seed: int, items: list[tuple[str, str]]) -> None:
    families, clusters = zip(*items, strict=True)
    found = divide(families, clusters, [3, 1], np.random.default_rng(seed))
    for name in set(clusters):
        assert len({bool(d) for c, d in zip(clusters, found.development, strict=True) if c == name}) == 1
    again = divide(families, clusters, [3, 1], np.random.default_rng(seed))
    assert np.array_equal(found.development, again.development)
    assert found.seeds == again.seeds
