from __future__ import annotations

import pytest

from proclivity.errors import ModelError
from proclivity.models.decoder import decoder_layers
from tiny_models import ARCHITECTURES


def test_a_network_without_a_list_of_layers_is_refused_in_words() -> None:
    network = ARCHITECTURES["gpt2"](40)
    network.config.n_layer = 7
    with pytest.raises(ModelError, match=r"says 7, found transformer.h \(2\)"):
        decoder_layers(network)
