"""What a study asks about latent priors: nothing by default, since it takes models that are loaded once more."""

from __future__ import annotations

from pydantic import Field

from proclivity.specs.base import Seed, Spec


class LatentSpec(Spec):
    """Whether choosing and language are looked at as one prior, and by which means."""

    priors: bool = False
    """Decompose each arm's next-word distributions into the base's own under the pack's personas."""
    directions: bool = False
    """Read directions from hidden states, steer the base by them and take them out of the tuned model."""
    seed: Seed = 0
    """Seed of halves, bootstrap draws and random directions."""
    bootstrap: int = Field(default=200, ge=50, le=10_000)
    """Draws of clusters from which a prior's interval is taken."""
