"""In which order do blocks of narrators come, so that a world that is linked in part is so at every moment?

A world of strength c holds the equal world's joint table with weight c and the independent one's with 1 − c. The
smallest blocks that hold both traits' shares come in kinds: the independent world has one block of each kind, and the
first kind is the equal world's only one. So c is a schedule over kinds: the first has weight c + (1 − c) / K, each
other (1 − c) / K. After as many blocks as the weights' common denominator the table is exact (c = .25: 20 blocks of
five, 8 of the first kind and 3 of each other); on the way there every kind is within one block of its share.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm


def mixed_order(strength: Fraction, kinds: int) -> list[int]:
    """Kinds of blocks in turn, over the shortest cycle that holds the mixture exactly.

    The kind that is furthest behind its share comes next, the lower number on a tie. With strength 0 that is one block
    of each kind in order, with strength 1 a single block of kind 0.

    Args:
        strength: c, within [0, 1].
        kinds: K, how many kinds of blocks the independent world has.
    """
    weights = [(1 - strength) / kinds + (strength if kind == 0 else 0) for kind in range(kinds)]
    told = [0] * kinds
    order = []
    for turn in range(1, lcm(*(weight.denominator for weight in weights)) + 1):
        behind = [weight * turn - count for weight, count in zip(weights, told, strict=True)]
        order.append(behind.index(max(behind)))
        told[order[-1]] += 1
    return order
