"""What runs between a network's decoder layers?

The residual stream after layer n is what the n-th decoder layer gives to the next; layers count from 1.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from proclivity.errors import ModelError
from proclivity.models.decoder import decoder_layers
from proclivity.models.forward import batch_plan, pad_right

Change = Callable[[torch.Tensor], torch.Tensor]
"""From a residual stream [B, T, D] to the one that goes on in its place."""
TOKENS_AT_ONCE = 4096


def residual_of(output: Any) -> torch.Tensor:
    """The residual stream [B, T, D] in a layer's output.

    Raises:
        ModelError: if it is of another shape.
    """
    stream = output[0] if isinstance(output, tuple) else output
    if not isinstance(stream, torch.Tensor) or stream.dim() != 3:
        shape = getattr(stream, "shape", type(stream).__name__)
        raise ModelError(
            f"A decoder layer gave {shape}, expected one stream of shape [batch, tokens, width]. Leave "
            f"`latent.directions` out for this model."
        )
    return stream


@contextlib.contextmanager
def changed_layers(network: Any, changes: Mapping[int, Change]) -> Iterator[None]:
    """Within the block the residual stream after each of these layers (counted from 1) is changed, at all
    positions; no weight is touched."""
    layers = decoder_layers(network)
    handles = [layers[number - 1][1].register_forward_hook(_hook(change)) for number, change in changes.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hook(change: Change) -> Callable[[Any, Any, Any], Any]:
    def after(_module: Any, _inputs: Any, output: Any) -> Any:
        stream = change(residual_of(output))
        return (stream, *output[1:]) if isinstance(output, tuple) else stream

    return after


@torch.no_grad()
def last_states(network: Any, contexts: Sequence[tuple[int, ...]], batch_size: int) -> NDArray[np.float32]:
    """Residual stream after every layer at each context's last token, float32 [L, N, D].

    Args:
        network: a transformers causal language model.
        contexts: token ids.
        batch_size: contexts a forward pass.
    """
    layers = decoder_layers(network)
    device = network.device
    caught: list[torch.Tensor] = []
    found: NDArray[np.float32] | None = None
    handles = [layer.register_forward_hook(lambda _m, _i, out: caught.append(residual_of(out))) for _, layer in layers]
    try:
        for batch in batch_plan([len(ids) for ids in contexts], batch_size, tokens=TOKENS_AT_ONCE):
            caught.clear()
            ends = torch.tensor([len(contexts[index]) - 1 for index in batch])
            network.base_model(input_ids=pad_right([contexts[i] for i in batch], device), use_cache=False)
            lines = torch.arange(len(batch))
            states = [
                stream[lines.to(stream.device), ends.to(stream.device)].float().cpu().numpy() for stream in caught
            ]
            if found is None:
                found = np.empty((len(layers), len(contexts), states[0].shape[-1]), dtype=np.float32)
            found[:, batch] = np.stack(states)  # (L, B, D)
    finally:
        for handle in handles:
            handle.remove()
    return found if found is not None else np.empty((len(layers), 0, 0), dtype=np.float32)


@torch.no_grad()
def last_layer_log_probs(network: Any, states: NDArray[np.float32]) -> NDArray[np.float64]:
    """What each state would say if it left the last layer, log p [N, V]: the network's own final norm, projection and
    whatever else it does to its logits.

    Args:
        network: a transformers causal language model.
        states: residual streams, [N, D].
    """
    wanted = torch.from_numpy(np.ascontiguousarray(states))

    def replace(stream: torch.Tensor) -> torch.Tensor:
        return wanted[:, None].to(stream)

    ids = torch.zeros((len(states), 1), dtype=torch.long, device=network.device)
    with changed_layers(network, {len(decoder_layers(network)): replace}):
        logits = network(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits[:, -1]
    found: NDArray[np.float64] = torch.log_softmax(logits.double(), -1).cpu().numpy()
    return found
