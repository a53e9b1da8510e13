"""Longest first, one checkpoint's measurements together, one base a worker, and nothing that rests on a failure."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from proclivity.runs.jobs import Job
from proclivity.runs.ready import group_of
from proclivity.runs.schedule import Schedule

COST = {"pool": 1.0, "induce": 3.0, "measure": 0.5, "analyze": 5.0}


def study(models: int = 2, arms: int = 2, families: int = 2) -> dict[str, Job]:
    """pool → per model: base measured, arms taught and measured → analyze."""
    pool = Job("pool", {"n": 1})
    jobs = [pool]
    for m in range(models):
        base = [Job("measure", {"m": m, "f": f}, model=f"m{m}", arm="base", family=f"f{f}") for f in range(families)]
        jobs += base
        for a in range(arms):
            spec = {"m": m, "a": a}
            induce = Job("induce", spec, {"pool": pool.digest}, model=f"m{m}", arm=f"a{a}", seed=0)
            jobs.append(induce)
            for f, reference in enumerate(base):
                inputs = {"checkpoint": induce.digest, "base": reference.digest}
                jobs.append(
                    Job(
                        "measure",
                        {**spec, "f": f},
                        inputs,
                        model=f"m{m}",
                        arm=f"a{a}",
                        seed=0,
                        family=f"f{f}",
                    )
                )
    measured = {str(i): job.digest for i, job in enumerate(jobs) if job.stage == "measure"}
    jobs.append(Job("analyze", {}, measured))
    return {job.digest: job for job in jobs}


def run_all(schedule: Schedule, workers: int) -> list[tuple[int, Job]]:
    """Every worker takes a job when it is free; jobs take a turn each."""
    taken = []
    while not schedule.finished:
        turn = [(w, job) for w in range(workers) if (job := schedule.take(w)) is not None]
        assert turn, "jobs are left but nobody can take one"
        taken += turn
        for _, job in turn:
            schedule.finish(job.digest)
    return taken


@given(st.integers(1, 3), st.integers(0, 3), st.integers(1, 3), st.integers(1, 4))
def test_every_job_runs_once_and_after_what_it_needs(models: int, arms: int, families: int, workers: int) -> None:
    jobs = study(models, arms, families)
    order = [job.digest for _, job in run_all(Schedule(jobs, COST), workers)]
    assert sorted(order) == sorted(jobs)
    for place, digest in enumerate(order):
        assert set(jobs[digest].needs) <= set(order[:place])


def test_a_checkpoint_is_measured_where_it_was_taught() -> None:
    taken = run_all(Schedule(study(1, 3, 3), COST), workers=1)
    arms = [job.arm for _, job in taken if job.stage in ("induce", "measure")]
    changes = sum(before != after for before, after in pairwise(arms))
    assert changes == 3  # base, a0, a1, a2, each once


def test_two_workers_begin_with_different_models() -> None:
    schedule = Schedule(study(2, 2, 2), COST)
    first = schedule.take(0)
    assert first is not None
    assert first.stage == "pool"
    second = schedule.take(1)
    assert second is not None
    schedule.finish(first.digest)
    third = schedule.take(0)
    assert third is not None
    assert {second.model, third.model} == {"m0", "m1"}


def test_what_rests_on_a_failure_is_blocked_and_the_rest_runs() -> None:
    jobs = study(2, 1, 2)
    schedule = Schedule(jobs, COST)
    done = []
    while not schedule.finished:
        job = schedule.take(0)
        assert job is not None
        if job.stage == "induce" and job.model == "m0":
            schedule.fail(job.digest)
        else:
            schedule.finish(job.digest)
            done.append(job)
    assert {jobs[d].stage for d in schedule.blocked} == {"measure", "analyze"}
    assert len(schedule.blocked) == 3  # two measurements of m0's arm, and the analysis
    assert {job.model for job in done if job.stage == "induce"} == {"m1"}


def test_a_job_of_a_dead_worker_is_taken_by_another() -> None:
    schedule = Schedule(study(), COST)
    job = schedule.take(0)
    assert job is not None
    schedule.give_back(job.digest)
    schedule.forget(0)
    again = schedule.take(1)
    assert again is not None
    assert again.digest == job.digest


def test_finished_jobs_are_not_taken_again() -> None:
    jobs = study(1, 1, 1)
    schedule = Schedule(jobs, COST, done=set(jobs))
    assert schedule.finished
    assert schedule.pending == []


def test_a_job_of_another_process_is_waited_for() -> None:
    jobs = study(1, 1, 1)
    schedule = Schedule(jobs, COST)
    pool = schedule.take(0)
    assert pool is not None
    schedule.set_aside(pool.digest)
    base = schedule.take(0)
    assert base is not None
    assert base.arm == "base"
    schedule.finish(base.digest)
    assert schedule.take(0) is None
    assert not schedule.finished
    assert pool not in schedule.pending
    schedule.finish(pool.digest)
    assert schedule.take(0).stage == "induce"  # type: ignore[union-attr]


def test_a_damaged_input_is_done_again_and_then_its_reader() -> None:
    schedule = Schedule(study(1, 1, 1), COST)
    order = []
    while (job := schedule.take(0)).stage != "induce":  # type: ignore[union-attr]
        schedule.finish(job.digest)  # type: ignore[union-attr]
        order.append(job)
    pool = next(found for found in order if found.stage == "pool")  # type: ignore[union-attr]
    schedule.reopen(pool.digest, job.digest)  # type: ignore[union-attr]
    rest = [found.stage for _, found in run_all(schedule, 1)]
    assert rest == ["pool", "induce", "measure", "analyze"]


def test_two_readers_may_find_the_same_damage() -> None:
    jobs = study(1, 2, 1)
    schedule = Schedule(jobs, COST)
    for digest, job in jobs.items():
        if job.stage == "pool" or job.arm == "base":
            schedule.take(0)
            schedule.finish(digest)
    pool = next(digest for digest, job in jobs.items() if job.stage == "pool")
    readers = [schedule.take(0), schedule.take(1)]
    assert [reader.stage for reader in readers if reader] == ["induce", "induce"]
    for reader in readers:
        schedule.reopen(pool, reader.digest)  # type: ignore[union-attr]
    stages = [found.stage for _, found in run_all(schedule, 2)]
    assert sorted(stages) == ["analyze", "induce", "induce", "measure", "measure", "pool"]


def plain_choice(schedule: Schedule, worker: int) -> str | None:
    """The rule in its plain form, which looks at every job."""
    jobs, own = schedule.jobs, schedule.workers[worker]
    gone = schedule.failed | set(schedule.blocked) | set(schedule.running) | schedule.elsewhere
    ready = [d for d, job in jobs.items() if d not in schedule.done | gone and set(job.needs) <= schedule.done]
    place = {digest: number for number, digest in enumerate(jobs)}
    others = [other for number, other in schedule.workers.items() if number != worker]
    held = {other.group for other in others} | {group_of(jobs[digest]) for digest in schedule.elsewhere}

    def stage(digest: str) -> int:
        return {"pool": 0, "answers": 3}.get(jobs[digest].stage, 9)

    def rank(group: tuple[str, str, int]) -> tuple[float, ...]:
        mine = [digest for digest in ready if group_of(jobs[digest]) == group]
        settled = schedule.done | schedule.failed
        left = sum(COST[job.stage] for d, job in jobs.items() if job.model == group[0] and d not in settled)
        return (
            group in held,
            min(map(stage, mine)),
            group[0] != own.model,
            group[1] != "base",
            group[0] in {other.model for other in others},
            -left,
            min(place[digest] for digest in mine),
        )

    groups = {group_of(jobs[digest]) for digest in ready}
    if any(group_of(jobs[d]) == own.group and jobs[d].stage == "measure" for d in ready):
        group = own.group
    else:
        group = min(groups, key=rank, default=None)
    mine = [digest for digest in ready if group_of(jobs[digest]) == group]
    return min(mine, key=lambda d: (stage(d), place[d]), default=None)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 3), st.integers(0, 4), st.integers(1, 3), st.integers(1, 4), st.randoms(use_true_random=False))
def test_the_choice_is_that_of_the_plain_rule(models: int, arms: int, families: int, workers: int, random) -> None:
    jobs = study(models, arms, families)
    schedule = Schedule(jobs, COST)
    for _ in range(20 * len(jobs)):
        if schedule.finished:
            break
        worker = random.randrange(workers)
        if worker not in schedule.running.values():
            expected = plain_choice(schedule, worker)
            taken = schedule.take(worker)
            assert (taken.digest if taken else None) == expected
        settled = random.choice([None, *schedule.running, *schedule.elsewhere])
        if settled is not None:
            acts = [schedule.finish] * 4 + [schedule.give_back, schedule.fail]
            acts += [schedule.set_aside] if settled in schedule.running else []
            random.choice(acts)(settled)
        if random.random() < 0.1:
            schedule.forget(random.randrange(workers))
