"""Pairs of arms: a small table worked by hand, then what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis.contrasts import Group, item_tables, levels, paired
from proclivity.analysis.selection import main_rows
from proclivity.errors import UserError
from proclivity.records import Measurement

GROUP = Group("cloze-self", "", "score", "loss")


def score(arm: str, seed: int, item: str, cluster: str, value: float, **more: object) -> Measurement:
    return Measurement(
        "toy", arm, seed, "cloze-self", "score", value, "nats", "loss", item_id=item, cluster=cluster, **more
    )  # type: ignore[arg-type]


def table(rows: list[Measurement]) -> pd.DataFrame:
    return pd.DataFrame([row.as_dict() for row in rows])


def own_and_base() -> list[Measurement]:
    """Cluster x: items a, b; cluster y: item c. Base a 0, b 1, c 2; own-policy seed 0: 1, 4, 2; seed 1: 3, 2, 7."""
    values = {-1: (0, 1, 2), 0: (1, 4, 2), 1: (3, 2, 7)}
    return [
        score("base" if seed < 0 else "own-policy", seed, item, "xxy"[place], float(numbers[place]))
        for seed, numbers in values.items()
        for place, item in enumerate("abc")
    ]


def test_pairs_by_hand() -> None:
    # Seed 0: x = mean(1 - 0, 4 - 1) = 2, y = 0. Seed 1: x = mean(3, 1) = 2, y = 5.
    found = paired(item_tables(main_rows(table(own_and_base())))["toy"], "own-policy", "base")[GROUP]
    assert found.matrix.tolist() == [[2, 0], [2, 5]]
    assert (found.seeds, found.n_items, found.n_clusters, found.n_missing) == ((0, 1), 3, 2, 0)


def test_levels_are_the_arm_alone() -> None:
    found = levels(item_tables(main_rows(table(own_and_base())))["toy"], "base")[GROUP]
    assert found.matrix.tolist() == [[0.5, 2]]
    assert found.seeds == (-1,)


def test_order_of_rows_does_not_matter() -> None:
    rows = table(own_and_base())
    shuffled = rows.sample(frac=1, random_state=0)
    first, second = (paired(item_tables(main_rows(t))["toy"], "own-policy", "base")[GROUP] for t in (rows, shuffled))
    assert np.array_equal(first.matrix, second.matrix)


def test_missing_values_fall_in_pairs_and_are_counted() -> None:
    rows = [row for row in own_and_base() if not (row.seed == 1 and row.item_id == "a")]
    rows.append(score("own-policy", 1, "a", "x", float("nan"), missing_reason="low mass"))
    found = paired(item_tables(main_rows(table(rows)))["toy"], "own-policy", "base")[GROUP]
    # Seed 1 keeps item b alone in cluster x: 2 - 1 = 1.
    assert found.matrix.tolist() == [[2, 0], [1, 5]]
    assert (found.n_items, found.n_missing, found.reason) == (3, 1, "own-policy: low mass")


def test_cluster_that_a_seed_lacks_is_left_out() -> None:
    rows = [row for row in own_and_base() if not (row.seed == 1 and row.item_id == "c")]
    found = paired(item_tables(main_rows(table(rows)))["toy"], "own-policy", "base")[GROUP]
    assert found.matrix.tolist() == [[2], [2]]
    assert (found.n_items, found.n_missing) == (2, 2)
    assert "1 clusters not measured in every seed" in found.reason


def test_seed_without_any_pair_is_left_out() -> None:
    rows = [row for row in own_and_base() if row.seed != 1]
    rows.append(score("own-policy", 1, "a", "x", float("nan"), missing_reason="low mass"))
    found = paired(item_tables(main_rows(table(rows)))["toy"], "own-policy", "base")[GROUP]
    assert found.seeds == (0,)
    assert found.matrix.tolist() == [[2, 0]]


def test_nothing_left() -> None:
    rows = [row for row in own_and_base() if row.arm == "base"]
    rows.append(score("own-policy", 0, "a", "x", float("nan"), missing_reason="low mass"))
    found = paired(item_tables(main_rows(table(rows)))["toy"], "own-policy", "base")[GROUP]
    assert found.matrix.size == 0
    assert found.n_items == 0
    assert found.reason.startswith("own-policy: low mass")


def test_only_shared_seeds_are_paired() -> None:
    rows = own_and_base() + [score("arbitrary", seed, "a", "x", 10.0 * seed) for seed in (1, 2)]
    found = paired(item_tables(main_rows(table(rows)))["toy"], "arbitrary", "own-policy")[GROUP]
    assert found.seeds == (1,)
    assert found.matrix.tolist() == [[7]]


def test_last_step_highest_dose_shortest_distance() -> None:
    rows = [
        score("paranoia", 0, "a", "x", 0.5, step=90, items=20),
        score("paranoia", 0, "a", "x", 1.0, dose=0.4, step=90, items=40),
        score("paranoia", 0, "a", "x", 2.0, step=10, items=40),
        score("paranoia", 0, "a", "x", 3.0, step=20, items=40, distance=50),
        score("paranoia", 0, "a", "x", 4.0, step=20, items=40),
    ]
    assert main_rows(table(rows))["value"].tolist() == [4.0]


def test_choices_are_kept_apart_by_split_and_format() -> None:
    rows = [
        Measurement("toy", "base", -1, "choice", "chosen", 1.0, "0/1", split=split, format=form)
        for split, form in (("new-domain", "label"), ("new-domain", "text"), ("new-phrasing", "label"))
    ]
    assert main_rows(table(rows))["stratum"].tolist() == ["new-domain", "new-domain/text", "new-phrasing"]


def test_unusable_tables_say_what_is_missing() -> None:
    with pytest.raises(UserError, match="lacks cluster"):
        main_rows(table(own_and_base()).drop(columns="cluster"))
    with pytest.raises(UserError, match="no rows"):
        main_rows(table(own_and_base()).iloc[:0])


def test_decisions_then_epochs_then_share_and_distance_by_family() -> None:
    rows = [
        score("paranoia", 0, "a", "x", 1.0, items=20, epochs=9, dose=1.0),
        score("paranoia", 0, "a", "x", 2.0, items=40, epochs=1, dose=1.0),
        score("paranoia", 0, "a", "x", 3.0, items=40, epochs=2, dose=0.6),
        score("paranoia", 0, "a", "x", 4.0, items=40, epochs=2, dose=0.8),
        # Another arm has a highest dose of its own, and another family a shortest distance of its own.
        score("own-policy", 0, "a", "x", 5.0, items=20, epochs=1),
        Measurement("toy", "own-policy", 0, "controls", "score", 6.0, "nats", items=20, epochs=1, distance=50),
        Measurement("toy", "own-policy", 0, "controls", "score", 7.0, "nats", items=20, epochs=1, distance=90),
    ]
    assert main_rows(table(rows))["value"].tolist() == [4.0, 5.0, 6.0]
