"""A finished study that all doors lead out of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "runs"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    from finished_run import make_finished_run

    return make_finished_run(tmp_path_factory.mktemp("study"))
