"""Which jobs a change touches: a probe its own family's, a seed its own, the rest nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arms_pack import study_of
from proclivity.errors import ContentError
from proclivity.runs.jobs import Job
from proclivity.runs.model_files import ModelFiles
from proclivity.runs.plan import Plan, check_study, make_plan
from proclivity.specs import LoadedPack, Study, digest_of


def files(name: str, weights: str = "w") -> ModelFiles:
    return ModelFiles(name, f"/somewhere/{name}", weights + name, "t" + name, 4000, 100, "LlamaForCausalLM")


def plan_of(pack: LoadedPack, study: Study | None = None, **weights: str) -> Plan:
    study = study or study_of()
    return make_plan(study, pack, {m.name: files(m.name, weights.get(m.name, "w")) for m in study.models})


def new_jobs(before: Plan, after: Plan) -> list[Job]:
    return [job for digest, job in after.by_digest.items() if digest not in before.by_digest]


def with_probe(pack: LoadedPack, **changes: Any) -> LoadedPack:
    probes = {"cloze-feeling": pack.probes["cloze-feeling"].model_copy(update=changes)}
    return replace(pack, probes=probes, digest=digest_of(str(changes)))


def test_the_jobs_of_a_small_study_counted_by_hand(mini_pack: LoadedPack) -> None:
    counts = Counter(job.stage for job in plan_of(mini_pack).jobs)
    families = 4  # choice, cloze-feeling, controls, completions: adapted below if the pack has fewer
    measured = len({job.family for job in plan_of(mini_pack).jobs if job.stage == "measure"})
    assert measured <= families
    assert counts == {
        "pool": 1,
        "gates": 1,
        "policy": 2,  # one a model
        "answers": 2 * 2 + 2 * 2,  # leaver and arbitrary × 2 seeds, shared; own-policy × 2 models × 2 seeds
        "induce": 2 * 3 * 2,  # models × trained arms × seeds
        "measure": 2 * (1 + 3 * 2) * measured,
        "analyze": 1,
        "report": 1,
    }


def test_every_job_stands_after_what_it_needs_and_trained_ones_read_base(mini_pack: LoadedPack) -> None:
    plan = plan_of(mini_pack)
    seen: set[str] = set()
    for job in plan.jobs:
        assert set(job.needs) <= seen
        seen.add(job.digest)
        if job.stage == "measure" and job.arm != "base":
            base = plan.by_digest[job.inputs["base"]]
            assert (base.model, base.arm, base.family) == (job.model, "base", job.family)
        if job.stage == "induce":
            assert plan.stage("gates")[0].digest in job.after


def test_a_judge_adds_a_job_for_each_checkpoints_completions_and_touches_no_other(mini_pack: LoadedPack) -> None:
    spec = mini_pack.spec.model_copy(update={"completion_prompts": ["{who} felt"]})
    pack, study = replace(mini_pack, spec=spec), study_of()
    models = {m.name: files(m.name) for m in study.models}
    without = make_plan(study, pack, models)
    one, two = (make_plan(study, pack, models, files("judge", weights)) for weights in ("x", "y"))
    assert {job.stage for job in new_jobs(without, one)} == {"judge", "analyze", "report"}
    assert {job.stage for job in new_jobs(one, two)} == {"judge", "analyze", "report"}
    judged = one.stage("judge")
    assert len(judged) == 2 * (1 + 3 * 2)  # models × (base, three trained arms × two seeds)
    assert {one.by_digest[job.inputs["texts"]].family for job in judged} == {"completions"}


def test_a_judge_that_is_measured_itself_is_refused(mini_pack: LoadedPack) -> None:
    study = study_of()
    same = study.model_copy(update={"judge": study.models[0].model_copy(update={"name": "judge"})})
    with pytest.raises(ContentError, match="is a model of the study too"):
        check_study(same, mini_pack)


def test_planning_twice_gives_the_same_digests(mini_pack: LoadedPack) -> None:
    assert [job.digest for job in plan_of(mini_pack).jobs] == [job.digest for job in plan_of(mini_pack).jobs]


@settings(max_examples=20, deadline=None)
@given(seeds=st.integers(1, 4), more=st.integers(1, 3))
def test_more_seeds_only_add(seeds: int, more: int) -> None:
    pack = _mini()
    before = plan_of(pack, study_of(seeds=seeds))
    after = plan_of(pack, study_of(seeds=seeds + more))
    fresh = new_jobs(before, after)
    assert all(job.seed >= seeds for job in fresh if job.stage not in ("analyze", "report"))
    gone = [job.stage for digest, job in before.by_digest.items() if digest not in after.by_digest]
    assert sorted(gone) == ["analyze", "report"]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["text", "candidates", "domain_text"]), st.text("abc", min_size=1, max_size=5))
def test_a_changed_probe_measures_its_own_family_again(what: str, word: str) -> None:
    pack = _mini()
    probe = pack.probes["cloze-feeling"]
    changed: dict[str, Any] = {
        "text": {"items": [probe.items[0].model_copy(update={"text": f"{{who}} felt {word}"})]},
        "candidates": {"candidates": {"positive": ["glad", f"{word}x"], "loss": ["sad"]}},
        "domain_text": {"domain_text": f"It was {word}"},
    }[what]
    before, after = plan_of(pack), plan_of(with_probe(pack, **changed))
    fresh = new_jobs(before, after)
    assert {job.family for job in fresh if job.stage == "measure"} == {"cloze-feeling"}
    assert {job.stage for job in fresh} == {"gates", "measure", "analyze", "report"}
    assert sum(job.stage == "measure" for job in fresh) == 2 * (1 + 3 * 2)


def test_words_about_a_probe_measure_nothing_again(mini_pack: LoadedPack) -> None:
    fresh = new_jobs(plan_of(mini_pack), plan_of(with_probe(mini_pack, description="Said otherwise.")))
    assert "measure" not in {job.stage for job in fresh}
    assert "induce" not in {job.stage for job in fresh}


def test_other_weights_touch_that_model_alone(mini_pack: LoadedPack) -> None:
    fresh = new_jobs(plan_of(mini_pack), plan_of(mini_pack, two="other"))
    assert {job.model for job in fresh if job.stage not in ("analyze", "report")} == {"two"}


def test_another_margin_is_analysed_again_and_nothing_else(mini_pack: LoadedPack) -> None:
    fresh = new_jobs(plan_of(mini_pack), plan_of(mini_pack, study_of(analysis={"delta": 0.1})))
    assert [job.stage for job in fresh] == ["analyze", "report"]


def test_another_learning_rate_teaches_and_measures_again_but_asks_nothing_again(
    mini_pack: LoadedPack,
) -> None:
    fresh = new_jobs(plan_of(mini_pack), plan_of(mini_pack, study_of(induction={"learning_rate": 0.1})))
    assert {job.stage for job in fresh} == {"induce", "measure", "analyze", "report"}
    assert not any(job.arm == "base" for job in fresh)


@pytest.mark.parametrize("change", [{"dtype": "bfloat16"}, {"threads": 2}, {"device": "cuda:1"}])
def test_the_way_of_computing_is_part_of_the_identity(mini_pack: LoadedPack, change: dict[str, Any]) -> None:
    fresh = new_jobs(plan_of(mini_pack), plan_of(mini_pack, study_of(compute=change)))
    assert {"induce", "measure", "policy"} <= {job.stage for job in fresh}


def test_workers_and_the_number_of_a_device_are_no_part_of_it(mini_pack: LoadedPack) -> None:
    one = plan_of(mini_pack, study_of(compute={"workers": 1, "device": "cuda:0"}))
    two = plan_of(mini_pack, study_of(compute={"workers": 9, "device": "cuda:1"}))
    assert {job.stage for job in new_jobs(one, two)} <= {"report"}


def test_the_digest_is_the_sha256_of_the_canonical_identity() -> None:
    job = Job("pool", {"n": 1})
    assert job.digest == digest_of(job.identity())
    assert set(job.identity()) == {"schema_version", "stage", "spec", "inputs", "code", "libraries"}
    assert Job("pool", {"n": 1}, after=("x",)).digest == job.digest  # waiting is no part of what a job is


def test_changed_code_redoes_the_stages_that_rest_on_it(mini_pack: LoadedPack, monkeypatch: pytest.MonkeyPatch) -> None:
    from proclivity.runs import jobs

    before = plan_of(mini_pack)
    real = jobs.code_digest
    monkeypatch.setattr(jobs, "code_digest", lambda stage: "new" if stage == "measure" else real(stage))
    assert {job.stage for job in new_jobs(before, plan_of(mini_pack))} == {"measure", "analyze", "report"}


def test_all_unknown_names_are_told_at_once_with_the_nearest(mini_pack: LoadedPack) -> None:
    study = study_of(arms=["leavr", "own-polcy"], battery={"families": ["choise"]})
    with pytest.raises(ContentError) as caught:
        plan_of(mini_pack, study)
    text = str(caught.value)
    assert len(caught.value.faults) == 4
    assert "Did you mean 'leaver'?" in text
    assert "Did you mean 'own-policy'?" in text
    assert "Did you mean 'choice'?" in text
    assert "'base' is missing" in text


def test_base_alone_needs_no_decisions(mini_pack: LoadedPack) -> None:
    stages = {job.stage for job in plan_of(mini_pack, study_of(arms=["base"])).jobs}
    assert stages == {"measure", "analyze", "report"}


_PACKS: dict[str, LoadedPack] = {}


def _mini() -> LoadedPack:
    """The small pack, read once for all examples of a property."""
    if not _PACKS:
        import tempfile

        from mini_pack import write_mini_pack
        from proclivity.specs import load_pack

        with tempfile.TemporaryDirectory() as folder:
            _PACKS["mini"] = load_pack(write_mini_pack(Path(folder) / "mini"))
    return _PACKS["mini"]
