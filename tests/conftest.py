"""Shared fixtures: the packaged pack, and a pack small enough to work through by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mini_pack import write_mini_pack
from visits import CHROMIUM

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield found
        found.close()


@pytest.fixture
def mini_folder(tmp_path: Path) -> Path:
    return write_mini_pack(tmp_path / "mini")


@pytest.fixture
def mini_pack(mini_folder: Path):
    from proclivity.specs import load_pack

    return load_pack(mini_folder)


@pytest.fixture(scope="session")
def microworld():
    from proclivity.specs import load_pack

    return load_pack("microworld")
