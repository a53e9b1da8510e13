"""What moved inside a model: directions between arms' hidden states, and what adding or removing them does."""

from proclivity.latent.measure import Findings, Request, measure_directions

__all__ = ["Findings", "Request", "measure_directions"]
