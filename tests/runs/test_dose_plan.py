"""Doses, later phases, kept steps and other formats: which jobs they are, counted by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from arms_pack import study_of, write_arms_pack
from proclivity.errors import ContentError
from proclivity.runs.arm_jobs import study_arm
from proclivity.runs.doses import Dose, doses_of
from proclivity.runs.jobs import Job
from proclivity.runs.model_files import ModelFiles
from proclivity.runs.plan import Plan, make_plan
from proclivity.specs import LoadedPack, load_pack

ONE = [{"name": "one", "path": "one"}]
ARMS = ["base", "leaver", "own-policy", "arbitrary"]
SEEDS = 2


@pytest.fixture(scope="module")
def arms_pack(tmp_path_factory: pytest.TempPathFactory) -> LoadedPack:
    return load_pack(write_arms_pack(tmp_path_factory.mktemp("content") / "mini"))


def plan_of(pack: LoadedPack, **changes: Any) -> Plan:
    files = ModelFiles("one", "/somewhere/one", "w", "t", 4000, 100, "LlamaForCausalLM")
    return make_plan(study_of(**({"models": ONE, "arms": ARMS} | changes)), pack, {"one": files})


def jobs(plan: Plan, stage: str, arm: str) -> list[Job]:
    return [job for job in plan.stage(stage) if job.arm == arm]


def in_order(plan: Plan) -> bool:
    seen: set[str] = set()
    for job in plan.jobs:
        if not set(job.needs) <= seen:
            return False
        seen.add(job.digest)
    return True


def test_doses_are_all_combinations_the_highest_last(arms_pack: LoadedPack) -> None:
    study = study_of(doses={"shares": ["chance", 1], "items": [4, 8], "epochs": [1, 3]})
    found = doses_of(study_arm("leaver", study, arms_pack), study, arms_pack)
    assert len(found) == 8
    assert found[0] == Dose(0.5, 4, 1)  # two classes: chance is one half
    assert found[-1] == Dose(1.0, 8, 3)
    assert found[-1].steps(study) == 3  # 8 decisions in one batch of 16, three times
    own = doses_of(study_arm("own-policy", study, arms_pack), study, arms_pack)
    assert own == [Dose(1.0, 4, 1), Dose(1.0, 4, 3), Dose(1.0, 8, 1), Dose(1.0, 8, 3)]


def test_jobs_of_doses_by_hand(arms_pack: LoadedPack) -> None:
    plan = plan_of(arms_pack, doses={"shares": [0.5, 1], "items": [4, 8], "epochs": [1, 3]})
    assert in_order(plan)
    assert len(jobs(plan, "induce", "leaver")) == 2 * 2 * 2 * SEEDS
    assert len(jobs(plan, "induce", "own-policy")) == len(jobs(plan, "induce", "arbitrary")) == 2 * 2 * SEEDS
    # Answers don't know how often they are seen.
    assert len(jobs(plan, "answers", "leaver")) == 2 * 2 * SEEDS
    assert len(jobs(plan, "answers", "own-policy")) == 2 * SEEDS
    measured = jobs(plan, "measure", "leaver")
    assert {(j.spec["dose"], j.spec["items"], j.spec["epochs"]) for j in measured} == {
        (share, items, epochs) for share in (0.5, 1.0) for items in (4, 8) for epochs in (1, 3)
    }
    assert Counter(j.point == "" for j in measured) == {True: SEEDS * 2, False: 7 * SEEDS * 2}  # choice and cloze


def test_one_dose_alone_is_the_ordinary_study(arms_pack: LoadedPack) -> None:
    plain = plan_of(arms_pack)
    same = plan_of(arms_pack, doses={"shares": [1], "items": [8], "epochs": [3]})
    analysed = ("analyze", "report")
    assert [j.digest for j in plain.jobs if j.stage not in analysed] == [
        j.digest for j in same.jobs if j.stage not in analysed
    ]


def test_kept_steps_are_measured_and_train_nothing_again(arms_pack: LoadedPack) -> None:
    recipe = {"batch_size": 4, "epochs": 2, "checkpoints": [1, 3]}  # 4 steps
    plan = plan_of(arms_pack, induction=recipe)
    assert len(jobs(plan, "induce", "leaver")) == SEEDS
    steps = [(job.spec["step"], job.spec.get("kept")) for job in jobs(plan, "measure", "leaver") if job.seed == 0]
    assert sorted(set(steps), key=str) == [(1, 1), (3, 3), (4, None)]
    assert {job.point for job in jobs(plan, "measure", "leaver")} == {"step-1", "step-3", ""}
    with pytest.raises(ContentError, match="training takes 4 steps, so there is none to keep after step 4"):
        plan_of(arms_pack, induction=recipe | {"checkpoints": [4]})


def test_a_later_phase_goes_on_from_the_same_seed(arms_pack: LoadedPack) -> None:
    plan = plan_of(arms_pack, arms=[*ARMS, "leaver-then-own-policy", "leaver-then-own-policy-then-leaver"])
    assert in_order(plan)
    first, second, third = (
        jobs(plan, "induce", arm) for arm in ("leaver", "leaver-then-own-policy", "leaver-then-own-policy-then-leaver")
    )
    for seed in range(SEEDS):
        assert second[seed].inputs["start"] == first[seed].digest
        assert third[seed].inputs["start"] == second[seed].digest
        assert second[seed].inputs["answers"] == jobs(plan, "answers", "own-policy")[seed].digest
        assert third[seed].inputs["answers"] == first[seed].inputs["answers"]
    assert not jobs(plan, "answers", "leaver-then-own-policy")


def test_a_start_that_is_no_arm_is_trained_and_not_measured(arms_pack: LoadedPack) -> None:
    plan = plan_of(arms_pack, arms=["base", "leaver-then-own-policy"])
    assert in_order(plan)
    assert len(jobs(plan, "induce", "leaver")) == SEEDS
    assert not jobs(plan, "measure", "leaver")


def test_another_format_has_its_own_prompts_gates_and_policy(arms_pack: LoadedPack) -> None:
    wanted = [*ARMS, "text-leaver", "text-own-policy", "shuffled-leaver"]
    plan = plan_of(arms_pack, arms=wanted, decisions={"n": 4})
    assert in_order(plan)
    label, words = plan.stage("pool")
    assert [p.spec["decisions"]["format"] for p in (label, words)] == ["label", "text"]
    assert {j.inputs["pool"] for arm in ("text-leaver", "shuffled-leaver") for j in jobs(plan, "induce", arm)} == {
        words.digest
    }
    assert {j.inputs["pool"] for j in jobs(plan, "induce", "leaver")} == {label.digest}
    assert [j.inputs["pool"] for j in plan.stage("policy")] == [label.digest, words.digest]
    assert [role for role in plan.stage("analyze")[0].inputs if not role.startswith("measure")] == [
        "pool label", "gates label", "policy label one", "pool text", "gates text", "policy text one"
    ]  # fmt: skip


def test_doses_that_cannot_be_are_said_at_once(arms_pack: LoadedPack) -> None:
    with pytest.raises(ContentError) as caught:
        plan_of(arms_pack, doses={"items": [6, 12]})
    assert "doses.items: 6 decisions leave a block of 4 incomplete" in str(caught.value)
    assert "doses.items: 12 is more than the pool's decisions.n, 8" in str(caught.value)
