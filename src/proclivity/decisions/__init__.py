"""Scenarios and a seed become one pool of prompts: rendering, splits, counterbalance, gates. Prompts only; the
answers are given in `induction`, since one of the arms asks a model for them."""

from proclivity.decisions.gates import Gate, GateReport, require_gates, run_gates
from proclivity.decisions.give_away import TellingWord, telling_words
from proclivity.decisions.pool import HELD_OUT_SPLITS, block_size, held_out, make_pool, pool_digest
from proclivity.decisions.self_harm import SELF_HARM

__all__ = [
    "HELD_OUT_SPLITS",
    "SELF_HARM",
    "Gate",
    "GateReport",
    "TellingWord",
    "block_size",
    "held_out",
    "make_pool",
    "pool_digest",
    "require_gates",
    "run_gates",
    "telling_words",
]
