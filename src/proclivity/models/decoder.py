"""Which parts of a network are its decoder layers?

Any network whose layers stand in one list is read: Llama's `model.layers`, GPT-2's `transformer.h`, GPT-NeoX's
`gpt_neox.layers`.
"""

from __future__ import annotations

from typing import Any

import torch

from proclivity.errors import ModelError


def decoder_layers(network: Any) -> list[tuple[str, Any]]:
    """Name and module of each decoder layer, first to last.

    Lists inside other lists (experts within a layer) are none; among the rest the longest is taken.

    Raises:
        ModelError: if there is no such list, or it isn't as long as the configuration says.
    """
    lists: list[tuple[str, Any]] = []
    for name, module in network.named_modules():
        inside = any(name.startswith(f"{outer}.") for outer, _ in lists)
        if isinstance(module, torch.nn.ModuleList) and not inside:
            lists.append((name, module))
    config = network.config.get_text_config()
    stated = getattr(config, "num_hidden_layers", None)
    fitting = [found for found in lists if stated is None or len(found[1]) == stated]
    if not fitting:
        seen = ", ".join(f"{name} ({len(module)})" for name, module in lists) or "no list of modules"
        raise ModelError(
            f"The decoder layers of {type(network).__name__} can't be told: its configuration says {stated}, found "
            f"{seen}. Expected one list of as many layers, such as model.layers; leave `latent.directions` and arms "
            f"of single layers out for this model."
        )
    name, layers = max(fitting, key=lambda found: len(found[1]))
    return [(f"{name}.{place}", layer) for place, layer in enumerate(layers)]
