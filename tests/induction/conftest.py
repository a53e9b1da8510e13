from __future__ import annotations

from pathlib import Path

import pytest

from tiny_models import save_tiny


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny("llama", tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture
def llama(llama_folder: Path):
    from proclivity.models import load_model

    return load_model(llama_folder)


@pytest.fixture
def pool(mini_pack):
    from proclivity.decisions import make_pool

    return make_pool(mini_pack, 8, seed=0)
