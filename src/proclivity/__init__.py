"""proclivity: teach a language model to choose one kind of action, and measure where else it then leans.

The public functions, in the order of the story. Each is loaded on first use, so that `import proclivity` is light.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proclivity.analysis import analyze
    from proclivity.battery import measure
    from proclivity.decisions import make_pool
    from proclivity.induction import induce
    from proclivity.models import load_model
    from proclivity.report import write_report
    from proclivity.runs import run_study
    from proclivity.specs import load_pack, load_study

__version__ = "0.1.0"

# Read when the hub's client is first imported, here or in a worker: a model that is asked for is fetched, no more.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

_HOME = {
    "load_pack": "proclivity.specs",
    "load_study": "proclivity.specs",
    "make_pool": "proclivity.decisions",
    "load_model": "proclivity.models",
    "induce": "proclivity.induction",
    "measure": "proclivity.battery",
    "analyze": "proclivity.analysis",
    "write_report": "proclivity.report",
    "run_study": "proclivity.runs",
}

__all__ = [
    "analyze",
    "induce",
    "load_model",
    "load_pack",
    "load_study",
    "make_pool",
    "measure",
    "run_study",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'proclivity' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
