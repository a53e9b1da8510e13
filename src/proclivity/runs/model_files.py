"""Which bytes are a study's models, told without loading any."""

from __future__ import annotations

from dataclasses import dataclass

from proclivity.errors import ModelError
from proclivity.models.folder import check_folder, find_folder, tokenizer_files, weight_files
from proclivity.models.foreign_code import code_files
from proclivity.specs import ModelSpec, digest_of_files


@dataclass(frozen=True)
class ModelFiles:
    """One model of a study, as files."""

    name: str
    """Name in the study."""
    folder: str
    """Where the files lie on this machine; no part of any identity."""
    weights: str
    """SHA-256 over configuration and weights, and code where the model refers to any."""
    tokenizer: str
    """SHA-256 over the tokenizer's files."""
    weight_bytes: int
    """Size of the weights, for estimates."""
    vocab_size: int
    """Width of the next-token distribution, for estimates."""
    architecture: str
    """Name of the architecture in config.json."""
    chat: bool = True
    """Whether it is asked in dialogues, where its tokenizer has a template."""


def find_model(spec: ModelSpec) -> ModelFiles:
    """The files of a model: packaged, in a folder, or on the Hugging Face hub (fetched if it isn't here yet).

    Raises:
        ModelError: if it is no model, with what is missing; the study's name for it comes first.
    """
    try:
        folder = find_folder(spec.path, spec.revision)
        config = check_folder(folder)
    except ModelError as error:
        raise ModelError(f"Model '{spec.name}': {error}") from error
    weights = weight_files(folder)
    text = config.get("text_config") if isinstance(config.get("text_config"), dict) else config
    return ModelFiles(
        name=spec.name,
        folder=str(folder.resolve()),
        weights=digest_of_files([folder / "config.json", *weights, *code_files(folder)], folder),
        tokenizer=digest_of_files(tokenizer_files(folder), folder),
        weight_bytes=sum(path.stat().st_size for path in weights),
        vocab_size=int((text or {}).get("vocab_size") or 0),
        architecture=str((config.get("architectures") or [config.get("model_type", "unknown")])[0]),
        chat=spec.chat,
    )
