"""A study becomes jobs, jobs become results: planned, run on this machine, and resumed by the same call."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proclivity.runs.progress import Reporter, Silent, TerminalProgress
    from proclivity.runs.status import RunStatus, run_status
    from proclivity.runs.study import RunSummary, plan_study, run_study

_HOME = {
    "Reporter": "proclivity.runs.progress",
    "Silent": "proclivity.runs.progress",
    "TerminalProgress": "proclivity.runs.progress",
    "RunStatus": "proclivity.runs.status",
    "run_status": "proclivity.runs.status",
    "RunSummary": "proclivity.runs.study",
    "plan_study": "proclivity.runs.study",
    "run_study": "proclivity.runs.study",
}

__all__ = [
    "Reporter",
    "RunStatus",
    "RunSummary",
    "Silent",
    "TerminalProgress",
    "plan_study",
    "run_status",
    "run_study",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'proclivity.runs' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)
