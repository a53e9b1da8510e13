"""Seeds that are trained at once: which jobs they are, counted by hand, and which studies can't have them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arms_pack import study_of, write_arms_pack
from proclivity.errors import ContentError
from proclivity.runs.estimate import Costs, cost_key, estimate
from proclivity.runs.jobs import Job
from proclivity.runs.model_files import ModelFiles
from proclivity.runs.plan import Plan, make_plan
from proclivity.runs.ready import group_of
from proclivity.runs.shares import Share, jobs_of
from proclivity.specs import LoadedPack, load_pack

ONE = [{"name": "one", "path": "one"}]
ARMS = ["base", "leaver", "stayer", "own-policy"]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> LoadedPack:
    """Two profiles."""
    found = load_pack(write_arms_pack(tmp_path_factory.mktemp("content") / "mini"))
    if "stayer" not in found.profiles:
        other = found.profiles["leaver"].model_copy(update={"id": "stayer", "action_class": "stay"})
        found.profiles["stayer"] = other
    return found


def plan_of(pack: LoadedPack, stack: int, **changes: Any) -> Plan:
    files = ModelFiles("one", "/somewhere/one", "w", "t", 4000, 100, "LlamaForCausalLM")
    wanted = {"models": ONE, "arms": ARMS, "seeds": 6, "compute": {"stack": stack}}
    return make_plan(study_of(**(wanted | changes)), pack, {"one": files})


def stacks(plan: Plan, arm: str) -> list[Job]:
    return [job for job in plan.stage("stack") if job.arm == arm]


def test_six_seeds_by_three_are_two_stacks_an_arm(pack: LoadedPack) -> None:
    plan = plan_of(pack, 3)
    assert Counter(job.arm for job in plan.stage("stack")) == {"leaver": 2, "stayer": 2, "own-policy": 2}
    assert Counter(job.arm for job in plan.stage("induce")) == {"leaver": 6, "stayer": 6, "own-policy": 6}
    answers = {(job.arm, job.seed): job.digest for job in plan.stage("answers")}
    [pool], [gates] = plan.stage("pool"), plan.stage("gates")
    for arm in ARMS[1:]:
        first, second = stacks(plan, arm)
        assert (first.spec["seeds"], second.spec["seeds"]) == ([0, 1, 2], [3, 4, 5])
        assert second.inputs == {f"answers {n:03d}": answers[arm, n] for n in (3, 4, 5)} | {"pool": pool.digest}
        assert second.after == (gates.digest,)
        assert second.title == f"stack one/{arm}/seeds-3-to-5"
        assert "seed" not in second.spec
        for job in (job for job in plan.stage("induce") if job.arm == arm):
            assert job.inputs["stack"] == (first if job.seed < 3 else second).digest
            assert job.spec["seed"] == job.seed
    seen: set[str] = set()
    for job in plan.jobs:
        assert set(job.needs) <= seen
        seen.add(job.digest)


def test_a_stack_of_one_is_todays_training(pack: LoadedPack) -> None:
    plain, alone = plan_of(pack, 3, compute={}), plan_of(pack, 1)
    assert [job.digest for job in plain.jobs] == [job.digest for job in alone.jobs]
    assert not alone.stage("stack")
    job = alone.stage("induce")[0]
    assert set(job.inputs) == {"answers", "pool"}
    assert set(job.spec) == {
        "model", "weights", "tokenizer", "chat", "dtype", "device", "machine", "threads", "batch_size",
        "arm", "seed", "induction", "items", "format",
    }  # fmt: skip
    stacked = plan_of(pack, 3).stage("induce")[0]
    assert (stacked.spec, {**stacked.inputs, "stack": None}) == (job.spec, {**job.inputs, "stack": None})


def test_only_training_and_what_rests_on_it_has_another_identity(pack: LoadedPack) -> None:
    fresh = plan_of(pack, 3).by_digest.keys() - plan_of(pack, 1).by_digest.keys()
    plan = plan_of(pack, 3)
    changed = Counter(plan.by_digest[digest].stage for digest in fresh)
    measured = len([job for job in plan.stage("measure") if job.arm != "base"])
    assert changed == {"stack": 6, "induce": 18, "measure": measured, "analyze": 1, "report": 1}


def test_a_seed_that_is_left_over_is_trained_alone_as_without_stacks(pack: LoadedPack) -> None:
    plan, plain = plan_of(pack, 5), plan_of(pack, 1)
    last = [job for job in plan.stage("induce") if job.seed == 5]
    assert [len(job.spec["seeds"]) for job in plan.stage("stack")] == [5, 5, 5]
    assert {job.digest for job in last} <= plain.by_digest.keys()


def test_more_seeds_only_add_whole_stacks(pack: LoadedPack) -> None:
    before, after = (plan_of(pack, 3, seeds=seeds) for seeds in (6, 9))
    assert {job.digest for job in before.stage("stack")} < {job.digest for job in after.stage("stack")}
    assert {job.digest for job in before.stage("measure")} < {job.digest for job in after.stage("measure")}


def test_doses_and_kept_steps_have_stacks_of_their_own(pack: LoadedPack) -> None:
    recipe = {"batch_size": 4, "epochs": 2, "checkpoints": [1]}
    plan = plan_of(pack, 3, doses={"items": [4, 8]}, induction=recipe)
    assert Counter((job.spec["items"], job.point) for job in stacks(plan, "leaver")) == {
        (4, "share-1.00_items-4_epochs-2"): 2,
        (8, ""): 2,
    }
    assert all(job.spec["induction"]["checkpoints"] == [1] for job in plan.stage("stack"))


def test_a_later_phase_is_trained_alone_from_a_stacks_member(pack: LoadedPack) -> None:
    plan = plan_of(pack, 3, arms=["base", "leaver-then-own-policy", "speech-loss"])
    assert {job.arm for job in plan.stage("stack")} == {"leaver", "speech-loss"}
    first = {job.seed: job for job in plan.stage("induce") if job.arm == "leaver"}
    for job in (job for job in plan.stage("induce") if job.arm == "leaver-then-own-policy"):
        assert "stack" not in job.inputs
        assert job.inputs["start"] == first[job.seed].digest
    assert len(set(stacks(plan, "speech-loss")[0].inputs.values())) == 1  # statements are the same for all seeds


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"induction": {"method": "full"}}, "only LoRA adapters can be trained at once"),
        ({"compute": {"stack": 3, "gpus": 2, "device": "cuda"}}, "a model lies on 2 GPUs"),
        ({"compute": {"stack": 3, "accelerate": "nowhere.yml"}}, "several processes train one adapter"),
    ],
)
def test_what_has_no_stack_is_refused_with_the_mend(pack: LoadedPack, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ContentError, match=rf"compute\.stack: 1 expected, 3 found; .*{why}.* Set compute\.stack to 1"):
        plan_of(pack, 3, **changes)


def test_a_stack_costs_what_its_members_cost_and_taking_one_out_next_to_nothing(pack: LoadedPack) -> None:
    plan, plain = plan_of(pack, 3), plan_of(pack, 1)
    costs = Costs(plan)
    alone = Costs(plain).of(plain.stage("induce")[0])
    assert costs.of(plan.stage("stack")[0]) == pytest.approx(3 * alone)
    assert costs.of(plan.stage("induce")[0]) == 0.1
    costs.learn(plan.stage("induce")[0], 0.02)
    assert costs.of(plan.stage("induce")[-1]) == 0.02
    assert costs.of(plan.stage("stack")[0]) == pytest.approx(3 * alone)
    assert cost_key(plan.stage("stack")[0]) == ("stack", "one", "8 × 3 × 3")
    more = estimate(plan, list(plan.jobs), 1).disk_bytes - estimate(plain, list(plain.jobs), 1).disk_bytes
    assert more == 18 * 50_000  # the adapters lie there twice


@settings(max_examples=20, deadline=None)
@given(stack=st.integers(2, 7), seeds=st.integers(1, 9), n=st.integers(2, 5))
def test_no_stack_is_dealt_to_two_shares(pack: LoadedPack, stack: int, seeds: int, n: int) -> None:
    plan = plan_of(pack, stack, seeds=seeds)
    shares = [jobs_of(plan.by_digest, Share(number, n)) for number in range(n)]
    trained = [digest for share in shares for digest, job in share.items() if job.stage in ("stack", "induce")]
    assert len(trained) == len(set(trained)) == len(plan.stage("stack")) + len(plan.stage("induce"))
    assert all(group_of(job) == ("one", job.arm, job.seed) for job in plan.stage("stack"))
