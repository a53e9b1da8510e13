"""Which jobs each kind of arm needs, and that none of them touches another's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arms_pack import study_of, write_arms_pack
from proclivity.errors import ContentError, UserError
from proclivity.runs.jobs import Job
from proclivity.runs.model_files import ModelFiles
from proclivity.runs.plan import Plan, make_plan
from proclivity.specs import LoadedPack, Study, load_pack

ARMS = ["base", "leaver", "own-policy", "arbitrary"]
IN_WORDS = {"n": 4, "format": "text"}


@pytest.fixture(scope="module")
def arms_pack(tmp_path_factory: pytest.TempPathFactory) -> LoadedPack:
    return load_pack(write_arms_pack(tmp_path_factory.mktemp("content") / "mini"))


def plan_of(pack: LoadedPack, study: Study) -> Plan:
    found = {
        name: ModelFiles(name, f"/somewhere/{name}", "w" + name, "t" + name, 4000, 100, "LlamaForCausalLM")
        for name in (model.name for model in study.models)
    }
    return make_plan(study, pack, found)


def new_jobs(before: Plan, after: Plan) -> list[Job]:
    return [job for digest, job in after.by_digest.items() if digest not in before.by_digest]


def stages_of(jobs: list[Job], arm: str) -> dict[str, int]:
    found = [job.stage for job in jobs if job.arm == arm]
    return {stage: found.count(stage) for stage in dict.fromkeys(found)}


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"prompt": "I picked", "completion": " A"}) + "\n")
    return path


@pytest.mark.parametrize(
    ("arm", "expected"),
    [
        ("balanced", {"answers": 2, "induce": 4, "measure": 8}),  # seeds; models x seeds; x families
        ("exposure-leaver", {"answers": 2, "induce": 4, "measure": 8}),
        ("shuffled-leaver", {"answers": 2, "induce": 4, "measure": 8}),
        ("speech-loss", {"answers": 1, "induce": 4, "measure": 8}),  # statements are drawn once for all seeds
        ("speech-leaver", {"answers": 1, "induce": 4, "measure": 8}),
        ("persona-leaver", {"measure": 12}),  # models x wordings x families
    ],
)
def test_jobs_by_hand_and_no_other_arm_is_touched(arms_pack: LoadedPack, arm: str, expected: dict[str, int]) -> None:
    before = plan_of(arms_pack, study_of(decisions=IN_WORDS))
    after = plan_of(arms_pack, study_of(decisions=IN_WORDS, arms=[*ARMS, arm]))
    assert {job.family for job in after.jobs if job.family} == {"choice", "cloze-feeling"}
    assert stages_of(list(after.jobs), arm) == expected
    assert {job.arm for job in new_jobs(before, after) if job.stage not in ("analyze", "report")} == {arm}
    assert {job.stage for job in new_jobs(after, before)} == {"analyze", "report"}
    seen: set[str] = set()
    for job in after.jobs:
        assert set(job.needs) <= seen
        seen.add(job.digest)


def test_a_study_without_decisions_needs_no_pool(arms_pack: LoadedPack, rows: Path) -> None:
    external = [{"arm": "mine", "kind": "rows", "paths": [str(rows)]}]
    study = study_of(arms=["base", "persona-leaver", "speech-loss"], external=external)
    plan = plan_of(arms_pack, study)
    assert {job.stage for job in plan.jobs} == {"answers", "induce", "measure", "analyze", "report"}
    untrained = plan_of(arms_pack, study_of(arms=["base", "persona-leaver"]))
    assert {job.stage for job in untrained.jobs} == {"measure", "analyze", "report"}
    # A number of decisions that would leave a block incomplete is nobody's concern here.
    assert plan_of(arms_pack, study_of(arms=["base", "persona-leaver"], decisions={"n": 7}))


def test_rows_are_trained_once_a_seed_or_once_a_path(arms_pack: LoadedPack, rows: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(rows.read_text() * 2)
    for paths, seeds in (([rows], [0, 1]), ([rows, other, rows], [0, 1, 2])):
        external = [{"arm": "mine", "kind": "rows", "model": "one", "paths": list(map(str, paths))}]
        plan = plan_of(arms_pack, study_of(external=external))
        jobs = [job for job in plan.stage("induce") if job.arm == "mine"]
        assert [(job.model, job.seed) for job in jobs] == [("one", seed) for seed in seeds]
        assert not any(job.inputs or job.after for job in jobs)


def test_changed_rows_teach_that_arm_alone_again(arms_pack: LoadedPack, rows: Path) -> None:
    study = study_of(external=[{"arm": "mine", "kind": "rows", "paths": [str(rows)]}])
    before = plan_of(arms_pack, study)
    rows.write_text(rows.read_text() * 2)
    fresh = new_jobs(before, plan_of(arms_pack, study))
    assert {job.arm for job in fresh if job.stage in ("induce", "measure")} == {"mine"}


def test_the_place_of_a_file_is_no_part_of_it(arms_pack: LoadedPack, rows: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved.jsonl"
    moved.write_bytes(rows.read_bytes())
    one, two = (
        plan_of(arms_pack, study_of(external=[{"arm": "mine", "kind": "rows", "paths": [str(path)]}]))
        for path in (rows, moved)
    )
    assert {job.stage for job in new_jobs(one, two)} == {"report"}


def test_every_fault_of_names_and_files_at_once(arms_pack: LoadedPack, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{\n")
    study = study_of(
        arms=[
            *ARMS,
            "persona-leavr",
            "speech-los",
            "exposure-nobody",
            "leaver-then-speech-loss",
            "text-leavr",
            "free-leaver",
        ],
        external=[
            {"arm": "gone", "model": "one", "kind": "adapter", "paths": [str(tmp_path / "nowhere")]},
            {"arm": "hollow", "model": "one", "kind": "adapter", "paths": [str(tmp_path / "empty")]},
            {"arm": "full", "model": "oen", "kind": "checkpoint", "paths": [str(tmp_path / "empty")]},
            {"arm": "rows", "kind": "rows", "paths": [str(bad)]},
            {"arm": "leaver", "kind": "rows", "paths": [str(bad)]},
        ],
    )
    with pytest.raises(ContentError) as caught:
        plan_of(arms_pack, study)
    text = str(caught.value)
    for said in (
        "Did you mean 'persona-leaver'?",
        "Did you mean 'speech-loss'?",
        "There is no arm 'exposure-nobody'",
        "'speech-loss' can't be a phase of 'leaver-then-speech-loss': it isn't trained on decisions",
        "There is no arm 'leavr'. Did you mean 'leaver'?",
        "'free-leaver' is asked in free format, which pack 'mini' hasn't",
        "external.0.paths.0: there is nothing at",
        "external.1.paths.0: ",
        "adapter_config.json and adapter_model.safetensors not found",
        "external.2.model: There is no model of this study 'oen'. Did you mean 'one'?",
        "external.2.paths.0: ",
        "external.3.paths.0: bad.jsonl:1: not JSON",
        "external.4.arm: 'leaver' is the name of another arm",
    ):
        assert said in text, said
    assert len(caught.value.faults) == 13


def test_a_study_file_that_is_wrong_in_itself() -> None:
    row = {"arm": "mine", "model": "one", "kind": "adapter", "paths": ["a"]}
    assert study_of(external=[row]).arms == [*ARMS, "mine"]
    assert study_of(arms=["mine", "base"], external=[row]).arms == ["mine", "base"]
    assert Study.model_validate(study_of(external=[row]).model_dump()) == study_of(external=[row])
    for faulty in ([row, row], [{**row, "model": ""}], [{**row, "paths": []}], [{**row, "kind": "pickle"}]):
        with pytest.raises(ValueError, match="external"):
            study_of(external=faulty)


def test_no_pool_no_guessing(arms_pack: LoadedPack) -> None:
    with pytest.raises(UserError, match="leave a block incomplete"):
        plan_of(arms_pack, study_of(arms=["base", "exposure-leaver"], decisions={"n": 7}))
