"""One small finished study for all tests of the playground."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from proclivity.playground.desk import Desk
from proclivity.playground.server import Playground
from proclivity.runs.study import run_study
from proclivity.specs import load_study
from tiny_study import write_tiny_study


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with a random tiny model, one profile, two controls and two seeds."""
    folder = tmp_path_factory.mktemp("played")
    battery = {"families": ["cloze-feeling"], "completion_samples": 1, "completion_tokens": 3}
    # A rate at which even a random model visibly learns: an arm that equals the base would prove nothing.
    recipe = {"epochs": 2, "batch_size": 4, "rank": 2, "alpha": 4, "learning_rate": 0.02}
    study = load_study(write_tiny_study(folder, battery=battery, induction=recipe))
    summary = run_study(study, folder / "run", workers=1)
    assert summary.complete, summary.failures
    return folder / "run"


@pytest.fixture(scope="module")
def desk(finished: Path) -> Desk:
    return Desk(finished)


@pytest.fixture(scope="module")
def server(desk: Desk) -> Iterator[Playground]:
    """A playground on a free port, served by a thread."""
    found = Playground(desk)
    thread = threading.Thread(target=found.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.close()
    thread.join(timeout=10)
    assert not thread.is_alive()
