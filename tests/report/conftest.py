"""Simulated studies for the tests of the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from simulated_study import Simulation

from proclivity.report import write_report


@pytest.fixture(scope="session")
def simulation() -> Callable[..., Simulation]:
    """Makes a simulated study; keyword arguments replace its fields."""
    return Simulation


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four models, five arms, six seeds."""
    return Simulation().write(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def address(study_folder: Path) -> str:
    return write_report(study_folder).as_uri()
