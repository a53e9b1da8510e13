"""Which names are no model that can be measured, and what is said of them."""

from __future__ import annotations

import pytest

from proclivity.errors import ModelError
from proclivity.models import load_model
from proclivity.models.folder import find_folder

APIS = ["gpt-4o", "openai/gpt-4o-mini", "anthropic/claude-sonnet-4", "claude-3-opus", "gemini-2.5-pro", "openai:any"]
OPEN = ["openai-community/gpt2", "openai/gpt-oss-20b", "google/gemma-3-270m", "EleutherAI/gpt-neo-125m"]


@pytest.mark.parametrize("name", APIS)
def test_a_model_behind_an_api_is_refused_with_the_reason(name: str) -> None:
    for ask in (find_folder, load_model):
        with pytest.raises(ModelError) as refused:
            ask(name)
        said = str(refused.value)
        assert f"'{name}' is a model behind an API" in said
        assert (
            "not the full next-token distribution that scores and divergences rest on, and no weights to train" in said
        )
        assert "whose weights are open" in said


@pytest.mark.parametrize("name", OPEN)
def test_open_weights_of_like_names_are_not_taken_for_one(name: str) -> None:
    with pytest.raises(ModelError) as refused:  # they aren't here, and the network is off
        find_folder(name)
    assert "API" not in str(refused.value)
