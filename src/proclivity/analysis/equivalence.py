"""Is an effect surely too small to matter?

A p above .05 says that an effect was not shown, not that there is none. Two one-sided tests ask the other question:
Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach.
"""

from __future__ import annotations

from proclivity.analysis.intervals import CrossedEstimate, p_greater, p_less


def tost(effect: CrossedEstimate, delta: float) -> float:
    """p of 'the effect is -delta or less, or delta or more'; below .05 the effect is equivalent to 0.

    Args:
        effect: estimate with its standard error and degrees of freedom.
        delta: margin > 0, in the unit of the effect.

    Returns:
        The larger of the two one-sided p values; NaN where there is no standard error, 0 or 1 where nothing
        varies and the estimate lies inside or outside.
    """
    if not delta > 0:
        raise ValueError(f"the margin must be above 0, found {delta}")
    return max(p_greater(effect, -delta), p_less(effect, delta))
