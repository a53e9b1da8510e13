"""What does one arm say to a prompt, and how far is its next word from the base's?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.replies import mentions_self_harm
from proclivity.errors import UserError
from proclivity.metrics import signed_contributions
from proclivity.models import GREEDY, LanguageModel
from proclivity.shown import for_page

WORDS = 12
"""Next words listed: those that are likeliest under the arm or under the base."""

Floats = NDArray[np.float64]


def require_fit(model: LanguageModel, prompt: str, tokens: int) -> None:
    """Nothing, if a prompt and what is to be written behind it fit into the model's context.

    Raises:
        UserError: with both lengths.
    """
    own = model.token_count(prompt)
    if model.window is not None and own + tokens > model.window:
        raise UserError(
            f"The prompt has {own:,} tokens and {tokens:,} are to be written; together '{model.name}' reads "
            f"{model.window:,}. Shorten the prompt."
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
        words: likeliest first, each with text, p and base (probabilities) and bits (its part of the divergence,
            positive where the arm gives it more); their absolute values and that of `others` sum to the divergence.
        others: p, base and bits of all other tokens together; bits without a sign, since some rose and some fell.
        flagged: likely words that are not listed.
    """
    p, q = np.exp(log_base), np.exp(log_arm)  # (V,)
    bits = signed_contributions(log_base, log_arm)  # (V,)
    order = np.argsort(-np.maximum(p, q), kind="stable")[: 2 * WORDS].tolist()
    open_words = [token for token in order if not mentions_self_harm(vocabulary[token], prompt)]
    flagged = sum(token not in open_words for token in order[:WORDS])
    chosen = sorted(open_words[:WORDS], key=lambda token: (-q[token], token))
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
            }
            for token in chosen
        ],
        "others": {
            "p": float(q[rest].sum()),
            "base": float(p[rest].sum()),
            "bits": float(np.abs(bits[rest]).sum()),
        },
        "flagged": flagged,
    }
