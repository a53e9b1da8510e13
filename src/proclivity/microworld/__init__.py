"""A small generated world: its grammar, its corpus, tiny models pretrained on it, and the packaged checkpoints."""

from proclivity.microworld.packaged import packaged_models, packaged_path

__all__ = ["packaged_models", "packaged_path"]
