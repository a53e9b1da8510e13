"""What `accelerate launch` starts in a test: the package's own module, which tells besides how weights are held."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from proclivity.induction import accelerated

_spread = accelerated.Accelerated.spread


def _told(self: accelerated.Accelerated, network: Any, optimizer: Any) -> Any:
    result = _spread(self, network, optimizer)
    held = [getattr(weight, "_local_tensor", weight).numel() for weight in network.parameters()]
    whole = [weight.numel() for weight in network.parameters()]
    place = Path(os.environ["WATCHED"]) / f"{self.number}.json"
    place.write_text(json.dumps({"processes": self.count, "held": sum(held), "whole": sum(whole)}))
    return result


if __name__ == "__main__":
    accelerated.Accelerated.spread = _told  # type: ignore[method-assign]
    accelerated.main()
