from __future__ import annotations

import pytest

from proclivity.errors import ModelError
from proclivity.models import load_model
from proclivity.models.unloaded import read_tokens_only


def test_its_tokens_are_the_loaded_models_and_it_has_no_weights(llama_folder):
    loaded, unloaded = load_model(llama_folder), read_tokens_only(llama_folder)
    assert unloaded.encode("The inn host", " called me") == loaded.encode("The inn host", " called me")
    for name in ("name", "window", "vocab_size", "unknown_id", "chat", "digest"):
        assert getattr(unloaded, name) == getattr(loaded, name)
    assert all(weight.is_meta for weight in unloaded.network.parameters())


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelError):
        read_tokens_only(tmp_path)
