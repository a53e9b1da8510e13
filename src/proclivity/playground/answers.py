"""What does one arm say to a prompt, and how far is its next word from the base's?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.replies import mentions_self_harm
from proclivity.errors import UserError
from proclivity.metrics import signed_contributions
from proclivity.models import GREEDY, LanguageModel
from proclivity.shown import for_page

WORDS = 12
"""Next words listed: the likeliest under the arm."""
FALLEN = 4
"""Words listed behind them: those that lost most against the base, where they aren't among the likeliest."""

Floats = NDArray[np.float64]


def require_fit(model: LanguageModel, prompt: str, tokens: int) -> None:
    """Nothing, if a prompt and what is to be written behind it fit into the model's context.

    Raises:
        UserError: with both lengths.
    """
    own = model.token_count(prompt)
    if model.window is not None and own + tokens > model.window:
        raise UserError(
            f"The prompt has {own:,} tokens and {tokens:,} are to be written; together the model "
            f"reads {model.window:,}. Shorten the prompt."
        )


def written(model: LanguageModel, prompt: str, *, samples: int, tokens: int, seed: int) -> list[dict[str, Any]]:
    """The greedy continuation, then the seeded samples.

    Returns:
        One entry a text: sample (-1 for the greedy one), text, flagged; the text of a flagged one is ''.
    """
    texts = model.generate([prompt], samples=samples, max_new_tokens=tokens, seed=seed, greedy=True)[0]
    found = []
    for sample, text in enumerate(texts, start=GREEDY):
        flagged = mentions_self_harm(text, prompt)
        found.append({"sample": sample, "text": "" if flagged else for_page(text), "flagged": flagged})
    return found


def compared(log_base: Floats, log_arm: Floats, vocabulary: Sequence[str], prompt: str = "") -> dict[str, Any]:
    """Next words of an arm beside the base's.

    Args:
        log_base, log_arm: natural-log probabilities of the next token, [V].
        vocabulary: text of each token, [V].
        prompt: what they follow; a word that would make it a mention of self-harm is counted among the others.

    Returns:
        jsd: Jensen-Shannon divergence of the two, bits.
        words: likeliest under the arm first, then those that fell most, each with text, p and base (probabilities),
            bits (its part of the divergence, positive where the arm gives it more) and fallen (whether it is listed
            for its fall); the absolute bits of all and those of `others` sum to the divergence.
        others: p, base and bits of all other tokens together; bits without a sign, since some rose and some fell.
        flagged: words left out of the lists.
    """
    p, q = np.exp(log_base), np.exp(log_arm)  # (V,)
    bits = signed_contributions(log_base, log_arm)  # (V,)
    likely, skipped = _listed(np.argsort(-q, kind="stable"), vocabulary, prompt, WORDS)
    falling = [token for token in np.argsort(bits, kind="stable")[: WORDS + 2 * FALLEN] if bits[token] < 0]
    fallen, also = _listed([token for token in falling if token not in likely], vocabulary, prompt, FALLEN)
    chosen = [*likely, *fallen]
    rest = np.ones(len(p), dtype=bool)
    rest[chosen] = False
    return {
        "jsd": float(np.abs(bits).sum()),
        "words": [
            {
                "text": for_page(vocabulary[token]),
                "p": float(q[token]),
                "base": float(p[token]),
                "bits": float(bits[token]),
                "fallen": token in fallen,
            }
            for token in chosen
        ],
        "others": {
            "p": float(q[rest].sum()),
            "base": float(p[rest].sum()),
            "bits": float(np.abs(bits[rest]).sum()),
        },
        "flagged": len(skipped | also),
    }


def _listed(tokens: Iterable[int], vocabulary: Sequence[str], prompt: str, most: int) -> tuple[list[int], set[int]]:
    """The first tokens that may be shown behind a prompt, and those before them that may not."""
    shown: list[int] = []
    hidden: set[int] = set()
    for token in tokens:
        if len(shown) == most:
            break
        if mentions_self_harm(vocabulary[token], prompt):
            hidden.add(int(token))
        else:
            shown.append(int(token))
    return shown, hidden
