"""Which modules of a network read the very same tensor? A layer's queries, keys and values do, and its gate and what it
gates: what they do with it can then be done once."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import torch


@torch.no_grad()
def siblings(network: Any, modules: Mapping[str, Any]) -> list[list[str]]:
    """Names of the modules, those together that are given one tensor one after another on a text of three tokens; each
    by itself where the network can't be asked.

    Args:
        network: a transformers causal language model.
        modules: of the network, by name.
    """
    seen: list[tuple[str, torch.Tensor]] = []
    with contextlib.ExitStack() as ends:
        for name, module in modules.items():
            hook = module.register_forward_pre_hook(lambda _m, given, name=name: seen.append((name, given[0])))
            ends.callback(hook.remove)
        ids = torch.zeros((1, 3), dtype=torch.long, device=network.device)
        with contextlib.suppress(AttributeError, IndexError, RuntimeError, TypeError, ValueError):
            network(input_ids=ids, use_cache=False)
    groups: list[list[str]] = []
    last: torch.Tensor | None = None
    for name, x in seen:
        if x is not last or name in groups[-1]:
            groups.append([])
        groups[-1].append(name)
        last = x
    told = [name for group in groups for name in group]
    if len(set(told)) < len(told):  # some are used twice, with one input or another
        groups, told = [], []
    return groups + [[name] for name in modules if name not in told]
