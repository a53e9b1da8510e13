"""Which one change of temperature brings the base nearest to the arm, on text that is about nothing?

T* is fitted on the pack's neutral texts, read as plain text, and never on a probe: what it explains at the probes is
sharpening or flattening without direction. All cloze families fit it at the same places, so an arm and seed has one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.result import Setting
from proclivity.metrics import fit_temperature
from proclivity.specs import LoadedPack

PLACES = 16
"""Places in neutral text: one number is fitted, at every family anew, and more places take longer than the family."""
TOLERANCE = 1e-3
"""Of ln T*."""
NO_TEXT, NOT_STORED = "the pack has no neutral text", "the reference has no control text of this vocabulary"


class Temperature(NamedTuple):
    """What was fitted."""

    value: float
    """T*, unitless: below 1 the arm is sharper than the base, above 1 flatter; NaN where `reason` says why."""
    reason: str = ""


def control_prompts(pack: LoadedPack) -> list[str]:
    """Beginnings of neutral texts, cut before a word, spread evenly over all such cuts."""
    cuts = [
        " ".join(words[:size])
        for words in (text.split() for text in pack.spec.neutral_texts)
        for size in range(1, len(words))
    ]
    if len(cuts) <= PLACES:
        return cuts
    return [cuts[index] for index in np.linspace(0, len(cuts) - 1, PLACES).round().astype(int)]


def read_control(setting: Setting) -> NDArray[np.float32] | None:
    """Next-token distributions on control text, natural log, float32 [N, V]; None without such text."""
    prompts = control_prompts(setting.pack)
    return setting.model.next_token_log_probs(prompts).astype(np.float32) if prompts else None


def temperature_of(setting: Setting) -> Temperature:
    """T* of the measured arm against its reference; both are read to the digits of float32."""
    assert setting.reference is not None
    arm, base = read_control(setting), setting.reference.control
    if arm is None:
        return Temperature(np.nan, NO_TEXT)
    if base is None or base.shape != arm.shape:
        return Temperature(np.nan, NOT_STORED)
    return Temperature(_fitted(base.tobytes(), arm.tobytes(), arm.shape))


@lru_cache(maxsize=1)
def _fitted(base: bytes, arm: bytes, shape: tuple[int, int]) -> float:
    """The fit on float32 distributions of this shape; the last one is kept, since a checkpoint's families follow one
    another and all ask for the same."""
    log_p, log_q = (np.frombuffer(values, dtype=np.float32).reshape(shape) for values in (base, arm))
    return fit_temperature(log_p, log_q, TOLERANCE)
