"""A causal language model seen through one narrow door: log probabilities, samples, one token boundary.

torch and transformers load on first use of `load_model`; the Protocol and the exact fake need numpy alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from proclivity.models.chat import as_read
from proclivity.models.fake import FakeModel
from proclivity.models.protocol import GREEDY, LanguageModel

if TYPE_CHECKING:
    from proclivity.models.hf import HFModel
    from proclivity.models.load import load_model

_HOME = {"HFModel": "proclivity.models.hf", "load_model": "proclivity.models.load"}

__all__ = ["GREEDY", "FakeModel", "HFModel", "LanguageModel", "as_read", "load_model"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'proclivity.models' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)
