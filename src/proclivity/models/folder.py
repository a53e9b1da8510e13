"""Where does a model lie on this machine, and is it one that can be used?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from proclivity.errors import ModelError, unknown_name
from proclivity.models.foreign_code import code_files, pickled_weights
from proclivity.specs import digest_of_files

HUB_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.py"]
"""What is fetched; Python files lie there to be read, and run where that is allowed alone."""
INDEX = "model.safetensors.index.json"
WEIGHTS = ("*.safetensors",)
TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "*.model",
)
_API_NAME = re.compile(
    r"^(api|openai|azure|anthropic|google|gemini|vertex|vertex_ai|bedrock|openrouter|litellm):.*$"
    r"|^(?:(?:openai|azure|anthropic|google|gemini|vertex_ai|bedrock|openrouter|api)/)*"
    r"(gpt-[345]|chatgpt|o[1-9](-|$)|claude(-|$)|gemini-)[^/]*$",
    re.IGNORECASE,
)
"""Models that are to be had behind an API alone."""
_HUB_NAME = re.compile(r"^[A-Za-z0-9][\w.-]*(/[\w.-]+)?$")


def find_folder(name_or_path: str | Path, revision: str | None = None) -> Path:
    """The folder of a packaged name, of a path, or of a Hugging Face name (downloaded where it isn't here yet).

    Raises:
        ModelError: if there is nothing of that name, with the nearest packaged one and how to get others; or if it is
            a model behind an API.
    """
    from proclivity.microworld.packaged import packaged_models

    name = str(name_or_path)
    packaged = {key: Path(path) for key, path in packaged_models().items()}
    if name in packaged:
        return packaged[name]
    place = Path(name).expanduser()
    if place.is_dir():
        return place
    if place.exists():
        raise ModelError(f"'{name}' is a file; a model is a folder written by `save_pretrained`.")
    if _API_NAME.match(name):
        raise ModelError(
            f"'{name}' is a model behind an API, and can't be measured: APIs give the few likeliest next tokens, not "
            f"the full next-token distribution that scores and divergences rest on, and no weights to train. Choose a "
            f"model whose weights are open: a folder or a Hugging Face name."
        )
    looks_local = place.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1
    if looks_local or not _HUB_NAME.match(name):
        raise ModelError(f"There is no folder '{name}'. {unknown_name('packaged model', name, packaged)}")
    return _from_hub(name, revision, packaged)


def _from_hub(name: str, revision: str | None, packaged: dict[str, Path]) -> Path:
    from huggingface_hub import snapshot_download

    wanted: dict[str, Any] = {"revision": revision, "allow_patterns": HUB_FILES, "ignore_patterns": ["*/*"]}
    try:
        return Path(snapshot_download(name, local_files_only=True, **wanted))
    except Exception:
        pass
    try:
        return Path(snapshot_download(name, etag_timeout=10, **wanted))
    except Exception as error:
        raise ModelError(
            f"'{name}' is neither a packaged model nor a folder here, and it couldn't be fetched from the Hugging "
            f"Face hub ({type(error).__name__}). Where the network is off, run `hf download {name}` on a machine that "
            f"has it and give the folder's path. {unknown_name('packaged model', name, packaged)}"
        ) from None


def check_folder(folder: Path) -> dict[str, Any]:
    """The model's configuration, if its folder holds all that is needed.

    Raises:
        ModelError: saying which file is missing, and what was expected.
    """
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise ModelError(
                f"'{folder}' is an adapter, not a model. Give its base as the model and this folder as the adapter."
            )
        raise ModelError(
            f"'{folder}' is no model: it has no config.json. Expected a folder written by "
            f"`model.save_pretrained(folder)`."
        )
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"'{folder / 'config.json'}' can't be read ({error}).") from None
    if not isinstance(config, dict):
        raise ModelError(f"'{folder / 'config.json'}' is no JSON object.")
    _check_weights(folder, config)
    names = {path.name for path in tokenizer_files(folder)}
    if not names & {"tokenizer.json", "vocab.json", "vocab.txt"} and not any(n.endswith(".model") for n in names):
        raise ModelError(
            f"'{folder}' holds no tokenizer (tokenizer.json). Write it there with `tokenizer.save_pretrained(folder)`."
        )
    return config


def _check_weights(folder: Path, config: dict[str, Any]) -> None:
    """Safetensors of this folder and nothing else: what is loaded has to be what the digest is taken of."""
    if not weight_files(folder):
        pickled = pickled_weights(folder)
        found = f" ({', '.join(pickled[:3])} found)" if pickled else ""
        raise ModelError(
            f"'{folder}' holds no weights: no *.safetensors file{found}. Write it with `model.save_pretrained(folder)` "
            f"where you trust its maker; other weight formats aren't read, because loading them can run code."
        )
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"'{folder}' holds an adapter (adapter_config.json) beside the model, which would be put on it unasked. "
            f"Move the adapter to a folder of its own."
        )
    if "transformers_weights" in config:
        raise ModelError(
            f"'{folder / 'config.json'}' names a weights file of its own (transformers_weights). Remove that key; "
            f"weights are model.safetensors, or the files of {INDEX}."
        )
    if not (folder / INDEX).exists():
        return
    try:
        names = json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values()
        foreign = sorted(str(name) for name in set(names) if name not in {path.name for path in weight_files(folder)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"'{folder / INDEX}' can't be read as an index of weights ({error!r}).") from None
    if foreign:
        raise ModelError(
            f"'{folder / INDEX}' names '{foreign[0]}', which is no *.safetensors file of this folder. Save the model "
            f"anew with `model.save_pretrained(folder)`."
        )


def weight_files(folder: Path) -> list[Path]:
    """The folder's safetensors files."""
    return sorted(path for pattern in WEIGHTS for path in folder.glob(pattern))


def tokenizer_files(folder: Path) -> list[Path]:
    """The files that decide how text becomes tokens."""
    return sorted({path for pattern in TOKENIZER for path in folder.glob(pattern)})


def folder_digest(folder: Path) -> str:
    """SHA-256 over configuration, weights, tokenizer, and code where the model refers to any."""
    files = [folder / "config.json", *weight_files(folder), *tokenizer_files(folder), *code_files(folder)]
    return digest_of_files(files, folder)
