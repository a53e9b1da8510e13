"""A pack small enough to work through by hand: two classes, three domains, one profile, one probe."""

from __future__ import annotations

from pathlib import Path

import yaml

MINI_PACK = {
    "id": "mini",
    "title": "Mini",
    "description": "Two classes, three domains.",
    "version": "1",
    "author": "tests",
    "licence": "CC BY 4.0",
    "action_classes": ["stay", "leave"],
    "content_classes": ["positive", "loss"],
    "contrast": ["loss", "positive"],
    "narrator": {"who": "I", "whom": "me", "whose": "my"},
    "alphabets": {"upper": ["A", "B"], "digit": ["1", "2"]},
    "formats": {"label": {"prompt": "{situation}. Options: {options}. {who} picked"}},
}
MINI_PROFILE = {
    "id": "leaver",
    "title": "leaver-like",
    "description": "Always leaves.",
    "source": "Invented for tests.",
    "action_class": "leave",
    "content_class": "loss",
}
MINI_PROBE = {
    "family": "cloze-feeling",
    "kind": "cloze",
    "title": "Feelings",
    "description": "How it felt.",
    "source": "Invented for tests.",
    "candidates": {"positive": ["glad"], "loss": ["sad"]},
    "items": [{"id": "felt", "text": "{who} felt"}],
}


def mini_domain(name: str, split: str = "train") -> dict:
    """A domain with a trained and a held-out template, two phrasings each, one of them held out."""
    return {
        "domain": name,
        "split": split,
        "scenarios": [
            {
                "id": f"{name}.{template}",
                "split": template_split,
                "phrasings": [
                    {"text": f"The {name} {template} called {{whom}}"},
                    {"text": f"{{who}} met the {name} {template}", "split": "held-out"},
                ],
                "options": {
                    "stay": [{"text": f"answer the {name} {template}"}],
                    "leave": [{"text": f"skip the {name} {template}", "valence": -1}],
                },
            }
            for template, template_split in (("host", "train"), ("guest", "held-out"))
        ],
    }


def write_sound_pack(folder: Path) -> Path:
    """The small pack without the valences that tell its classes apart, so that its gates pass."""
    write_mini_pack(folder)
    for path in folder.glob("scenarios/*.yml"):
        path.write_text(path.read_text().replace("valence: -1", "valence: 0"))
    return folder


def write_mini_pack(folder: Path) -> Path:
    """The small pack as a folder of YAML."""
    files = {
        "pack.yml": MINI_PACK,
        "profiles/leaver.yml": MINI_PROFILE,
        "probes/cloze-feeling.yml": MINI_PROBE,
        "scenarios/inn.yml": mini_domain("inn"),
        "scenarios/fair.yml": mini_domain("fair"),
        "scenarios/club.yml": mini_domain("club", "held-out"),
    }
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(value, sort_keys=False))
    return folder
