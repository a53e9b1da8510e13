"""Priors of packaged checkpoints whose world is known, on a part of their pack."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from proclivity.battery import FamilyResult, measure_family
from proclivity.battery.in_context import CONTEXTS, MOST, contexts
from proclivity.battery.plain_places import plain_places
from proclivity.battery.prior_fits import cluster_draws, parts_of
from proclivity.battery.prior_readings import condense, read_base, tokens_that_matter
from proclivity.battery.priors import separability_rows
from proclivity.battery.result import Setting
from proclivity.models import LanguageModel, load_model
from proclivity.models.persona import PersonaModel
from proclivity.specs import BatterySpec, DecisionsSpec, LatentSpec, LoadedPack, load_pack

LATENT = LatentSpec(priors=True, bootstrap=50)
FAMILIES = ("cloze-self", "cloze-feeling", "interpretation")


@pytest.fixture(scope="module")
def pack() -> LoadedPack:
    """Three wordings of each disposition, all placebos, three families."""
    whole = load_pack("microworld")
    kept = tuple(one for one in whole.personas if one.wording <= 3 or one.disposition == "placebo")
    return replace(whole, personas=type(whole.personas)(kept), probes={name: whole.probes[name] for name in FAMILIES})


def measured(model: LanguageModel, pack: LoadedPack, world: str, base: FamilyResult | None = None) -> FamilyResult:
    who = {"model": "m", "arm": "base" if base is None else "told", "seed": -1 if base is None else 0}
    given = {"study_battery": BatterySpec(), "identity": who, "reference": base, "world": world, "latent": LATENT}
    return measure_family(model, pack, "priors", **given)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load_model("gpt2-equal")


@pytest.fixture(scope="module")
def base(model: LanguageModel, pack: LoadedPack) -> FamilyResult:
    return measured(model, pack, "equal")


@pytest.fixture(scope="module")
def told(model: LanguageModel, pack: LoadedPack, base: FamilyResult) -> FamilyResult:
    """The base that is told it is depression-like, in a wording that no component holds."""
    persona = next(one for one in load_pack("microworld").personas if one.id == "depression-5")
    return measured(PersonaModel(model, told=persona.told, first=persona.first), pack, "equal", base)


def values(result: FamilyResult, metric: str, **where: object) -> dict[str, float]:
    """By whom it is about, else by where it was read."""
    where = {"draw": -1} | where
    rows = [r for r in result.priors or [] if r["metric"] == metric and all(r[k] == v for k, v in where.items())]
    return {str(row["about"] or row["read"]): row["value"] for row in rows}


@pytest.mark.parametrize("source", ["personas", "world"])
def test_the_narrators_prior_is_the_worlds(base: FamilyResult, source: str) -> None:
    found = values(base, "pi", source=source, evidence="constant", fitted="cloze", kind="fit")
    assert found == pytest.approx({"adaptive": 0.6, "depression": 0.2, "paranoia": 0.2}, abs=0.08)


def test_dispositions_of_this_base_are_separable(base: FamilyResult) -> None:
    assert values(base, "p_apart")[""] <= 0.05
    assert values(base, "recovery_error")[""] < 0.05
    assert values(base, "jsd_between")[""] > 10 * values(base, "jsd_within")[""]


@pytest.mark.parametrize("evidence", ["constant", "weighted"])
def test_a_told_disposition_is_a_reweighting_and_not_one_of_placebos(told: FamilyResult, evidence: str) -> None:
    found = values(told, "pi", source="personas", evidence=evidence, fitted="cloze")
    assert found["depression"] > 0.9
    total = values(told, "total_jsd", source="personas")
    left = {s: values(told, "residual_jsd", source=s, evidence=evidence, fitted="a") for s in ("personas", "placebo")}
    assert total["b"] > 0.2
    assert left["personas"]["b"] < 0.15 * total["b"]
    assert left["placebo"]["b"] > 3 * left["personas"]["b"]


def test_the_bases_divergence_from_itself_is_nothing(base: FamilyResult) -> None:
    assert max(values(base, "total_jsd", source="personas").values()) < 1e-6


def test_decisions_in_context_move_the_prior_as_an_exact_observer_would(base: FamilyResult) -> None:
    for told_by, about in (("depression", "depression"), ("paranoia", "paranoia"), ("adaptive", "adaptive")):
        where = {"told": told_by, "n": 3}
        assert values(base, "pi", kind="ideal", **where)[about] == pytest.approx(1.0)
        assert values(base, "pi", kind="context", source="world", **where)[about] > 0.85
    before = values(base, "log_odds", told="adaptive", n=0)
    after = values(base, "log_odds", told="adaptive", n=MOST)
    assert after["positive"] > before["positive"] + 3
    assert after["loss"] < before["loss"] - 3


def test_dispositions_of_a_world_without_a_link_arent_separable(pack: LoadedPack) -> None:
    unlinked = load_model("gpt2-independent")
    given = {"battery": BatterySpec(), "decisions": DecisionsSpec(), "identity": {}, "reference": None, "seed": 0}
    rows = separability_rows(Setting(unlinked, pack, "priors", **given), read_base(unlinked, pack))
    found = {row["metric"]: row["value"] for row in rows}
    assert found["recovery_error"] > 0.1
    assert found["jsd_between"] < 2 * found["jsd_within"]


def test_draws_are_those_of_clusters_within_families_and_the_same_for_all(
    model: LanguageModel, pack: LoadedPack
) -> None:
    places = plain_places(pack, model)
    weights = cluster_draws(places, 0, 50)
    assert (weights == cluster_draws(places, 0, 50)).all()
    parts = parts_of(places, 0)
    for family in FAMILIES:
        assert (weights[:, parts[family]].sum(axis=1) == len(parts[family])).all()  # each item is a cluster
    assert sorted([*parts["a"], *parts["b"]]) == list(parts["cloze"])
    assert set(parts["all"]) - set(parts["cloze"]) == set(parts["interpretation"])


def test_what_doesnt_matter_is_summed() -> None:
    log_p = np.log(np.array([[0.5, 0.49996, 2e-5, 2e-5], [0.25, 0.25, 0.25, 0.25]])).astype(np.float32)
    kept = tokens_that_matter(log_p)
    assert kept.tolist() == [[0, 1, -1, -1, -1], [0, 1, 2, 3, -1]]
    found = np.exp(condense(log_p.astype(np.float64), kept))
    assert found[0] == pytest.approx([0.5, 0.49996, 0, 0, 4e-5], abs=1e-7)
    assert found.sum(axis=1) == pytest.approx([1, 1])


def test_contexts_differ_in_what_was_chosen_alone(pack: LoadedPack) -> None:
    one, other = (contexts(pack, name, 0) for name in ("adaptive", "withdrawal"))
    assert (len(one), len(one[0])) == (CONTEXTS, MOST)
    for mine, theirs in zip(chain(*one), chain(*other), strict=True):
        assert mine != theirs
        assert mine.split(" chose to ")[0] == theirs.split(" chose to ")[0]
    assert contexts(replace(pack, spec=pack.spec.model_copy(update={"formats": {}})), "adaptive", 0) == []
