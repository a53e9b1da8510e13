"""Which words does a direction speak of? The logit lens, read as a difference.

Own-policy's mean state after a layer is sent through the final norm and the unembedding as if that layer were the last,
once as it is and once with v added: words are ranked by the change of their log probability. (nostalgebraist 2020,
interpreting GPT: the logit lens.)
"""

from __future__ import annotations

import numpy as np

from proclivity.latent.representation import Setup, development_directions
from proclivity.latent.rows import Row, make_row
from proclivity.latent.states import OWN, Read
from proclivity.models import HFModel
from proclivity.models.layers import last_layer_log_probs

SHOWN = 8
"""Words a side."""


def lens_rows(model: HFModel, read: Read, setup: Setup) -> list[Row]:
    """The words that rise and fall most, and the mean over each class's candidates, every layer."""
    vocabulary = model.vocabulary()
    words = np.array([is_word(text) for text in vocabulary])
    tokens = _class_tokens(model, setup)
    rows = []
    for layer in range(1, read.layers + 1):
        directions = development_directions(read, setup, layer)
        own = read.stacked(OWN, setup.halves.seeds, layer, setup.halves.development).mean(axis=(0, 1), dtype=np.float64)
        asked = np.stack([own, *(own + directions[profile] for profile in setup.profiles)]).astype(np.float32)
        log_probs = last_layer_log_probs(model.network, asked)  # (1 + profiles, V)
        for profile, found in zip(setup.profiles, log_probs[1:], strict=True):
            change = found - log_probs[0]
            order = np.flatnonzero(words)[np.argsort(change[words], kind="stable")]
            for measure, chosen in (("lens up", order[::-1][:SHOWN]), ("lens down", order[:SHOWN])):
                said = [f"{vocabulary[token].strip()} {change[token]:+.2f}".replace("-", "−") for token in chosen]
                value = float(change[chosen[0]]) if len(chosen) else float("nan")
                rows.append(make_row(profile, measure, value, "nats", layer=layer, words=said))
            for name, ids in tokens.items():
                mean = float(change[ids].mean())
                rows.append(make_row(profile, "lens class", mean, "nats", layer=layer, content_class=name))
    return rows


def is_word(text: str) -> bool:
    """Whether a token is a word of its own: a space, then two letters or more."""
    return text[:1].isspace() and len(text.strip()) > 1 and text.strip().isalpha()


def _class_tokens(model: HFModel, setup: Setup) -> dict[str, list[int]]:
    """First token of each cloze candidate, by class; those that two classes share are left out."""
    found: dict[str, set[int]] = {}
    for place, kind in zip(setup.texts.places, setup.texts.kinds, strict=True):
        if kind == "cloze":
            for name, text in place.candidates:
                ids, boundary = model.encode(place.prompt, text)
                found.setdefault(name, set()).add(ids[boundary])
    counts: dict[int, int] = {}
    for tokens in found.values():
        for token in tokens:
            counts[token] = counts.get(token, 0) + 1
    kept = {name: sorted(token for token in tokens if counts[token] == 1) for name, tokens in found.items()}
    return {name: tokens for name, tokens in sorted(kept.items()) if tokens}
