"""A result is whole or it isn't there; damage is found by name."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proclivity.errors import StorageError, TrainingError, UserError
from proclivity.runs import storage
from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Ledger, exit_code_of, failure_of
from proclivity.runs.storage import as_json


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path)
    made.prepare()
    return made


JOB = Job("pool", {"n": 1})


def finish(ledger: Ledger, job: Job = JOB, text: str = "result") -> None:
    with ledger.commit(job) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "out.txt").write_text(text)


def test_a_commit_leaves_outputs_spec_and_a_record_that_names_their_sha256(ledger: Ledger) -> None:
    finish(ledger)
    record = ledger.record(JOB.digest)
    # SHA-256 of the six bytes "result", by `printf result | sha256sum`
    assert record["outputs"]["inner/out.txt"] == "f6a214f7a5fcda0c2cee9660b7fc29f5649e3c68aad48e20e950137c98913a68"
    assert set(record["outputs"]) == {"inner/out.txt", "spec.json"}
    assert json.loads((ledger.folder(JOB.digest) / "spec.json").read_text()) == JOB.identity()
    assert ledger.fault(JOB.digest) == ""
    assert ledger.verify([JOB.digest]) == ({JOB.digest}, {})


def test_an_error_inside_leaves_nothing(ledger: Ledger) -> None:
    def break_down() -> None:
        with ledger.commit(JOB) as folder:
            (folder / "half.txt").write_text("half")
            raise TrainingError("no")

    with pytest.raises(TrainingError):
        break_down()
    assert not ledger.done(JOB.digest)
    assert list(ledger.jobs.iterdir()) == []


def test_a_second_commit_of_the_same_job_keeps_the_first(ledger: Ledger) -> None:
    finish(ledger, text="first")
    finish(ledger, text="second")
    assert (ledger.folder(JOB.digest) / "inner" / "out.txt").read_text() == "first"
    assert [path.name for path in ledger.jobs.iterdir()] == [JOB.digest]


def test_every_flipped_bit_missing_and_shortened_file_is_named(ledger: Ledger) -> None:
    finish(ledger)
    folder = ledger.folder(JOB.digest)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        whole = path.read_bytes()
        for damaged in (
            whole[:-1],
            bytes([whole[0] ^ 1]) + whole[1:],
            whole[:-2] + bytes([whole[-2] ^ 4]) + whole[-1:],
        ):
            path.write_bytes(damaged)
            assert str(path) in ledger.fault(JOB.digest)
        path.unlink()
        assert str(path) in ledger.fault(JOB.digest)
        path.write_bytes(whole)
    assert ledger.fault(JOB.digest) == ""


def test_a_flipped_bit_in_a_recorded_number_shows(ledger: Ledger) -> None:
    finish(ledger)
    path = ledger.folder(JOB.digest) / "done.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"seconds": record["seconds"] + 1}))
    assert "done.json" in ledger.fault(JOB.digest)


@pytest.mark.parametrize("name", ["../../out.txt", "/dev/zero", "inner/../../out.txt"])
def test_a_record_that_names_a_file_outside_its_folder_is_a_fault(ledger: Ledger, name: str) -> None:
    from proclivity.runs.ledger import _seal

    finish(ledger)
    path = ledger.folder(JOB.digest) / "done.json"
    record = json.loads(path.read_text())
    record["outputs"][name] = "00"
    path.write_bytes(as_json(record | {"seal": _seal(record)}))
    assert ledger.fault(JOB.digest).endswith("done.json: names a file outside its job's folder")


def test_a_damaged_job_can_be_done_again(ledger: Ledger) -> None:
    finish(ledger)
    (ledger.folder(JOB.digest) / "inner" / "out.txt").write_text("other")
    ledger.discard(JOB.digest)
    assert not ledger.done(JOB.digest)
    finish(ledger)
    assert ledger.fault(JOB.digest) == ""


@pytest.mark.parametrize(
    ("number", "mend"), [(errno.ENOSPC, "full"), (errno.EROFS, "read-only"), (errno.EACCES, "permissions")]
)
def test_a_disk_that_fails_says_the_mend(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, number: int, mend: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    finish(ledger)
    other = Job("pool", {"n": 2})
    monkeypatch.setattr("proclivity.runs.ledger.os.rename", fail)
    with pytest.raises(StorageError, match=mend):
        finish(ledger, other)
    monkeypatch.undo()
    assert not ledger.done(other.digest)
    assert ledger.done(JOB.digest)
    assert list(ledger.jobs.glob(".tmp-*")) == []


def test_work_folders_of_processes_that_are_gone_are_swept_and_no_others(ledger: Ledger) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from proclivity.runs.jobs import Job\nfrom proclivity.runs.ledger import Ledger\n"
        "with Ledger(Path(sys.argv[1])).commit(Job('pool', {'n': 1})) as folder:\n"
        "    (folder / 'half').write_text('half'); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(ledger.jobs.parent)], check=False)
    assert len(list(ledger.jobs.glob(".tmp-*"))) == 1
    assert not ledger.done(JOB.digest)
    with ledger.commit(Job("pool", {"n": 2})):
        ledger.sweep()
        assert len(list(ledger.jobs.glob(".tmp-*"))) == 1


def test_half_written_files_of_processes_that_are_gone_are_swept_too(ledger: Ledger) -> None:
    code = (
        "import os, sys; from pathlib import Path\nfrom proclivity.runs import storage\n"
        "storage.os.replace = lambda *_: os._exit(9)\n"
        "storage.replace_bytes(Path(sys.argv[1]), b'half')\n"
    )
    run = ledger.jobs.parent
    for path in (run / "manifest.json", run / "adapters" / "index.json", ledger.jobs / "a.failed.json"):
        subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert len(list(run.rglob(".tmp-*"))) == 3
    ledger.sweep()
    assert list(run.rglob(".tmp-*")) == []


def test_two_machines_may_use_one_process_number(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ledger.jobs.parent / "manifest.json"
    names = set()
    for name in ("aaaaaaaa", "bbbbbbbb"):
        monkeypatch.setattr(storage, "machine", lambda name=name: name)
        names.add(storage.draft_of(path))
    assert len(names) == 2  # as in containers, where every run is process 1


def test_failures_are_remembered_until_the_job_is_done(ledger: Ledger) -> None:
    ledger.record_failure(failure_of(JOB, UserError("Change it."), "trace"))
    found = ledger.failure(JOB.digest)
    assert found is not None
    assert (found.reason, found.exit_code, found.title) == ("Change it.", 2, "pool")
    finish(ledger)
    assert ledger.failure(JOB.digest) is None


def test_exit_codes() -> None:
    user = failure_of(JOB, UserError("a"))
    ours = failure_of(JOB, TrainingError("b"))
    assert exit_code_of([]) == 0
    assert exit_code_of([user, user]) == 2
    assert exit_code_of([user, ours]) == 1
    assert "proclivity's fault" in failure_of(JOB, KeyError("x")).reason
    assert "workers" in failure_of(JOB, MemoryError()).reason
