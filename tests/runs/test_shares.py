"""Parts of a study: together they are the whole, and each can be done without the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runs.test_schedule import study

from proclivity.errors import UserError
from proclivity.runs.shares import WHOLE, Share, jobs_of, last_jobs, read_share


def test_reading() -> None:
    assert read_share("0/1") == WHOLE
    assert read_share(" 3/8 ") == Share(3, 8)
    assert str(Share(3, 8)) == "3/8"


@pytest.mark.parametrize("text", ["8/8", "1", "-1/2", "a/b", "1/0", "", "1/2/3"])
def test_nonsense_names_what_is_expected(text: str) -> None:
    with pytest.raises(UserError, match="0/8 for the first of eight"):
        read_share(text)


@given(st.integers(1, 3), st.integers(0, 4), st.integers(1, 3), st.integers(1, 7))
def test_shares_cover_all_but_analysis_and_none_waits_for_another(models: int, arms: int, families: int, n: int):
    jobs = study(models, arms, families)
    shares = [jobs_of(jobs, Share(i, n)) for i in range(n)]
    covered = set().union(*shares)
    analysis = {digest for digest, job in jobs.items() if job.stage == "analyze"}
    assert covered == set(jobs) - (analysis if n > 1 else set())
    for share in shares:
        assert all(need in share for job in share.values() for need in job.needs)
    trained = [digest for share in shares for digest, job in share.items() if job.stage == "induce"]
    assert len(trained) == len(set(trained))  # only what is rested on stands in several


def test_checkpoints_are_dealt_out_evenly() -> None:
    jobs = study(2, 4, 2)  # per model base and four arms; the pool's group is a model's of its own
    sizes = [sum(job.stage == "induce" for job in jobs_of(jobs, Share(i, 4)).values()) for i in range(4)]
    assert sizes == [2, 2, 2, 2]


def test_the_last_jobs_wait_for_all_others() -> None:
    jobs = study(1, 1, 1)
    others = [digest for digest, job in jobs.items() if job.stage != "analyze"]
    assert last_jobs(jobs, others[:-1]) == {}
    assert [job.stage for job in last_jobs(jobs, others).values()] == ["analyze"]
    assert last_jobs(jobs, jobs) == {}
