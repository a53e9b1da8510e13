"""Scenarios and a seed become one pool of prompts: rendering, splits, counterbalance, gates. Prompts only; the
answers are given in `induction`, since one of the arms asks a model for them."""

from proclivity.decisions.gates import Gate, GateReport, require_gates, run_gates
from proclivity.decisions.pool import HELD_OUT_SPLITS, held_out, make_pool, pool_digest

__all__ = [
    "HELD_OUT_SPLITS",
    "Gate",
    "GateReport",
    "held_out",
    "make_pool",
    "pool_digest",
    "require_gates",
    "run_gates",
]
